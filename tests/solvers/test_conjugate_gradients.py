import pytest
import torch

import eqt_theory as eqt


def test_linear_on_quadratics(quadratics):
    # Six eigenvalues: six steps, in exact arithmetic.
    solution = eqt.solve(quadratics.objective, eqt.ConjugateGradients(), tolerance=1e-9, record=True)
    assert solution.converged.all() and solution.steps.max() <= 7 and quadratics.error(solution).max() < 1e-8


def test_gap_stays_below_the_guaranteed_curve(quadratic_case):
    case = quadratic_case(d=40, lipschitz=300.0)
    guarantee = eqt.ConjugateGradients().guarantee(case.m, case.M)
    trajectory = eqt.solve(case.objective, eqt.ConjugateGradients(), record=True).trajectory
    gaps = case.objective.value(trajectory) - case.objective.value(case.h_star)
    curve = guarantee.constant * guarantee.rate ** torch.arange(len(gaps), dtype=torch.float64)
    assert (gaps <= curve.unsqueeze(-1) * gaps[0] + 1e-9 * gaps[0]).all()
    assert guarantee.function_class is eqt.FunctionClass.QUADRATIC
    # Gradient descent's best step does not stay below it: the curve has teeth.
    plain = eqt.solve(case.objective, eqt.GradientDescent.optimal(case.m, case.M), max_steps=60, record=True).trajectory
    slow = case.objective.value(plain) - case.objective.value(case.h_star)
    curve = guarantee.constant * guarantee.rate ** torch.arange(len(slow), dtype=torch.float64)
    assert not (slow <= curve.unsqueeze(-1) * slow[0] + 1e-9 * slow[0]).all()


def test_solves_off_quadratics(logistics):
    solution = eqt.solve(logistics.objective, eqt.ConjugateGradients())
    assert solution.converged.all() and logistics.error(solution).max() < 1e-9


def test_solves_where_phi_is_not_convex():
    objective = eqt.Objective(
        eqt.FunctionEnergy(lambda h: 3 * torch.cos(2 * h).sum()),
        torch.linspace(-3, 3, 20, dtype=torch.float64).reshape(10, 2),
    )
    solution = eqt.solve(objective, eqt.ConjugateGradients())
    assert solution.converged.all()


def test_unusable_constants():
    with pytest.raises(ValueError, match="m and M"):
        eqt.ConjugateGradients().guarantee(-1.0, 1.0)
