"""The descent lemma; gradient descent on strongly convex functions: distance, gradient, value, best step."""

import sympy as sp

from eqt_theory import Finding, GradientDescent, prove, rate, rate_attained, slip, theorem
from eqt_theory.engines.gram import SmoothClass, Space, interpolation
from first_order_methods.lemmas import TIGHT, L, alpha, f0, f1, mu, rho

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
CLASS = "f mu-strongly convex and L-smooth, x+ = x - alpha grad f(x), {where}: "
ALL, SHORT = [mu < L], [mu < L, alpha < 2 / L]
smooth, step = SmoothClass(mu, L), {"step_size": alpha}


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=ALL, uses="descent-lemma")
def gd_distance(factor: sp.Expr = rho, where: list = ALL) -> Finding:
    """|x+ - x*| <= {factor} |x - x*|, and no factor is smaller.

    So for any two trajectories, as of their differences no more is used.
    """
    return prove([*where, smooth.gradients(x, g)], (x - alpha * g).norm2 <= factor**2 * x.norm2)


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=ALL, uses="descent-lemma")
def gd_gradient(factor: sp.Expr = rho, where: list = ALL) -> Finding:
    """|grad f(x+)| <= {factor} |grad f(x)|, and no factor is smaller."""
    return rate(GradientDescent, smooth, factor, where=where, measure="gradient", at=step)


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=SHORT, uses="descent-lemma")
def gd_value(factor: sp.Expr = rho, where: list = SHORT) -> Finding:
    """f(x+) - f* <= ({factor})^2 (f(x) - f*), and no factor is smaller."""
    return rate(GradientDescent, smooth, factor, where=where, measure="value", at=step)


for tight in (gd_distance, gd_gradient, gd_value):
    tight.shows("c x^2/2 with c = mu or c = L, all parameters", part="attained")(
        lambda: rate_attained(GradientDescent, smooth, rho, where=ALL, at=step)
    )
slip(gd_distance, "every such f", id="gd-distance-slow-end").by(factor=1 - alpha * mu, where=SHORT)
slip(gd_gradient, "every such f", id="gd-gradient-squared", why="the factor of values").by(
    factor=rho**2, where=[mu < L, alpha <= 1 / L]
)
slip(gd_value, "every such f", id="gd-value-long-steps", why="what holds up to 2/(mu + L)").by(factor=1 - alpha * mu)


@theorem("Polyak 1963; Nesterov 2018", assumes=ALL)
def gd_best_step(step: sp.Expr = 2 / (mu + L)) -> Finding:
    """f mu-strongly convex and L-smooth, mu < L, step {step}: |x+ - x*| <= (L - mu)/(L + mu) |x - x*|."""
    return rate(GradientDescent, smooth, (L - mu) / (L + mu), where=ALL, at={"step_size": step})


slip(gd_best_step, "every such f", id="gd-best-step-short", why="the factor of the best step").by(step=1 / L)
