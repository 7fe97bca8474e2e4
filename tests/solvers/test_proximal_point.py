import pytest
import torch

import eqt_theory as eqt


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
@pytest.mark.parametrize("step_size", [0.3, 10.0])
def test_no_step_is_slower_than_guaranteed(problems, step_size, request, worst_ratio):
    case = request.getfixturevalue(problems)
    solver = eqt.ProximalPoint(step_size)
    guarantee = solver.guarantee(case.m, case.M)
    solution = eqt.solve(case.objective, solver, record=True)
    assert solution.converged.all() and case.error(solution).max() < 1e-9
    observed = worst_ratio(torch.linalg.vector_norm(solution.trajectory - case.h_star, dim=-1))
    assert observed <= guarantee.rate
    if problems == "quadratics":
        assert observed > 0.95 / (1 + step_size * case.m)


def test_a_rough_inner_solve_costs_what_the_guarantee_says():
    exact, rough = eqt.ProximalPoint(1.0, accuracy=1e-9), eqt.ProximalPoint(1.0, accuracy=0.3)
    assert exact.guarantee(1.0, 10.0).rate == pytest.approx(0.5)
    assert rough.guarantee(1.0, 10.0).rate == pytest.approx(1.3 / 1.7)
    assert rough.guarantee(0.5, 10.0).rate > 1  # nothing promised, and said so


def test_step_is_the_proximal_map(quadratics):
    h = quadratics.objective.proposal + 1
    got = eqt.solve(quadratics.objective, eqt.ProximalPoint(0.5, accuracy=1e-9), start=h, max_steps=1).h
    # Stationarity: grad Phi(x) + (x - h)/0.5 = 0.
    assert torch.allclose(quadratics.objective.gradient(got), -(got - h) / 0.5, rtol=0, atol=1e-7)


def test_one_step_size_per_state(quadratics):
    sizes = torch.linspace(0.1, 2, 24, dtype=torch.float64)
    assert eqt.solve(quadratics.objective, eqt.ProximalPoint(sizes)).converged.all()


@pytest.mark.parametrize(
    ("kwargs", "name"),
    [({"accuracy": 1.0}, "accuracy"), ({"inner": "newton"}, "inner"), ({"inner_steps": 0}, "inner_steps")],
)
def test_unusable_parameters(kwargs, name):
    with pytest.raises(ValueError, match=name):
        eqt.ProximalPoint(1.0, **kwargs)
