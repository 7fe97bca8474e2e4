"""The descent lemma; gradient descent on strongly convex functions: distance, gradient, value, best step."""

import sympy as sp

from eqt_theory import Finding, GradientDescent, prove, rate, slip, theorem
from eqt_theory.engines.gram import SmoothClass, Space, interpolation
from first_order_methods.lemmas import TIGHT, L, alpha, f0, f1, mu, quadratics, rho

low = sp.Symbol("mu", real=True)
x, y, g, k = Space(("x", "y", "g", "k")).vectors


@theorem(
    "Nesterov 2018; Taylor, Hendrickx, Glineur 2017 for the exact inequality",
    "every differentiable function on a Euclidean space",
    title="descent lemma and strong convexity",
    assumes=[low < L],
    parts=("the exact inequality", "the parabolas"),
)
def descent_lemma() -> Finding:
    """f has curvature in [mu, L], mu < L (mu of any sign), that is f(y) <= f(x) + <grad f(x), y - x> + L/2 |y - x|^2
    and f(y) >= f(x) + <grad f(x), y - x> + mu/2 |y - x|^2 for all x, y, exactly if, with d = x - y and D = grad f(x) -
    grad f(y), f(x) >= f(y) + <grad f(y), d> + (|D|^2 + mu L |d|^2 - 2 mu <D, d>)/(2 (L - mu)) for all x, y.

    The lower parabola at one point and the upper one at the other, both at the same third point, add up to it. The
    other claims take either as the definition of the class.
    """
    return interpolation()


@descent_lemma.shows("every function of the class, every dimension", part="the parabolas")
def parabolas() -> Finding:
    bounds = [f0 + g @ (y - x) + c / 2 * (y - x).norm2 for c in (low, L)]
    return prove([low < L, *SmoothClass(low, L).says((x, g, f0), (y, k, f1))], [f1 >= bounds[0], f1 <= bounds[1]])


@slip(descent_lemma, "two points", title="the two constants confused", assumes=())
def descent_lemma_constants() -> Finding:
    """If f is convex and L-smooth, f(y) >= f(x) + <grad f(x), y - x> + |y - x|^2/(2 L): points for gradients."""
    return prove(SmoothClass(0, L).says((x, g, f0), (y, k, f1)), f1 >= f0 + g @ (y - x) + (y - x).norm2 / (2 * L))


SOURCE = "Polyak 1963; Taylor, Hendrickx, Glineur 2018"
CLASS = (
    "f mu-strongly convex and L-smooth, 0 < mu < L, x+ = x - alpha grad f(x), "
    "rho = max(|1 - alpha mu|, |1 - alpha L|): "
)


def step(alpha: sp.Expr) -> GradientDescent:
    return GradientDescent(alpha)


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=[mu < L], uses="descent-lemma")
def gd_distance(factor: sp.Expr = rho) -> Finding:
    """|x+ - x*| <= rho |x - x*|, no factor is smaller.

    So for any two trajectories, of which d and D are the differences of points and gradients.
    """
    return prove([mu < L, SmoothClass(mu, L).gradients(x, g)], (x - alpha * g).norm2 <= factor**2 * x.norm2)


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=[mu < L], uses="descent-lemma")
def gd_gradient() -> Finding:
    """|grad f(x+)| <= rho |grad f(x)|, no factor is smaller."""
    return rate(step, SmoothClass(mu, L), rho, where=[mu < L], measure="gradient")


SHORT = [mu < L, alpha < 2 / L]


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=SHORT, uses="descent-lemma")
def gd_value() -> Finding:
    """for alpha < 2/L, f(x+) - f* <= rho^2 (f(x) - f*), tight."""
    return rate(step, SmoothClass(mu, L), rho, where=SHORT, measure="value")


for each in (gd_distance, gd_gradient, gd_value):
    each.shows("c x^2/2 with c = mu or c = L, all parameters", part="attained")(
        lambda: rate_attained(step, SmoothClass(mu, L), rho, where=[mu < L])
    )


@theorem("Polyak 1963; Nesterov 2018", assumes=[mu < L])
def gd_best_step(step: sp.Expr = 2 / (mu + L)) -> Finding:
    """f mu-strongly convex and L-smooth, mu < L, step {step}: |x+ - x*| <= (L - mu)/(L + mu) |x - x*|."""
    return rate(solver(step), SmoothClass(mu, L), (L - mu) / (L + mu), where=[mu < L])


slip(gd_best_step, "every such f", source="a usual slip: the factor of the best step with the usual one").by(step=1 / L)
