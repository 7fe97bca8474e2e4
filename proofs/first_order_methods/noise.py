"""Stochastic gradients: unbiased, of bounded variance. The products of the Space are expectations E<u, v>."""

import sympy as sp

from eqt_theory import Claim, Finding, prove
from eqt_theory.engines.gram import SmoothClass, Space, combine
from eqt_theory.engines.induction import Quantity, by_induction, together
from first_order_methods.lemmas import ALL, L, alpha, mu, n

d, D, e = Space(("d", "D", "e")).vectors
sigma = sp.Symbol("sigma", positive=True)
rate = sp.Symbol("rate", nonnegative=True)
TOWER = "the tower property: E<e, h(x)> = E<E[e | x], h(x)>, which is 0"
SGD = "f mu-strongly convex, L-smooth, x+ = x - alpha (grad f(x) + e), E[e | x] = 0, E[|e|^2 | x] <= sigma^2: "

claim = Claim(
    id="sgd",
    source="Moulines, Bach 2011; Bottou, Curtis, Nocedal 2018, Section 4, for distances",
    statement=SGD + "with rho = max(|1 - alpha mu|, |1 - alpha L|) < 1, "
    "E|x_N - x*|^2 <= rho^(2 N) |x_0 - x*|^2 + alpha^2 sigma^2/(1 - rho^2).",
)


def noisy_step(variance: sp.Expr) -> Finding:
    """E|x+ - x*|^2 <= E|d - alpha D|^2 + alpha^2 variance, as e is orthogonal to what is known of x."""
    left = (d - alpha * D).norm2 + alpha**2 * variance - (d - alpha * D - alpha * e).norm2
    uses = [(alpha**2, sigma**2 - e.norm2 >= 0), (2 * alpha, e @ (d - alpha * D) >= 0)]
    return combine([], left >= 0, uses, d.space, detail="noise adds its variance")


@claim.shows(ALL, uses="gd-distance:any_two_trajectories", cites=TOWER)
def noise_floor() -> Finding:
    Z, after, R = sp.symbols("Z after R", nonnegative=True)
    bound = rate**n * R**2 + alpha**2 * sigma**2 / (1 - rate)  # rate = rho^2
    each = [after <= rate * Z + alpha**2 * sigma**2]
    powers = by_induction(bound >= Z, n, [rate < 1], quantities=[Quantity(Z, R**2, after)], each=each)
    return together({"one step": noisy_step(sigma**2), "all steps": powers}, "down to the noise floor")


wrong = Claim(
    id="sgd-no-floor",
    source="a usual slip",
    statement=SGD + "E|x+ - x*|^2 <= max(|1 - alpha mu|, |1 - alpha L|)^2 E|x - x*|^2.",
    repair="sgd",
)


@wrong.shows(ALL)
def from_the_minimiser() -> Finding:
    rho = sp.Max(sp.Abs(1 - alpha * mu), sp.Abs(1 - alpha * L))
    given = [mu < L, SmoothClass(mu, L).gradients(d, D), sp.Eq(e @ d, 0), sp.Eq(e @ D, 0), e.norm2 <= sigma**2]
    return prove(given, (d - alpha * D - alpha * e).norm2 <= rho**2 * d.norm2)
