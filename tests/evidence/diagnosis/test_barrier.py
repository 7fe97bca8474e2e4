"""Drive and barrier at the decision boundary, against their closed form."""

import pytest
import torch
from torch import Tensor, nn

from eqt_theory import Confidence, Objective, Quadratic, diagnose
from eqt_theory.evidence.diagnosis import measure_barrier

STEEP = 2.0
"""The logits are +- STEEP h_0, so that the boundary is h_0 = 0."""


def head() -> nn.Linear:
    linear = nn.Linear(2, 2, bias=False).double()
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[STEEP, 0.0], [-STEEP, 0.0]]))
    return linear.requires_grad_(False)


def objective(weight: float, pull: float, at: float = 0.5) -> Objective:
    """Confidence of that weight, a pull to the left as strong as that at h_0 = 0, and proposals at h_0 = +-at."""
    f = torch.tensor([[at, 1.0], [-at, 1.0]], dtype=torch.float64)
    eye = torch.eye(2, dtype=torch.float64)
    pulled = Quadratic(eye, torch.tensor([pull, 0.0], dtype=torch.float64))
    return Objective(weight * Confidence(head()) + pulled, f, gamma=2.0)


def test_drive_and_barrier_are_those_of_the_closed_form():
    found = measure_barrier(objective(0.3, 0.8), objective(0.3, 0.8).proposal, head())
    # At a tie the confidence term has slope 1/2 per unit of the logits' difference, which is 2 STEEP h_0.
    assert found.barrier.tolist() == pytest.approx([0.3 * STEEP] * 2, rel=1e-6)
    # From the right the pull pushes across and the proximal term, 0.5/gamma, holds; from the left both hold.
    assert found.drive.tolist() == pytest.approx([0.8 - 0.25, -0.8 - 0.25], rel=1e-6)
    assert found.held.tolist() == [True, False]
    assert found.crossed.tolist() == [False, False]


def test_a_drive_above_the_barrier_crosses():
    found = measure_barrier(objective(0.1, 0.8), objective(0.1, 0.8).proposal, head())
    assert found.crossed.tolist() == [True, False]
    assert found.held.tolist() == [False, False]


def test_the_measure_foretells_whether_descent_changes_the_prediction():
    # As far from the boundary as descent comes, so that the slopes there decide.
    for weight, changes in ((0.4, 0), (0.1, 1)):
        found = diagnose(objective(weight, 0.8, at=0.05), 0.1, 80, head())
        assert found.predictions is not None
        assert int(found.predictions.changed.sum()) == changes
        assert int(found.predictions.changed_at_star.sum()) == changes


def test_a_smooth_energy_has_no_barrier():
    found = measure_barrier(objective(0.0, 0.8), objective(0.0, 0.8).proposal, head())
    assert found.barrier.tolist() == [0, 0]
    assert not bool(found.kinked.any())
    assert found.crossed.tolist() == [True, False]


def test_without_a_boundary_nothing_is_known():
    def sure(h: Tensor) -> Tensor:
        return torch.stack([h[..., 0].square() + 1, torch.zeros_like(h[..., 0])], -1)

    found = measure_barrier(objective(0.3, 0.8), objective(0.3, 0.8).proposal, sure)
    assert not bool(found.known.any())
    assert not bool((found.held | found.crossed | found.kinked).any())
    assert bool(torch.isnan(found.drive).all())
