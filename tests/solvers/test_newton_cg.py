import pytest
import torch

import eqt_theory as eqt


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_solves_in_few_steps(problems, request):
    case = request.getfixturevalue(problems)
    solution = eqt.solve(case.objective, eqt.NewtonCG())
    assert solution.converged.all() and case.error(solution).max() < 1e-9 and solution.steps.max() <= 20
    assert eqt.NewtonCG().guarantee(case.m, case.M) is None


def test_ends_in_minima_where_phi_is_not_convex():
    objective = eqt.Objective(
        eqt.FunctionEnergy(lambda h: 3 * torch.cos(2 * h).sum()),
        torch.linspace(-3, 3, 20, dtype=torch.float64).reshape(10, 2),
    )
    solution = eqt.solve(objective, eqt.NewtonCG())
    assert solution.converged.all()
    assert (torch.linalg.eigvalsh(objective.hessian(solution.h)) > 0).all()
    # Undamped Newton does not care which way Phi curves.
    newton = eqt.solve(objective, eqt.Newton())
    assert (torch.linalg.eigvalsh(objective.hessian(newton.h)) < 0).any()


def test_unusable_inner_steps():
    with pytest.raises(ValueError, match="inner_steps"):
        eqt.NewtonCG(0)
