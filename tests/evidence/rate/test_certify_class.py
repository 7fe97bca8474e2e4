import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory import FunctionClass, UsageError, Verdict
from eqt_theory.evidence.curvature.certify import positive_semidefinite
from eqt_theory.evidence.rate.certify_class import Recurrence, certify_rate, potential_matrix, recurrence

m, M = 1.1, 10.1
stated = [
    (eqt.GradientDescent(0.1), {}),
    (eqt.GradientDescent(0.19), {}),
    (eqt.ProximalGradient(0.3), {"gamma": 1.0}),
    (eqt.HeavyBall.optimal(m, M), {}),
    (eqt.HeavyBall(0.05, 0.3), {}),
    (eqt.Nesterov.optimal(m, M), {}),
]


@pytest.mark.parametrize(("solver", "more"), stated)
def test_stated_rates_are_certified_and_nothing_a_hair_below(solver, more):
    finding = certify_rate(solver, m, M, **more)
    assert finding.verdict is Verdict.CERTIFIED
    assert finding.enclosures["rate"] == Fraction(solver.guarantee(m, M, more.get("gamma")).rate)
    # What floating-point tools report: the last place, a solver's tolerance, three digits.
    rate = float(finding.enclosures["rate"])
    for below in (math.nextafter(rate, 0), rate * (1 - 1e-9), rate - 5e-4, rate * 0.9):
        verdict = certify_rate(solver, m, M, below, **more).verdict
        if isinstance(solver, eqt.Nesterov) and below > 0.8:
            # Its stated rate is an upper bound: potentials other than the closed form show less, not below 0.79.
            assert verdict is Verdict.CERTIFIED
        else:
            assert verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE)


@pytest.mark.parametrize(("solver", "more"), stated)
def test_rates_below_the_slowest_quadratic_are_refuted_exactly(solver, more):
    finding = certify_rate(solver, m, M, 0.3, **more)
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness["eigenvalue"] in (Fraction(m), Fraction(M))
    assert finding.replay.arithmetic == "exact arithmetic"


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.floats(0.01, 2.2), st.floats(0, 0.95), st.floats(1, 1e4), st.floats(0, 1), st.booleans(), st.floats(0.9, 1.1))
def test_certified_means_no_root_above(share, beta, kappa, where, nesterov, stretch):
    high = 1.0 * kappa
    solver = (eqt.Nesterov if nesterov else eqt.HeavyBall)(share / high, beta)
    eigenvalue = 1 + where * (high - 1)
    pair = recurrence(solver, eigenvalue)
    radius = max(abs(np.roots([1, -float(pair.trace), float(pair.product)])))
    rate = radius * stretch
    if abs(stretch - 1) > 1e-6 and radius > 1e-3:
        # The other way to compute: a double root costs numpy half the digits.
        assert pair.within(Fraction(rate)) == (stretch > 1)
    finding = certify_rate(solver, 1.0, high, rate, on=FunctionClass.QUADRATIC)
    if finding.verdict is Verdict.CERTIFIED:
        assert pair.within(Fraction(rate))
    else:
        assert finding.verdict is Verdict.REFUTED


def test_the_recurrence_is_that_of_the_solver():
    import torch

    obj = eqt.Objective(eqt.Quadratic(torch.tensor([[3.0]], dtype=torch.float64)), torch.zeros(1, dtype=torch.float64))
    for solver in (eqt.HeavyBall(0.1, 0.4), eqt.Nesterov(0.1, 0.4)):
        run = eqt.solve(obj, solver, torch.ones(1, dtype=torch.float64), record=True, max_steps=6)
        e = run.trajectory[:, 0].tolist()
        pair = recurrence(solver, 4)
        for k in range(1, 6):
            assert e[k + 1] == pytest.approx(float(pair.trace) * e[k] - float(pair.product) * e[k - 1], rel=1e-12)


