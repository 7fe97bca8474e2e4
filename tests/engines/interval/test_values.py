from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.values import Enclosure, rational


def test_sign_is_told_only_where_it_is_certain():
    assert Enclosure((Fraction(1, 9), Fraction(2))).sign == 1
    assert Enclosure((Fraction(-2), Fraction(-1, 9))).sign == -1
    assert Enclosure((Fraction(0), Fraction(0))).sign == 0
    assert Enclosure((Fraction(0), Fraction(2))).sign is None
    assert Enclosure(None).sign is None


def test_text_is_rounded_outward():
    wide = Enclosure((Fraction(1, 3), Fraction(2, 3)))
    low, high = str(wide).strip("[]").split(", ")
    assert Fraction(low) < Fraction(1, 3) and Fraction(high) > Fraction(2, 3)
    thin = Enclosure((Fraction(1, 3), Fraction(1, 3) + Fraction(1, 10**12)))
    middle, error = map(Fraction, str(thin).split(" +/- "))
    assert middle - error <= thin.low and thin.high <= middle + error
    assert str(Enclosure((Fraction(3), Fraction(3)))) == "3"
    assert str(Enclosure(None)) == "unbounded"


def test_an_unbounded_enclosure_has_no_ends():
    with pytest.raises(UsageError, match="undefined"):
        _ = Enclosure(None).low


def test_floats_count_as_the_fractions_they_are():
    assert rational(0.1) == Fraction(0.1) != Fraction(1, 10)
    assert rational(sp.Float("0.1", 40)) != Fraction(0.1)
    assert rational(sp.Rational(1, 3)) == Fraction(1, 3)
    assert rational(sp.sqrt(2)) is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), sp.oo, True, "1", None])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(UsageError, match="number"):
        rational(value)


def test_the_ball_holds_the_enclosure():
    value = Enclosure((Fraction(1, 3), Fraction(2, 3)))
    assert value.ball.contains(value.interval.lo) and value.ball.contains(value.interval.hi)
