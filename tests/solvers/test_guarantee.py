from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.solvers.guarantee import check_constants, sqrt_up


def make(**changes):
    fields = {
        "rate": 0.5,
        "metric": eqt.Metric.DISTANCE,
        "function_class": eqt.FunctionClass.STRONGLY_CONVEX,
        "sharpness": eqt.Sharpness.TIGHT,
        "source": "here",
    }
    return eqt.Guarantee(**(fields | changes))


def test_invariants():
    assert make().constant == 1.0
    with pytest.raises(ValueError, match="rate"):
        make(rate=float("nan"))
    with pytest.raises(ValueError, match="rate"):
        make(rate=-0.1)
    with pytest.raises(ValueError, match="constant"):
        make(constant=2.0)
    with pytest.raises(ValueError, match="m and M"):
        check_constants(2.0, 1.0)


@settings(derandomize=True, deadline=None)
@given(st.fractions(0, 1000))
def test_square_roots_are_rounded_upwards(value):
    root = sqrt_up(value)
    assert Fraction(root) ** 2 >= value
    assert Fraction(root * (1 - 1e-15)) ** 2 <= value


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.floats(0.01, 10), st.floats(1, 1e4), st.floats(0.01, 1.99))
def test_no_rate_is_below_that_of_a_quadratic(m, kappa, share):
    # A one-dimensional quadratic of either curvature belongs to every class.
    M = m * kappa
    alpha = share / M
    for curvature in (Fraction(m), Fraction(M)):
        truth = abs(1 - Fraction(alpha) * curvature)
        assert Fraction(eqt.GradientDescent(alpha).guarantee(m, M).rate) >= truth
        backtracking = eqt.BacktrackingGradientDescent(alpha).guarantee(m, M)
        if alpha <= 1 / (2 * M):  # then no halving takes place
            assert Fraction(backtracking.rate) >= truth**2
        point = eqt.ProximalPoint(alpha).guarantee(m, M).rate
        assert Fraction(point) >= 1 / (1 + Fraction(alpha) * curvature) or point < 0
