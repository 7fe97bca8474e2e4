"""Whether a kink at the decision boundary keeps predictions where they are."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.energies.objective import Objective

_NEWTON_STEPS = 50
_TIE = 1e-9
"""Difference of two logits, relative to their size, that counts as a tie."""
_ASIDE = 1e-5
"""How far from the boundary, relative to 1 + |h|, the slopes on its two sides are taken."""
_KINK = 1e-6
"""Jumps of the slope below this, relative to the slopes, are taken for a smooth Phi."""


@dataclass(frozen=True)
class Barrier:
    """Slopes of Phi across the boundary between the two most likely classes, at a boundary point near each state.

    Let n be the unit normal of the boundary towards the rival class, and D and D' the slopes of Phi along n just
    before and just behind it. The kink contributes (D - D')/2 before and its negative behind; all the rest of Phi,
    the proximal term included, contributes (D + D')/2 on both sides. Descent that comes near that point crosses only
    if the drive exceeds the barrier. A measurement at one boundary point per state.

    Args:
        drive: -(D + D')/2, what pushes across; shape (T,).
        barrier: (D - D')/2, what the kink holds against it; 0 where Phi is smooth there; shape (T,).
        known: states for which a boundary point was found; the other entries are nan.
    """

    drive: Tensor
    barrier: Tensor
    known: Tensor

    @property
    def kinked(self) -> Tensor:
        """Whether the kink pushes back at all, bool, (T,)."""
        return self.known & (self.barrier > 0)

    @property
    def crossed(self) -> Tensor:
        """Whether descent crosses there, bool, (T,)."""
        return self.known & (self.drive > self.barrier.clamp(min=0))

    @property
    def held(self) -> Tensor:
        """Whether the rest of Phi would cross and the kink alone prevents it, bool, (T,)."""
        return self.kinked & (self.drive > 0) & (self.drive <= self.barrier)


def measure_barrier(objective: Objective, h: Tensor, predict: Callable[[Tensor], Tensor]) -> Barrier:
    """Measure drive and barrier at the decision boundary nearest to first order.

    Args:
        objective: Phi, one state per token, batch shape (T,).
        h: states, shape (T, d).
        predict: states (..., d) -> logits (..., classes), each state for itself; differentiable.

    Returns:
        The Barrier.
    """
    top = predict(h).detach().topk(2, -1).indices

    def lead(x: Tensor) -> Tensor:
        logits = predict(x).gather(-1, top)
        return logits[..., 0] - logits[..., 1]

    def slope(x: Tensor) -> Tensor:
        return torch.func.grad(lambda y: lead(y).sum())(x).detach()

    at = h.detach()
    for _ in range(_NEWTON_STEPS):
        look()
        g = slope(at)
        step = lead(at).detach() / g.square().sum(-1)
        moved = at - step.unsqueeze(-1) * g
        at = torch.where(torch.isfinite(moved).all(-1, keepdim=True), moved, at)
    g = slope(at)
    length = torch.linalg.vector_norm(g, dim=-1)
    size = predict(at).detach().abs().amax(-1)
    known = (lead(at).detach().abs() <= _TIE * (1 + size)) & (length > 0) & torch.isfinite(at).all(-1)
    normal = -g / length.where(length > 0, torch.ones_like(length)).unsqueeze(-1)
    aside = _ASIDE * (1 + torch.linalg.vector_norm(at, dim=-1))

    def sides(distance: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        shift = distance.unsqueeze(-1) * normal
        before, behind = at - shift, at + shift
        slopes = [(objective.gradient(x).detach() * normal).sum(-1) for x in (before, behind)]
        classes = [predict(x).detach().argmax(-1) for x in (before, behind)]
        return slopes[0], slopes[1], (classes[0] == top[..., 0]) & (classes[1] == top[..., 1])

    far_before, far_behind, right_far = sides(aside)
    before, behind, right = sides(aside / 2)
    # The smooth part of the jump halves with the distance; extrapolated to 0 it is gone.
    jump = (before - behind) - (far_before - far_behind) / 2
    barrier = jump.where(jump.abs() > _KINK * (before.abs() + behind.abs()), torch.zeros_like(jump))
    drive = -(before + behind) / 2
    known = known & right & right_far & torch.isfinite(drive) & torch.isfinite(barrier)
    unknown = torch.full_like(drive, torch.nan)
    return Barrier(drive.where(known, unknown), barrier.where(known, unknown), known)
