"""The descent lemma; gradient descent on strongly convex functions: distance, gradient, value, best step."""

import sympy as sp

from eqt_theory import Finding, GradientDescent, prove, rate, slip, theorem
from eqt_theory.engines.cases import by_cases
from eqt_theory.engines.gram import Point, SmoothClass, Space, adds_up, gap_after_step, interpolation
from eqt_theory.engines.induction import together
from first_order_methods.lemmas import TIGHT, L, alpha, mu, quadratics

low = sp.Symbol("mu", real=True)
x, y, g, k = Space(("x", "y", "g", "k")).vectors
fx, fy = sp.symbols("f_x f_y", real=True)
at_x, at_y = Point(x, g, fx), Point(y, k, fy)


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


def bound(curvature: sp.Expr, upwards: int) -> Finding:
    """The bound by a parabola of this curvature, from above (1) or below (-1)."""
    left = upwards * (fx + g @ (y - x) + curvature / 2 * (y - x).norm2 - fy)
    pair = SmoothClass(low, L).weighted(1, *((at_x, at_y) if upwards == 1 else (at_y, at_x)))
    square = (1 / (2 * (L - low)), k - g - curvature * (y - x))
    return adds_up(left, pair, given=[low < L], squares=[square], about="the parabola bounds f")


@descent_lemma.shows("every function of the class, every dimension", part="the parabolas")
def parabolas() -> Finding:
    return together({"above": bound(L, 1), "below": bound(low, -1)}, "f lies between the parabolas")


@slip(descent_lemma, "two points", title="the two constants confused", assumes=())
def descent_lemma_constants() -> Finding:
    """If f is convex and L-smooth, f(y) >= f(x) + <grad f(x), y - x> + |y - x|^2/(2 L): points for gradients."""
    f = SmoothClass(0, L).member()
    f.points += [at_x, at_y]
    return prove(f.inequalities, fy >= fx + g @ (y - x) + (y - x).norm2 / (2 * L))


d, D = Space(("d", "D")).vectors
rho = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))
inequality = SmoothClass(mu, L).gradients(d, D)
SOURCE = "Polyak 1963; Taylor, Hendrickx, Glineur 2018"
CLASS = (
    "f mu-strongly convex and L-smooth, 0 < mu < L, x+ = x - alpha grad f(x), "
    "rho = max(|1 - alpha mu|, |1 - alpha L|): "
)


def step(end: sp.Expr, sign: int) -> Finding:
    """|d - alpha D|^2 <= (1 - alpha end)^2 |d|^2, where that end of the curvature is the slower one."""
    room = sign * (2 - alpha * (mu + L))
    left = (L - mu) * ((1 - alpha * end) ** 2 * d.norm2 - (d - alpha * D).norm2)
    use = (2 * alpha * sign * (1 - alpha * end), inequality)
    square = (alpha * room, D - end * d)
    return adds_up(left, use, given=[mu < L, room >= 0], squares=[square], about=f"slow end {end}")


def both_ends() -> Finding:
    """Short steps, long steps, and that rho is the factor of the slower end."""
    slow, fast = sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L)
    which = prove([], sp.Or(sp.Eq(rho, slow), sp.Eq(rho, fast)))
    order = prove([mu < L], sp.Equivalent(slow >= fast, alpha * (mu + L) <= 2))
    room = 2 - alpha * (mu + L)
    steps = by_cases([(room >= 0, step(mu, 1)), (-room >= 0, step(L, -1))], detail="by the factor of the slower end")
    return together({"steps": steps, "rho": which, "order": order}, "one step contracts by rho")


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=[mu < L], uses="descent-lemma")
def gd_distance() -> Finding:
    """|x+ - x*| <= rho |x - x*|, no factor is smaller.

    So for any two trajectories.
    """
    return both_ends()


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=[mu < L], uses="descent-lemma")
def gd_gradient() -> Finding:
    """|grad f(x+)| <= rho |grad f(x)|, no factor is smaller.

    The pair x, x+ has d = alpha grad f(x) and D = grad f(x) - grad f(x+), so d - alpha D = alpha grad f(x+).
    """
    return both_ends()


@theorem(SOURCE, setting=CLASS, parts=TIGHT, assumes=[mu < L, alpha < 2 / L], uses="descent-lemma")
def gd_value() -> Finding:
    """for alpha < 2/L, f(x+) - f* <= rho^2 (f(x) - f*), tight."""
    short, long = alpha <= 2 / (mu + L), alpha >= 2 / (mu + L)
    slow = gap_after_step(mu, L, alpha, 1 - alpha * mu, [short])
    fast = gap_after_step(mu, L, alpha, alpha * L - 1, [long, alpha < 2 / L])
    return by_cases([(short, slow), (long, fast)], detail="one step shrinks the gap by the square of the slower factor")


for rate_of in (gd_distance, gd_gradient, gd_value):
    rate_of.shows("c x^2/2 with c = mu or c = L, all parameters", part="attained")(quadratics)


@slip(gd_distance, "every such f", setting=CLASS)
def gd_distance_slow_end() -> Finding:
    """|x+ - x*| <= (1 - alpha mu) |x - x*| for alpha < 2/L."""
    return rate(lambda alpha: GradientDescent(alpha), SmoothClass(mu, L), 1 - alpha * mu, where=[mu < L, alpha < 2 / L])


h = sp.Symbol("h", positive=True)


@slip(gd_gradient, "f = mu x^2/2", source="a usual slip: the factor of values", setting=CLASS)
def gd_gradient_squared() -> Finding:
    """|grad f(x+)| <= rho^2 |grad f(x)| for alpha <= 1/L."""
    return prove([mu < L, alpha <= 1 / L], mu * (h - alpha * mu * h) <= (1 - alpha * mu) ** 2 * mu * h)


@slip(gd_value, "f = L x^2/2", source="a usual slip: what holds up to 2/(mu + L), for all steps", setting=CLASS)
def gd_value_long_steps() -> Finding:
    """for alpha < 2/L, f(x+) - f* <= (1 - alpha mu)^2 (f(x) - f*)."""
    after = L * (h - alpha * L * h) ** 2 / 2
    return prove([mu < L, alpha < 2 / L], after <= (1 - alpha * mu) ** 2 * L * h**2 / 2)


BEST = (L - mu) / (L + mu)


@theorem("Polyak 1963; Nesterov 2018", assumes=[mu < L])
def gd_best_step() -> Finding:
    """f mu-strongly convex and L-smooth, mu < L, step 2/(mu + L): |x+ - x*| <= (L - mu)/(L + mu) |x - x*|."""
    return rate(lambda mu, L: GradientDescent(2 / (mu + L)), SmoothClass(mu, L), BEST, where=[mu < L])


@slip(gd_best_step, "every such f", source="a usual slip: the factor of the best step with the usual one")
def gd_best_step_short() -> Finding:
    """As gd-best-step, with step 1/L."""
    return rate(lambda L: GradientDescent(1 / L), SmoothClass(mu, L), BEST, where=[mu < L])
