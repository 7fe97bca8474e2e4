import dataclasses
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.solvers.guarantee import sqrt_up


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


SOLVERS = (
    eqt.GradientDescent(0.1),
    eqt.ScheduledGradientDescent([0.1]),
    eqt.ProximalGradient(0.1),
    eqt.ProximalPoint(0.1),
    eqt.BacktrackingGradientDescent(),
    eqt.Nesterov(0.1, 0.5),
    eqt.HeavyBall(0.1, 0.5),
    eqt.TripleMomentum(0.1, 0.3),
    eqt.ITEM(0.1, 0.1),
    eqt.Lookahead(0.1),
    eqt.ConjugateGradients(),
    eqt.Newton(),
)
each_solver = pytest.mark.parametrize("solver", SOLVERS, ids=lambda s: type(s).__name__)


@each_solver
@pytest.mark.parametrize(
    ("m", "M"),
    [(2.0, 1.0), (0.0, 1.0), (1.0, math.inf), (math.nan, 1.0), ("1", 1), (1, "1"), (True, 1), (1, 10**400), (None, 1.0)]
    + [(torch.tensor(1.0), 2.0), (1.0, torch.tensor([2.0, 3.0]))],
)
def test_constants_that_are_none(solver, m, M):
    with pytest.raises(eqt.UsageError, match="m and M must be finite numbers"):
        solver.guarantee(m, M)


@each_solver
@pytest.mark.parametrize("m", [5e-324, 1e-300, 1.0, 1e150, 1e308])
@pytest.mark.parametrize("M", [5e-324, 1.0, 1e200, 1e308])
@pytest.mark.parametrize("step_size", [5e-324, 1e-300, 1e200, 1e308])
def test_no_constants_are_too_extreme(solver, m, M, step_size):
    if m > M:
        return
    if hasattr(solver, "step_size"):
        solver = dataclasses.replace(solver, step_size=step_size)
    for gamma in (None, 5e-324, 1e-320, 1.0, 1e308):
        guarantee = solver.guarantee(m, M, gamma)
        assert guarantee is None or guarantee.rate >= 0


@pytest.mark.parametrize("rule", [eqt.Nesterov, eqt.HeavyBall])
def test_without_momentum_it_is_gradient_descent(rule):
    for alpha in (1 / 25, 0.07, torch.tensor([0.01, 0.03], dtype=torch.float64)):
        assert rule(alpha, 0.0).guarantee(1.0, 25.0) == eqt.GradientDescent(alpha).guarantee(1.0, 25.0)
    assert rule(1 / 25, 0.0).guarantee(1.0, 25.0).rate == pytest.approx(24 / 25)


@pytest.mark.parametrize("rule", [eqt.Nesterov, eqt.HeavyBall, eqt.GradientDescent])
def test_best_parameters_that_do_not_exist_are_blamed_on_the_constants(rule):
    beyond = (5e-324, 5e-324) if rule is eqt.GradientDescent else (1.0, 1e33)
    for m, M in (beyond, ("1", 1.0), (2.0, 1.0)):
        with pytest.raises(eqt.UsageError, match="m and M must"):
            rule.optimal(m, M)
    assert eqt.GradientDescent.optimal(1e308, 1e308).step_size == pytest.approx(1e-308)
    assert eqt.ConjugateGradients().guarantee(5e-324, 1e308).rate == 1.0


@settings(derandomize=True, deadline=None)
@given(
    st.one_of(
        st.fractions(0, 1000), st.builds(lambda f, k: f * Fraction(10) ** k, st.fractions(1, 9), st.integers(-600, 600))
    )
)
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
