"""Runs on numbers whose squares leave the range of floating point."""

import pytest
import torch

import eqt_theory as eqt


@pytest.mark.parametrize(("dtype", "size"), [(torch.float64, 1e-200), (torch.float32, 1e-25)])
def test_squares_that_underflow_are_not_convergence(dtype, size):
    start = torch.tensor([size, 0.0], dtype=dtype)
    objective = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=dtype)), torch.zeros(2, dtype=dtype))
    solution = eqt.solve(objective, eqt.GradientDescent(0.1), start, tolerance=size / 1e3)
    assert solution.status is eqt.Status.CONVERGED and int(solution.steps) > 10
    early = eqt.solve(objective, eqt.GradientDescent(0.1), start, tolerance=size * 10)
    assert int(early.steps) == 0 and float(early.residual) == pytest.approx(2 * size)
    assert size <= float(early.error_bound) <= 2 * size


def test_squares_that_overflow_are_not_the_end():
    objective = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=torch.float64)), torch.zeros(2, dtype=torch.float64))
    start = torch.tensor([1e200, -3e200], dtype=torch.float64)
    far = eqt.solve(objective, eqt.GradientDescent(0.1), start, max_steps=5)
    assert far.status is eqt.Status.MAX_STEPS and float(far.residual) == pytest.approx(2 * 0.8**5 * 10**0.5 * 1e200)
    assert eqt.solve(objective, eqt.GradientDescent(0.1), start, max_steps=5000).status is eqt.Status.CONVERGED
    assert eqt.solve(objective, eqt.GradientDescent(30.0), start).status is eqt.Status.DIVERGED
    assert eqt.solve(objective, eqt.GradientDescent(0.1), start * 1e200).status is eqt.Status.NONFINITE
