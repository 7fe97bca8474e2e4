"""The example for newcomers: a solver of one's own in ten lines, checked in three."""

import pytest


def test_a_solver_of_ones_own():
    import torch

    import eqt_theory as eqt

    def scaled_descent(objective: eqt.Objective, h: torch.Tensor) -> torch.Tensor:
        """A gradient step that divides each entry by the size of its row of the Hessian."""
        gradient = objective.gradient(h)
        curvature = objective.hessian(h).abs().sum(-1)
        return h - gradient / curvature

    from eqt_theory.testing import check_solver

    report = check_solver(scaled_descent, max_examples=5)
    print(report)

    assert report.passed
    assert "18 checks ran, 18 passed, 0 failed" in str(report)


def test_and_one_with_a_mistake():
    import eqt_theory as eqt
    from eqt_theory.testing import CheckFailed, check_solver

    def forgets_gamma(objective, h):
        return h - 0.1 * (objective.energy.gradient(h) + (h - objective.proposal))

    with pytest.raises(CheckFailed, match="right_fixed_point: converges to h") as caught:
        check_solver(forgets_gamma, max_examples=5)
    # The smallest case found: one dimension, whole numbers.
    assert caught.value.finding.witness is not None
    smallest = caught.value.finding.witness["problem"]
    assert smallest.startswith("quadratic Phi, curvature (0.97), b (0.97), proposal (1)")
    assert eqt.testing.CheckFailed is CheckFailed