def test_escape_is_the_negation_of_within():
    rng = np.random.default_rng(0)
    for _ in range(300):
        pair = Recurrence(Fraction(rng.uniform(-2, 2)), Fraction(rng.uniform(-1, 1)))
        rate = Fraction(rng.uniform(0, 1.5))
        assert bool(pair.escape(rate)[0]) != pair.within(rate)


def test_an_integer_program_for_the_potential_and_a_broken_one():
    good = potential_matrix(Fraction(1, 10), Fraction(1, 4), Fraction(1), Fraction(10))
    assert positive_semidefinite(sp.Matrix(good))
    for alpha, q in ((Fraction(3, 10), Fraction(1, 4)), (Fraction(1, 10), Fraction(1, 2))):
        assert not positive_semidefinite(sp.Matrix(potential_matrix(alpha, q, Fraction(1), Fraction(10))))


def test_what_is_not_known_is_inconclusive():
    nesterov = eqt.Nesterov(1 / M * 1.01, 0.6)
    assert certify_rate(nesterov, m, M, 0.78, on=FunctionClass.STRONGLY_CONVEX).verdict is Verdict.INCONCLUSIVE
    ball = eqt.HeavyBall.optimal(m, M)
    finding = certify_rate(ball, m, M, on=FunctionClass.STRONGLY_CONVEX)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "class" in finding.detail


@pytest.mark.parametrize("rule", [eqt.Nesterov, eqt.HeavyBall])
def test_without_momentum_it_is_gradient_descent(rule):
    for alpha in (0.05, 0.1, 0.15, 0.19):
        tight = max(abs(1 - Fraction(alpha) * Fraction(m)), abs(1 - Fraction(alpha) * Fraction(M)))
        finding = certify_rate(rule(alpha, 0.0), m, M, on=FunctionClass.STRONGLY_CONVEX)
        assert finding.verdict is Verdict.CERTIFIED
        assert finding.enclosures["tight factor"] == tight <= finding.enclosures["rate"]
        assert certify_rate(rule(alpha, 0.0), m, M, tight).verdict is Verdict.CERTIFIED
        below = certify_rate(rule(alpha, 0.0), m, M, tight - Fraction(1, 2**80))
        assert below.verdict is Verdict.REFUTED


def test_bad_arguments():
    import torch

    with pytest.raises(UsageError, match="m and M"):
        certify_rate(eqt.GradientDescent(0.1), 2, 1)
    with pytest.raises(UsageError, match="gamma"):
        certify_rate(eqt.ProximalGradient(0.1), 1, 2, 0.9)
    with pytest.raises(UsageError, match="one number"):
        certify_rate(eqt.HeavyBall(torch.ones(2) / 10, 0.1), 1, 2)
    with pytest.raises(UsageError, match="Anderson"):
        certify_rate(eqt.Anderson(0.1), 1, 2, 0.9)
    for bad in (math.nan, math.inf, "a", None, True):
        with pytest.raises(UsageError, match="^m must be one number, finite, got"):
            certify_rate(eqt.GradientDescent(0.1), bad, 2)
        with pytest.raises(UsageError, match="^M must be one number, finite, got"):
            certify_rate(eqt.GradientDescent(0.1), 1, bad)
        with pytest.raises(UsageError, match="^gamma must be|^rate must be"):
            certify_rate(eqt.ProximalGradient(0.1), 1, 2, 0.9 if bad is None else bad, gamma=bad)
    with pytest.raises(UsageError, match="gamma must be positive"):
        certify_rate(eqt.ProximalGradient(0.1), 1, 2, 0.9, gamma=0)
    with pytest.raises(UsageError, match="on must be a FunctionClass, got 'quadratic'"):
        certify_rate(eqt.GradientDescent(0.1), 1, 2, on="quadratic")
    with pytest.raises(UsageError, match="itself.*got int"):
        certify_rate(3, 1, 2, 0.9)
    with pytest.raises(UsageError, match="states no rate"):
        certify_rate(eqt.Nesterov(1.0, 0.1), 1, 2)
