"""Gradient descent on strongly convex functions: distance, gradient, value; and the factor of the slow end alone."""

from collections.abc import Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory import Claim, Finding, GradientDescent, Reading, prove, rate
from eqt_theory.engines import gram
from eqt_theory.engines.cases import by_cases
from eqt_theory.engines.gram import SmoothClass, Space
from eqt_theory.engines.induction import together
from eqt_theory.engines.symbolic import derive
from first_order_methods.lemmas import ALL, L, alpha, mu

d, D = Space(("d", "D")).vectors
rho = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))
inequality = SmoothClass(mu, L).gradients(d, D)
CLASS = (
    "f mu-strongly convex and L-smooth, 0 < mu < L, x+ = x - alpha grad f(x), "
    "rho = max(|1 - alpha mu|, |1 - alpha L|): "
)


def attained(measure: str) -> Finding:
    """On c x^2/2 the error, the gradient and, squared, the gap are multiplied by 1 - alpha c."""
    x, c = sp.Symbol("x", real=True), sp.Symbol("c", positive=True)
    after = x - alpha * c * x
    of = {"distance": lambda h: h, "gradient": lambda h: c * h, "value": lambda h: c * h**2 / 2}[measure]
    power = 2 if measure == "value" else 1
    return derive(
        [(f"c = {end}", of(after).subs(c, end), ((1 - alpha * c) ** power * of(x)).subs(c, end)) for end in (mu, L)],
        f"rho is attained by mu x^2/2 or L x^2/2, in {measure}",
    )


def stated(
    name: str, statement: str, *parts: str, repair: str | None = None, assumes: Sequence[Boolean] = (mu < L,)
) -> Claim:
    reading = Reading("stated", "For all mu < L and alpha > 0, every such f, dimension and start.", parts=parts)
    source = "Polyak 1963; Taylor, Hendrickx, Glineur 2018"
    return Claim(name, source, CLASS + statement, [reading], repair, assumes=assumes)


distance = stated("gd-distance", "|x+ - x*| <= rho |x - x*|, no factor is smaller.", "bound", "worst functions")
gradient = stated("gd-gradient", "|grad f(x+)| <= rho |grad f(x)|, no factor is smaller.", "bound", "worst functions")
value = stated(
    "gd-value",
    "for alpha < 2/L, f(x+) - f* <= rho^2 (f(x) - f*), tight.",
    *("bound", "worst functions"),
    assumes=[mu < L, alpha < 2 / L],
)
slow_end = stated("gd-distance-slow-end", "|x+ - x*| <= (1 - alpha mu) |x - x*| for alpha < 2/L.", repair="gd-distance")


def step(end: sp.Expr, sign: int) -> Finding:
    """|d - alpha D|^2 <= (1 - alpha end)^2 |d|^2, where that end of the curvature is the slower one."""
    left = (L - mu) * ((1 - alpha * end) ** 2 * d.norm2 - (d - alpha * D).norm2)
    square = (sign * alpha * (2 - alpha * (mu + L)), D - end * d)
    given = [mu < L, sign * (2 - alpha * (mu + L)) >= 0]
    uses = [(2 * alpha * sign * (1 - alpha * end), inequality)]
    return gram.combine(given, left >= 0, uses, d.space, squares=[square], detail=f"slow end {end}")


def both_ends() -> Finding:
    """Short steps, long steps, and that rho is the factor of the slower end."""
    which = prove([], sp.Or(sp.Eq(rho, sp.Abs(1 - alpha * mu)), sp.Eq(rho, sp.Abs(1 - alpha * L))))
    order = prove([mu < L], sp.Equivalent(sp.Abs(1 - alpha * mu) >= sp.Abs(1 - alpha * L), alpha * (mu + L) <= 2))
    room = 2 - alpha * (mu + L)
    steps = by_cases([(room >= 0, step(mu, 1)), (-room >= 0, step(L, -1))], detail="by the factor of the slower end")
    return together({"steps": steps, "rho": which, "order": order}, "one step contracts by rho")


@distance.shows(ALL, part="bound", uses="descent-lemma")
def any_two_trajectories() -> Finding:
    return both_ends()


@gradient.shows(ALL, part="bound", uses="descent-lemma")
def along_a_step() -> Finding:
    """The pair x, x+ has d = alpha grad f(x) and D = grad f(x) - grad f(x+), so d - alpha D = alpha grad f(x+)."""
    return both_ends()


@value.shows(ALL, part="bound", uses="descent-lemma")
def short_and_long_steps() -> Finding:
    short, long = alpha <= 2 / (mu + L), alpha >= 2 / (mu + L)
    slow = gram.gap_after_step(mu, L, alpha, 1 - alpha * mu, [short])
    fast = gram.gap_after_step(mu, L, alpha, alpha * L - 1, [long, alpha < 2 / L])
    return by_cases([(short, slow), (long, fast)], detail="one step shrinks the gap by the square of the slower factor")


@distance.shows("all parameters", part="worst functions")
def attained_distance() -> Finding:
    return attained("distance")


@gradient.shows("all parameters", part="worst functions")
def attained_gradient() -> Finding:
    return attained("gradient")


@value.shows("all parameters", part="worst functions")
def attained_value() -> Finding:
    return attained("value")


@slow_end.shows(ALL)
def slow_end_alone() -> Finding:
    return prove([mu < L, inequality, alpha < 2 / L], (d - alpha * D).norm2 <= (1 - alpha * mu) ** 2 * d.norm2)


BEST = (L - mu) / (L + mu)
best = Claim(
    id="gd-best-step",
    source="Polyak 1963; Nesterov 2018",
    statement="f mu-strongly convex and L-smooth, mu < L, step 2/(mu + L): |x+ - x*| <= (L - mu)/(L + mu) |x - x*|.",
    assumes=[mu < L],
)
best_short = Claim(
    id="gd-best-step-short",
    source="a usual slip: the factor of the best step with the other step that everyone takes",
    statement="The same with step 1/L.",
    repair="gd-best-step",
)


@best.shows(ALL)
def traced() -> Finding:
    return rate(lambda mu, L: GradientDescent(2 / (mu + L)), SmoothClass(mu, L), BEST, where=[mu < L])


@best_short.shows(ALL)
def traced_short() -> Finding:
    return rate(lambda L: GradientDescent(1 / L), SmoothClass(mu, L), BEST, where=[mu < L])
