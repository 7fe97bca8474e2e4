"""Lines of floating-point numbers fail strictly beyond their error, in the numbers as they are printed."""

import math
from fractions import Fraction

import pytest

from eqt_theory.core.errors import UsageError
from eqt_theory.core.replay import ReplayLine

UP = math.nextafter(1.0, 2.0)
DOWN = math.nextafter(1.0, 0.0)
BREAKS = [("<=", 2.0), ("<", 2.0), (">=", 0.5), (">", 0.5), ("=", 2.0), ("=", 0.5)]


@pytest.mark.parametrize(("relation", "value"), BREAKS)
def test_a_clear_violation_fails_and_its_printed_numbers_show_it(relation: str, value: float):
    line = ReplayLine.compared("x against 1", value, relation, 1.0, 0.25)
    assert not line.holds
    left, right = (Fraction(side) for side in line.margin.split(",")[0].split(f" {relation} "))
    assert abs(left - right) > Fraction(1, 4)


@pytest.mark.parametrize("relation", ["<=", "<", "=", ">=", ">"])
@pytest.mark.parametrize("value", [1.0, UP, DOWN])
def test_equal_numbers_and_a_rounding_fail_nothing_without_an_error_bound(relation: str, value: float):
    assert ReplayLine.compared("x against 1", value, relation, 1.0, 0.0).holds


@pytest.mark.parametrize(("relation", "value"), BREAKS)
def test_a_violation_of_exactly_the_error_fails_nothing(relation: str, value: float):
    assert ReplayLine.compared("x against 1", value, relation, 1.0, abs(value - 1.0)).holds


def test_as_many_digits_are_printed_as_tell_the_sides_apart():
    line = ReplayLine.compared("x <= 1", 1 + 1e-11, "<=", 1.0, 1e-13)
    assert not line.holds
    assert "1.00000000001 <= 1," in line.margin


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_fails_nothing(value: float):
    for relation in ("<=", "=", ">="):
        assert ReplayLine.compared("x against 1", value, relation, 1.0, 0.1).holds
        assert ReplayLine.compared("1 against x", 1.0, relation, value, 0.1).holds
        assert ReplayLine.compared("x against 1", 2.0, relation, 1.0, abs(value)).holds


def test_an_unknown_relation_is_a_usage_error():
    with pytest.raises(UsageError, match="relation"):
        ReplayLine.compared("x against 1", 2.0, "!=", 1.0, 0.0)
