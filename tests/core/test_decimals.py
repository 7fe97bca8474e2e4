from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eqt_theory.core.decimals import lower, rounded_down, rounded_up, upper

rationals = st.fractions() | st.builds(Fraction, st.integers(), st.integers(1, 10**40))


@given(rationals, st.integers(1, 20))
def test_each_decimal_is_on_its_side_and_near(value, digits):
    below, above = rounded_down(value, digits), rounded_up(value, digits)
    assert Fraction(below) <= value <= Fraction(above)
    assert Fraction(above) - Fraction(below) <= abs(value) / 10 ** (digits - 1)
    assert all(len(x.as_tuple().digits) <= digits for x in (below, above))


@given(rationals)
def test_bounds_in_words_are_bounds(value):
    assert Fraction(lower(value)) <= value <= Fraction(upper(value))


@pytest.mark.parametrize(
    ("value", "below", "above"),
    [
        (Fraction(9, 11), "9/11", "9/11"),
        (Fraction(0), "0", "0"),
        (Fraction(10**13, 3), "3.333333333E+12", "3.333333334E+12"),
        (Fraction(12 * 10**11, 10**11 + 1), "11.99999999", "12"),
        (1200 - Fraction(1, 10**12), "1199.999999", "1200"),
        (-Fraction(9 * 10**12 + 1, 10**13), "-0.9000000001", "-0.9"),
    ],
)
def test_how_bounds_look(value, below, above):
    assert (lower(value), upper(value)) == (below, above)


def test_digits_can_be_few():
    assert (rounded_down(Fraction(1, 3), 2), rounded_up(Fraction(1, 3), 2)) == (Decimal("0.33"), Decimal("0.34"))


def test_the_context_of_others_changes_nothing():
    with localcontext() as context:
        context.prec = 2
        assert (lower(Fraction(1, 3)), rounded_up(Fraction(12345678 * 10**20, 10**20 + 1))) == ("1/3", 12345678)
        assert rounded_down(Fraction(2, 3), 5) == Decimal("0.66666")
