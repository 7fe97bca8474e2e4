"""ITEM: after every number of steps what is left is what its theorem says, and what it declares is above it."""

import math
from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import ITEM, UsageError, bound_after
from eqt_theory.solvers.triple_momentum import TripleMomentum

DULL = eqt.Objective(eqt.Quadratic.diagonal(torch.ones(1).double()), torch.zeros(1).double(), 1.0)


def left(solver, steps):
    """(t^2 - q)/((1 - q) t^2) after some steps, and the article's 1/(1 + q A), from its own recursion."""
    state, a, q = solver.init(DULL, torch.ones(1).double()), 0.0, solver.ratio
    for _ in range(steps):
        state = solver.step(DULL, state)
        a = ((1 + q) * a + 2 * (1 + math.sqrt((1 + a) * (1 + q * a)))) / (1 - q) ** 2
    t = state.mixing
    return (t * t - q) / ((1 - q) * t * t), 1 / (1 + q * a)


@pytest.mark.parametrize("kappa", [1.5, 10.0, 1000.0])
def test_what_is_left_is_the_theorem_and_below_what_is_declared(kappa):
    solver = ITEM.optimal(1.0, kappa)
    promised = solver.guarantee(1.0, kappa)
    for steps in (1, 2, 4):
        ours, article = left(solver, steps)
        found = bound_after(solver, steps, 1, Fraction(kappa), measure="distance")
        assert ours == pytest.approx(article, rel=1e-9)
        assert float(found.enclosures["bound"]) == pytest.approx(article, rel=1e-5, abs=1e-7)
        assert article < (promised.constant * promised.rate**steps) ** 2


def test_it_becomes_triple_momentum_and_stays_finite():
    solver = ITEM.optimal(1.0, 4.0)
    state = solver.init(DULL, torch.ones(1).double())
    for _ in range(2000):
        state = solver.step(DULL, state)
    assert state.mixing == pytest.approx(math.sqrt(solver.ratio), rel=1e-12)
    assert state.mixing == pytest.approx(TripleMomentum.optimal(1.0, 4.0).root, rel=1e-9)
    assert bool(torch.isfinite(state.h).all())


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_distance_stays_below_the_guaranteed_curve(problems, request):
    case = request.getfixturevalue(problems)
    solver = ITEM.optimal(case.m, case.M)
    promised = solver.guarantee(case.m, case.M)
    trajectory = eqt.solve(case.objective, solver, tolerance=1e-14, max_steps=50, record=True).trajectory
    errors = torch.linalg.vector_norm(trajectory - case.h_star, dim=-1)
    curve = promised.constant * promised.rate ** torch.arange(len(errors), dtype=torch.float64)
    assert (errors <= curve.unsqueeze(-1) * errors[0] + 1e-9).all()


def test_no_promise_outside_the_hypotheses():
    assert ITEM(0.1, 0.1).guarantee(1.0, 10.1) is None
    assert ITEM(0.1, 0.11).guarantee(1.0, 10.0) is None
    assert ITEM.optimal(3.0, 3.0).guarantee(3.0, 3.0).rate < 1e-6


@pytest.mark.parametrize(("step_size", "ratio"), [(0.0, 0.3), (0.1, 0.0), (0.1, 1.0), (0.1, math.nan)])
def test_parameters_that_are_none(step_size, ratio):
    with pytest.raises(UsageError, match="step_size|ratio"):
        ITEM(step_size, ratio)
