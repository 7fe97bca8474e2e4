"""Each operation of intervals holds what mpmath computes at points inside."""

from fractions import Fraction

import mpmath
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.interval import UNKNOWN, Interval, fraction, precision

numbers = st.fractions(-4, 4, max_denominator=50)
shares = st.fractions(0, 1, max_denominator=7)


@st.composite
def points_inside(draw):
    a, b = sorted((draw(numbers), draw(numbers)))
    return Interval.of(a, b), a + draw(shares) * (b - a)


def holds(interval: Interval, value: mpmath.mpf) -> bool:
    low, high = interval.ends
    slack = mpmath.mpf(10) ** -40
    return mpmath.mpf(low.numerator) / low.denominator <= value + slack and value - slack <= (
        mpmath.mpf(high.numerator) / high.denominator
    )


def real(x: Fraction) -> mpmath.mpf:
    return mpmath.mpf(x.numerator) / x.denominator


@given(points_inside(), points_inside())
def test_two_arguments(first, second):
    (a, x), (b, y) = first, second
    with mpmath.workdps(50):
        for interval, value in (
            (a + b, x + y),
            (a - b, x - y),
            (a * b, x * y),
            (a.maximum(b), max(x, y)),
            (a.minimum(b), min(x, y)),
            (a.union(b), x),
        ):
            assert holds(interval, real(value))


UNARY = {
    "exp": (lambda a: a.rising(arb.exp), mpmath.exp),
    "tanh": (lambda a: a.rising(arb.tanh), mpmath.tanh),
    "erf": (lambda a: a.rising(arb.erf), mpmath.erf),
    "sin": (Interval.sin, mpmath.sin),
    "cos": (Interval.cos, mpmath.cos),
    "tan": (Interval.tan, mpmath.tan),
    "cosh": (Interval.cosh, mpmath.cosh),
    "log": (Interval.log, mpmath.log),
    "square root": (lambda a: a.root(2), mpmath.sqrt),
    "cube": (lambda a: a.power(3), lambda x: x**3),
    "fourth power": (lambda a: a.power(4), lambda x: x**4),
    "abs": (abs, abs),
    "inverse": (Interval.inverse, lambda x: 1 / x),
    "negative": (lambda a: -a, lambda x: -x),
}


@pytest.mark.parametrize("name", UNARY)
@given(points_inside())
def test_one_argument(name, case):
    interval, x = case
    ours, theirs = UNARY[name]
    found = ours(interval)
    if found.known:
        with mpmath.workdps(50):
            assert holds(found, theirs(real(x)))


def test_ends_are_exact():
    one = Interval.of(1, 3) * Interval.of(1, 3)
    assert one.ends == (1, 9)
    assert Interval.of(0, 1).power(2).ends == (0, 1)
    assert Interval.of(-1, 2).power(3).ends == (-1, 8)
    assert not Interval.of(0, Fraction(1, 3)).negative


def test_waves_know_their_crests():
    assert Interval.of(1, 2).sin().ends[1] == 1
    assert Interval.of(0, 1).sin().ends[0] == 0
    assert Interval.of(3, 4).cos().ends[0] == -1
    assert Interval.of(-100, 100).sin().ends == (-1, 1)
    assert Interval.of(Fraction(1, 10), 1).cos().ends[1] < 1


def test_undefined_operations_are_unknown():
    across = Interval.of(-1, 1)
    for found in (across.inverse(), across.log(), across.root(2), Interval.of(1, 2).tan(), Interval.of(0).inverse()):
        assert not found.known
        assert not (found.positive or found.negative or found.zero)
    for spoiled in (UNKNOWN + across, UNKNOWN * Interval.of(0), abs(UNKNOWN), UNKNOWN.maximum(across), -UNKNOWN):
        assert not spoiled.known
    with pytest.raises(UsageError, match="undefined"):
        fraction(UNKNOWN.lo)


def test_a_rational_is_rounded_outward():
    with precision(20):
        low, high = Interval.of(Fraction(1, 3)).ends
    assert low < Fraction(1, 3) < high
