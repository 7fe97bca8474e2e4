import pytest
import torch

import eqt_theory as eqt


def test_steps_follow_the_schedule(quadratics):
    sizes = [0.02, 0.05, 0.1]
    h = quadratics.objective.proposal
    for k in range(6):
        h = h - sizes[min(k, 2)] * quadratics.objective.gradient(h)
    for schedule in (sizes, lambda k: sizes[min(k, 2)]):
        solution = eqt.solve(quadratics.objective, eqt.ScheduledGradientDescent(schedule), max_steps=6)
        assert torch.allclose(solution.h, h, rtol=0, atol=1e-13)


def test_guarantee(quadratics, worst_ratio):
    solver = eqt.ScheduledGradientDescent([0.02, 0.19, 0.1])
    guarantee = solver.guarantee(quadratics.m, quadratics.M)
    assert guarantee.sharpness is eqt.Sharpness.UPPER
    assert guarantee.rate == eqt.GradientDescent(0.02).guarantee(quadratics.m, quadratics.M).rate
    trajectory = eqt.solve(quadratics.objective, solver, max_steps=40, record=True).trajectory
    assert worst_ratio(torch.linalg.vector_norm(trajectory - quadratics.h_star, dim=-1)) <= guarantee.rate + 1e-9
    assert eqt.ScheduledGradientDescent(lambda k: 0.1).guarantee(1.0, 2.0) is None


def test_a_decaying_schedule_does_not_pass_for_convergence(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.ScheduledGradientDescent(lambda k: 0.1 / (k + 1) ** 2))
    assert not solution.converged.any()


@pytest.mark.parametrize("wrong", [[], "0.1", [0.1, 0.0], 0.1])
def test_unusable_schedules(wrong):
    with pytest.raises(ValueError, match="schedule"):
        eqt.ScheduledGradientDescent(wrong)


def test_a_function_that_returns_nonsense(quadratics):
    with pytest.raises(ValueError, match=r"schedule\(2\)"):
        eqt.solve(quadratics.objective, eqt.ScheduledGradientDescent(lambda k: 0.1 if k < 2 else -1.0))
