"""Which numbers count as exact."""

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from eqt_theory.engines.smt.constants import exact, exactly


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (sp.Rational(-3, 7), Fraction(-3, 7)),
        (sp.Float(0.5), Fraction(1, 2)),
        (sp.Float(-2.75), Fraction(-11, 4)),
        (sp.Float(1e20), Fraction(10**20)),
        (sp.Float(0.1), None),
        (sp.Float("0.1", 50), None),
        (sp.Float(1) / 3, None),
        (sp.Float("100000000000000000001", 30), None),  # rounds to 1e20 as a double, but is not 1e20
        (sp.Float("100000000000000000000.5", 30), None),
        (sp.pi, None),
        (sp.sqrt(2), None),
        (sp.nan, None),
        (sp.oo, None),
        (sp.Float("inf"), None),
        (sp.Float("nan"), None),
        (sp.Float("1e400"), None),
        (sp.Float("-1e400"), None),
    ],
)
def test_exact_is_the_value_or_nothing(number: sp.Expr, expected: Fraction | None) -> None:
    assert exact(number) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_counts_only_as_its_own_value(number: float) -> None:
    assert exact(sp.Float(number)) in (None, Fraction(number))
    if Fraction(number) == Fraction(repr(number)):
        assert exact(sp.Float(number)) == Fraction(number)


def test_exactly_leaves_no_float_to_round() -> None:
    x = sp.Symbol("x", real=True)
    assert exactly(0.5 * x**2.0 + 0.25) == x**2 / 2 + sp.Rational(1, 4)
    assert exactly(x**0.5) == sp.sqrt(x)
    assert sp.Integer(10) ** 20 - exactly(x + sp.Float(0.5)) == sp.Integer(10) ** 20 - x - sp.Rational(1, 2)
