"""Two textbook statements about means; the second is false as it stands, and its repair is proved."""

import sympy as sp

from eqt_theory import Claim, Finding, prove

a, b = sp.symbols("a b", positive=True)
x, y = sp.symbols("x y", real=True)

arithmetic = Claim(
    id="arithmetic-geometric",
    title="arithmetic and geometric mean",
    source="textbook, Theorem 1",
    statement="sqrt(a b) <= (a + b)/2 for positive a and b.",
)


@arithmetic.shows("all positive a and b")
def means_in_order() -> Finding:
    """Proved for all values at once; the root is lowered with its own condition, a b >= 0."""
    return prove([], sp.sqrt(a * b) <= (a + b) / 2)


harmonic = Claim(
    id="harmonic-arithmetic",
    title="harmonic and arithmetic mean",
    source="textbook, Exercise 2",
    statement="2 x y/(x + y) <= (x + y)/2 for all real x and y with x + y != 0.",
    repair="harmonic-arithmetic-repaired",
)


@harmonic.shows("all real x and y with x + y != 0")
def means_of_real_numbers() -> Finding:
    """Whether it holds is for the provers to say; where it fails they return exact numbers."""
    return prove([sp.Ne(x + y, 0)], 2 * x * y / (x + y) <= (x + y) / 2)


repaired = Claim(
    id="harmonic-arithmetic-repaired",
    title="harmonic and arithmetic mean, positive numbers",
    source="corrects Exercise 2",
    statement="2 x y/(x + y) <= (x + y)/2 for all real x and y with x + y > 0.",
)


@repaired.shows("all real x and y with x + y > 0")
def means_of_positive_sum() -> Finding:
    """A positive sum is all that is needed."""
    return prove([x + y > 0], 2 * x * y / (x + y) <= (x + y) / 2)
