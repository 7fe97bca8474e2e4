from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval import enclose_root

x, y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    "expr, low, high",
    [
        (x**2 - 2, 1, 2),
        (sp.exp(-x) - x, 0, 5),
        (sp.cos(x) - x, 0, Fraction(3, 2)),
        (sp.sinh(x) / (1 + 2 * sp.cosh(x)) * 2 + 10 * (x - 1) + x, -50, 50),
        (x**3 + x - 7, -100, 100),
    ],
)
def test_the_root_is_enclosed_tightly(expr, low, high):
    found = enclose_root(expr, x, low, high)
    with mpmath.workdps(60):
        truth = mpmath.findroot(sp.lambdify(x, expr, "mpmath"), mpmath.mpf(float(found.low)))
        inside = mpmath.mpf(found.low.numerator) / found.low.denominator - mpmath.mpf(10) ** -50
        assert inside <= truth <= mpmath.mpf(found.high.numerator) / found.high.denominator + mpmath.mpf(10) ** -50
    assert found.high - found.low < Fraction(1, 10**30)


def test_a_parameter_may_be_a_range():
    found = enclose_root(x - y**2, x, 0, 9, fixed={y: (1, 2)})
    assert found.low <= 1 and found.high >= 4


@pytest.mark.parametrize(
    "expr, low, high, message",
    [
        (x**2 + 1, 0, 1, "change of sign"),
        (x**2 - 1, -2, 3, "change of sign"),
        (x**3 - x, -2, 2, "monotone"),
        (1 / x, -1, 1, "monotone"),
        (sp.tan(x), 1, 2, "monotone"),
        (sp.Piecewise((x - 1, x < 0), (x + 1, True)), -1, 1, "jumps"),
        (sp.Abs(x) - 1, 0, 2, "kinks"),
        (x - 1, 2, 0, "must not be empty"),
    ],
)
def test_no_root_is_claimed_where_none_or_several_may_be(expr, low, high, message):
    with pytest.raises(UsageError, match=message):
        enclose_root(expr, x, low, high)
