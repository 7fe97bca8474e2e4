import pytest
import torch

import eqt_theory as eqt
from eqt_theory.testing.problem import Problem, Shape


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


def test_rests_at_rounding_level_not_at_the_bound_on_it():
    least, most = (450.56,) * 4, (563.2, 530.534, 530.534, 450.56)
    b, proposal, start = (-1126.4, 3942.4, 0.0, -1689.6), (-2.0, 1.0, 7.0, 1.0), (7.0, -2.0, 2.0, -1.0)
    problem = Problem(least, most, b, proposal, start, 0.00443892, Shape.SOFTPLUS, shift=-1.0)
    objective, h = problem.objective(), problem.starting_point()
    solver = eqt.ProximalPoint(2.0)
    state = solver.init(objective, h)
    for _ in range(5):
        state = solver.step(objective, state)
    off = torch.linalg.vector_norm(state.h - torch.as_tensor(problem.place(problem.solution)))
    assert off <= 16 * 2**-53 * problem.size


@pytest.mark.parametrize(
    ("inner", "steps"),
    [(eqt.GradientDescent(1e-4), 3), (eqt.GradientDescent(0.5), 100), (eqt.GradientDescent(1e-30), 5)],
)
def test_a_step_that_misses_its_accuracy_is_no_step(inner, steps):
    energy = eqt.Quadratic.diagonal(torch.tensor([0.0, 99.0], dtype=torch.float64))
    objective = eqt.Objective(energy, torch.zeros(2, dtype=torch.float64), 1.0)
    start = torch.ones(2, dtype=torch.float64)
    solver = eqt.ProximalPoint(10.0, inner=inner, inner_steps=steps)
    assert solver.guarantee(1.0, 100.0).rate < 0.1
    solution = eqt.solve(objective, solver, start)
    assert solution.status is eqt.Status.STAGNATED and torch.equal(solution.h, start)
    # With steps enough and short enough, it is a step, and as good as promised.
    enough = eqt.ProximalPoint(10.0, inner=eqt.GradientDescent(0.015), inner_steps=2000)
    one = eqt.solve(objective, enough, start, max_steps=1).h
    assert float(one.norm() / start.norm()) <= enough.guarantee(1.0, 100.0).rate


def test_a_promise_that_the_inner_rule_cannot_keep_is_refuted():
    energy = eqt.Quadratic.diagonal(torch.tensor([0.0, 99.0], dtype=torch.float64))
    objective = eqt.Objective(energy, torch.zeros(2, dtype=torch.float64), 1.0)
    domain = eqt.Ball([0.0, 0.0], 2.0)
    for inner, verdict in ((eqt.GradientDescent(1e-30), "REFUTED"), (eqt.NewtonCG(), "SUPPORTED")):
        solver = eqt.ProximalPoint(10.0, inner=inner, inner_steps=50)
        rate = solver.guarantee(1.0, 100.0).rate
        assert eqt.check_contraction(objective, solver, rate, domain).verdict.name == verdict


def test_one_inner_step_that_reaches_the_rounding_level_is_enough():
    energy = eqt.Quadratic.diagonal(torch.tensor([0.5, 7.0], dtype=torch.float64))
    objective = eqt.Objective(energy, torch.tensor([1.0, -3.0], dtype=torch.float64), 1.0)
    solution = eqt.solve(objective, eqt.ProximalPoint(3.0, inner=eqt.Newton(), inner_steps=1), tolerance=1e-14)
    assert solution.status is eqt.Status.CONVERGED


def test_a_miss_is_a_matter_of_one_state(quadratics):
    sizes = torch.full((24,), 1.0, dtype=torch.float64)
    sizes[3] = 1e6  # too far for the few inner steps
    solver = eqt.ProximalPoint(sizes, inner=eqt.GradientDescent(0.15), inner_steps=60)
    solution = eqt.solve(quadratics.objective, solver)
    assert solution.status[3] is eqt.Status.STAGNATED and torch.equal(solution.h[3], quadratics.objective.proposal[3])
    assert [s for i, s in enumerate(solution.status) if i != 3] == [eqt.Status.CONVERGED] * 23


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
