import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_distance_stays_below_the_guaranteed_curve(problems, request):
    case = request.getfixturevalue(problems)
    solver = eqt.Nesterov.optimal(case.m, case.M)
    guarantee = solver.guarantee(case.m, case.M)
    trajectory = eqt.solve(case.objective, solver, max_steps=150, record=True).trajectory
    errors = torch.linalg.vector_norm(trajectory - case.h_star, dim=-1)
    curve = guarantee.constant * guarantee.rate ** torch.arange(len(errors), dtype=torch.float64)
    assert (errors <= curve.unsqueeze(-1) * errors[0] + 1e-12).all()
    assert guarantee.rate == pytest.approx(math.sqrt(1 - math.sqrt(case.m / case.M)), rel=1e-9)


def test_a_rate_stated_too_low_would_be_noticed(quadratic_case):
    case = quadratic_case(mu=0.0, lipschitz=99.0)
    solver = eqt.Nesterov.optimal(case.m, case.M)
    trajectory = eqt.solve(case.objective, solver, max_steps=150, record=True).trajectory
    errors = torch.linalg.vector_norm(trajectory - case.h_star, dim=-1)
    wrong = (1 - math.sqrt(case.m / case.M)) ** 2  # twice the truth on quadratics, 1 - sqrt(m/M)
    steps = torch.arange(len(errors), dtype=torch.float64).unsqueeze(-1)
    assert not (errors <= math.sqrt(1 + case.M / case.m) * wrong**steps * errors[0] + 1e-12).all()


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.floats(1e-6, 1e6), st.floats(0, 8))
def test_the_optimal_parameters_meet_their_own_hypotheses(m, decades):
    M = m * 10**decades
    guarantee = eqt.Nesterov.optimal(m, M).guarantee(m, M)
    assert guarantee is not None and guarantee.rate >= math.sqrt(1 - math.sqrt(m / M)) * (1 - 1e-12)


def test_no_promise_outside_the_hypotheses():
    assert eqt.Nesterov(0.11, 0.5).guarantee(1.0, 10.0) is None  # step above 1/M
    assert eqt.Nesterov(0.09, 0.2).guarantee(1.0, 10.0) is None  # too little momentum
    assert eqt.Nesterov(0.09, 0.9).guarantee(1.0, 10.0).rate < 1


def test_solves(logistics):
    solution = eqt.solve(logistics.objective, eqt.Nesterov.optimal(logistics.m, logistics.M))
    assert solution.converged.all() and logistics.error(solution).max() < 1e-9
    with pytest.raises(ValueError, match="step_size"):
        eqt.Nesterov(-1.0, 0.5)
