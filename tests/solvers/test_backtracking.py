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


def test_unusable_step_size():
    with pytest.raises(ValueError, match="step_size"):
        eqt.BacktrackingGradientDescent(0.0)
