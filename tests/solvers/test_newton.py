import torch

import eqt_theory as eqt


def test_one_step_on_quadratics(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.Newton())
    assert (solution.steps == 1).all() and quadratics.error(solution).max() < 1e-12
    guarantee = eqt.Newton().guarantee(quadratics.m, quadratics.M)
    assert guarantee.rate == 0.0 and guarantee.function_class is eqt.FunctionClass.QUADRATIC


def test_digits_double_near_the_solution(logistics):
    trajectory = eqt.solve(logistics.objective, eqt.Newton(), start=logistics.h_star + 0.03, record=True).trajectory
    errors = torch.linalg.vector_norm(trajectory - logistics.h_star, dim=-1)
    near = errors[1:] > 1e-10
    assert (errors[-1] < 1e-10).all()
    assert near.any() and (errors[1:][near] <= 10 * errors[:-1][near] ** 2).all()


def test_a_singular_hessian_spoils_only_its_own_state():
    energy = eqt.Quadratic.diagonal([[-1.0, 1.0], [2.0, 1.0]])
    solution = eqt.solve(eqt.Objective(energy, torch.ones(2, 2, dtype=torch.float64)), eqt.Newton())
    assert list(solution.status) == [eqt.Status.NONFINITE, eqt.Status.CONVERGED]


def test_far_from_the_solution_it_can_fail_where_the_damped_form_does_not():
    objective = eqt.Objective(
        eqt.FunctionEnergy(lambda h: 10 * torch.sqrt(1 + h**2).sum()), torch.tensor([0.0]).double(), gamma=1e4
    )
    start = torch.tensor([3.0], dtype=torch.float64)
    assert eqt.solve(objective, eqt.Newton(), start=start, max_steps=60).status is not eqt.Status.CONVERGED
    assert eqt.solve(objective, eqt.NewtonCG(), start=start, max_steps=60).status is eqt.Status.CONVERGED
