import dataclasses
import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory.solvers.guarantee import require_constants, sqrt_up


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


def slow(**changes):
    fields = {
        "rate": 1.0,
        "metric": eqt.Metric.GAP,
        "function_class": eqt.FunctionClass.CONVEX,
        "per_step": False,
        "constant": 20.0,
        "power": 2.0,
        "first": eqt.Metric.DISTANCE,
    }
    return make(**(fields | changes))


def test_a_sublinear_bound():
    accelerated = slow()
    assert accelerated.sublinear and accelerated.relative_to is eqt.Metric.DISTANCE
    # 20 |h_0 - h*|^2 / (N + 1)^2 with |h_0 - h*| = 3
    assert [accelerated.bound(n, 3.0) for n in (0, 1, 9)] == pytest.approx([180.0, 45.0, 1.8])
    text = str(accelerated)
    assert text.startswith("Phi(h) - Phi(h*) <= 20 / (N + 1)^2 * |h_0 - h*|^2 after N steps")
    assert "convex with M-Lipschitz gradient" in text and "shrinks" not in text
    assert "20 / (N + 1)<sup>2</sup>" in accelerated._repr_html_() and "factor" not in accelerated._repr_html_()
    assert slow(shift=2.5, power=1).bound(0, 2.0) == pytest.approx(32.0)


def test_the_degrees_of_what_is_measured():
    # |grad Phi(h_N)| <= C sqrt(Phi(h_0) - Phi*) / (N + 1)
    g = slow(metric=eqt.Metric.GRADIENT, first=eqt.Metric.GAP, power=1.0)
    assert g.bound(4, 9.0) == pytest.approx(20 * 3 / 5) and "(Phi(h_0) - Phi(h*))^0.5" in str(g)
    same = slow(metric=eqt.Metric.GRADIENT, first=None, power=0.5)
    assert same.relative_to is eqt.Metric.GRADIENT and same.bound(3, 7.0) == pytest.approx(70.0)
    mixed = make(per_step=False, constant=3.0, metric=eqt.Metric.GAP, first=eqt.Metric.DISTANCE)
    assert not mixed.sublinear and mixed.bound(2, 2.0) == pytest.approx(3 * 0.25 * 4)
    assert "3 * 0.5^N * |h_0 - h*|^2" in str(mixed)
    assert make(rate=0.25).bound(2, 4.0) == 0.25


@pytest.mark.parametrize(
    "change",
    [
        {"power": -1.0}, {"power": math.inf}, {"power": math.nan}, {"shift": 0.0}, {"shift": -1.0}, {"rate": 0.9},
        {"per_step": True, "constant": 1.0}, {"constant": None}, {"constant": -1.0}, {"constant": math.nan},
        {"per_step": True, "constant": 1.0, "power": 0.0}, {"power": 0.0, "constant": None, "rate": 0.5},
        {"power": "2"}, {"first": "distance"},
    ],
)  # fmt: skip
def test_sublinear_bounds_that_are_none(change):
    with pytest.raises(eqt.UsageError):
        slow(**change)


def test_a_limit_has_no_bound():
    with pytest.raises(eqt.UsageError, match="constant"):
        make(per_step=False, constant=None).bound(1, 1.0)


@pytest.mark.parametrize(("m", "M"), [(-1.0, 1.0), (0.0, 0.0), (2.0, 1.0), (0.0, math.inf), (math.nan, 1.0), ("0", 1)])
def test_constants_of_convex_functions(m, M):
    require_constants(0.0, 1.0, convex=True)
    require_constants(1.0, 1.0, convex=True)
    with pytest.raises(eqt.UsageError, match="0 <= m <= M"):
        require_constants(m, M, convex=True)


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
