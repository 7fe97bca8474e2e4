import pytest
import torch

import eqt_theory as eqt


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
@pytest.mark.parametrize("first", [0.05, 1.0, 100.0])
def test_gap_falls_as_guaranteed(problems, first, request, worst_ratio):
    case = request.getfixturevalue(problems)
    solver = eqt.BacktrackingGradientDescent(first)
    guarantee = solver.guarantee(case.m, case.M)
    assert guarantee.metric is eqt.Metric.GAP and 0 < guarantee.rate < 1
    solution = eqt.solve(case.objective, solver, record=True)
    assert solution.converged.all() and case.error(solution).max() < 1e-9
    gaps = case.objective.value(solution.trajectory) - case.objective.value(case.h_star)
    assert 0 < worst_ratio(gaps) <= guarantee.rate + 1e-6


def test_phi_never_rises_where_it_is_not_convex():
    energy = eqt.FunctionEnergy(lambda h: 3 * torch.cos(2 * h).sum())
    objective = eqt.Objective(energy, proposal=torch.linspace(-3, 3, 20, dtype=torch.float64).reshape(10, 2))
    solution = eqt.solve(objective, eqt.BacktrackingGradientDescent(), record=True)
    assert solution.converged.all()
    values = objective.value(solution.trajectory)
    assert (values[1:] <= values[:-1] + 1e-7).all()
    # A fixed step of the same first length does rise.
    fixed = objective.value(eqt.solve(objective, eqt.GradientDescent(1.0), max_steps=5, record=True).trajectory)
    assert (fixed[1:] > fixed[:-1] + 0.1).any()


@pytest.mark.parametrize(
    ("step_size", "M"), [(1.0, 2e18), (1e20, 2.0), (1.0, 2e30), (1e300, 2.0), (1e100, 2e100), (1e-3, 2e20)]
)
def test_the_guarantee_holds_however_many_halvings_it_takes(step_size, M):
    # The energy has curvatures M/2 - 1 and M - 1, Phi M/2 and M.
    energy = eqt.Quadratic.diagonal(torch.tensor([M / 2 - 1, M - 1], dtype=torch.float64))
    objective = eqt.Objective(energy, torch.zeros(2, dtype=torch.float64), 1.0)
    solver = eqt.BacktrackingGradientDescent(step_size)
    start = torch.ones(2, dtype=torch.float64)
    solution = eqt.solve(objective, solver, start, tolerance=1e-9 * M, max_steps=300, record=True)
    assert solution.status is eqt.Status.CONVERGED
    gaps = objective.value(solution.trajectory)
    assert float((gaps[1:] / gaps[:-1]).max()) <= solver.guarantee(objective.m, objective.M).rate < 1


def test_a_state_without_a_value_stays_where_it_is():
    energy = eqt.FunctionEnergy(lambda h: torch.sqrt(h).sum())
    objective = eqt.Objective(energy, torch.full((1,), -1.0, dtype=torch.float64))
    assert not eqt.solve(objective, eqt.BacktrackingGradientDescent(), max_steps=3).converged.any()


def test_unusable_step_size():
    with pytest.raises(ValueError, match="step_size"):
        eqt.BacktrackingGradientDescent(0.0)
