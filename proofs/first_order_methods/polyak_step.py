"""The Polyak step t = (f(x) - f*)/|g|^2, x+ = x - t g."""

import sympy as sp

from eqt_theory import Claim, Finding, Reading, prove
from eqt_theory.engines.gram import Convex, Point, Space, combine
from eqt_theory.engines.induction import Quantity, by_induction, together
from first_order_methods.lemmas import ALL, n

x, g = Space(("x", "g")).vectors
t, f = sp.symbols("t f", nonnegative=True)
below = Convex(0).inequalities([Point(0 * x, 0 * x, 0), Point(x, g, f)])[0]

claim = Claim(
    id="polyak-step",
    source="Polyak 1969",
    statement="f convex, x+ = x - t g, g a subgradient, t |g|^2 = f(x) - f*: |x+ - x*|^2 <= |x - x*|^2 - t (f(x) - "
    "f*); where |g| <= G, min over k < N of f(x_k) - f* <= G R/sqrt(N).",
    readings=[Reading("stated", "For every minimiser x* and every start.", parts=("one step", "least gap"))],
)


def step(factor: int) -> Finding:
    left = x.norm2 - t * f - (x - factor * t * g).norm2
    return combine([], left >= 0, [(2 * t, below), (t, f - t * g.norm2 >= 0)], x.space, detail="the distance falls")


@claim.shows(ALL, part="one step")
def distance_falls() -> Finding:
    return step(1)


@claim.shows(ALL, part="least gap", uses="distance_falls")
def least_gap() -> Finding:
    """With m <= f(x_k) - f* for all k < N: t (f - f*) >= m^2/G^2, so N m^2 <= G^2 R^2."""
    m, G, R, Z, fall, square = sp.symbols("m G R Z fall square", nonnegative=True)
    each = prove([m <= f, sp.Eq(t * square, f), square <= G**2], t * f * G**2 >= m**2)
    drops = [G**2 * fall >= m**2, fall <= Z]
    falls = Quantity(Z, R**2, Z - fall)
    sums = by_induction(G**2 * R**2 - n * m**2 >= G**2 * Z, n, quantities=[falls], each=drops)
    end = prove([G**2 * R**2 - n * m**2 >= G**2 * Z], n * m**2 <= G**2 * R**2)
    return together({"one step": each, "sum": sums, "conclusion": end}, "N min (f - f*)^2 <= G^2 R^2")


double = Claim(
    id="polyak-step-doubled",
    source="a usual slip: the step 2 (f - f*)/|g|^2, which is right under strong convexity and smoothness, for every f",
    statement="f convex, x+ = x - 2 t g: |x+ - x*|^2 <= |x - x*|^2 - t (f(x) - f*).",
    repair="polyak-step",
)


@double.shows("f = |x| on the line")
def reflects() -> Finding:
    h, gap = sp.Symbol("h", real=True), sp.Symbol("gap", nonnegative=True)
    return prove(
        [h >= 0, sp.Eq(gap, h)], (h - 2 * gap) ** 2 <= h**2 - gap * gap, detail="on |x| the step goes from h to -h"
    )
