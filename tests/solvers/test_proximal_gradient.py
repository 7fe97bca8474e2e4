import pytest
import torch

import eqt_theory as eqt


def test_step_equals_its_definition(logistics, quadratic_case):
    for case, gamma in ((logistics, 1.0), (quadratic_case(gamma=0.05), 0.05)):
        h, f = case.objective.proposal + 1.0, case.objective.proposal
        alpha, g = 0.3, 1 / gamma
        expected = (h - alpha * case.objective.energy.gradient(h) + alpha * g * f) / (1 + alpha * g)
        got = eqt.solve(case.objective, eqt.ProximalGradient(alpha), start=h, max_steps=1).h
        assert torch.allclose(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("gamma", [0.01, 1.0, 10.0])
def test_guarantee_and_stability_for_every_gamma(gamma, quadratic_case, worst_ratio):
    case = quadratic_case(gamma=gamma)
    solver = eqt.ProximalGradient(0.2)  # below 2/L = 0.2197
    guarantee = solver.guarantee(case.m, case.M, gamma)
    solution = eqt.solve(case.objective, solver, max_steps=2000, record=True)
    errors = torch.linalg.vector_norm(solution.trajectory - case.h_star, dim=-1)
    assert solution.converged.all()
    assert worst_ratio(errors) == pytest.approx(guarantee.rate, rel=2e-2)
    assert worst_ratio(errors) <= guarantee.rate * (1 + 1e-5)
    assert solver.guarantee(case.m, case.M) is None


def test_numbers_of_the_audit():
    guarantee = eqt.ProximalGradient(0.19).guarantee(1.1, 11.0, 1.0)
    assert guarantee.rate == pytest.approx(0.8244, abs=1e-4)
    best = eqt.ProximalGradient(2 / (0.1 + 10.0)).guarantee(1.1, 11.0, 1.0)
    assert best.rate == pytest.approx(9.9 / 12.1)
    assert best.step_range == (0.0, pytest.approx(2 / 9.0))


def test_without_the_denominator_it_would_stop_elsewhere(quadratics):
    # The planted fault: the step that forgets to divide has another fixed point, and the gradient norm says so.
    def wrong(objective, h):
        return h - 0.1 * objective.energy.gradient(h) + 0.1 * objective.proposal / objective.gamma

    solution = eqt.solve(quadratics.objective, eqt.StepRule(wrong), max_steps=3000)
    assert not solution.converged.any()
    assert quadratics.error(solution).min() > 1e-3


def test_one_gamma_per_state(quadratic_case):
    case = quadratic_case(batch=(3,))
    objective = eqt.Objective(
        case.objective.energy, case.objective.proposal, torch.tensor([0.1, 1.0, 10.0], dtype=torch.float64)
    )
    solution = eqt.solve(objective, eqt.ProximalGradient(0.2))
    assert solution.converged.all()
    with pytest.raises(ValueError, match="step_size"):
        eqt.ProximalGradient(0.0)
