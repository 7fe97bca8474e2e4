"""Backtracking along a direction, each state on its own, down to the rounding floor."""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class ValuedState(GradientState):
    """A gradient state that also carries Phi(h), shape (...)."""

    value: Tensor


def valued(objective: Objective, h: Tensor) -> tuple[Tensor, Tensor]:
    """Phi(h), shape (...), and its gradient, (..., d)."""
    value, gradient = objective.value_and_gradient(h)
    return value, gradient


def backtrack(
    objective: Objective,
    state: ValuedState,
    direction: Tensor,
    length: Tensor,
    decrease: float,
    halvings: int | None = 60,
) -> tuple[ValuedState, Tensor]:
    """Halve the length until Phi(h + t p) <= Phi(h) + decrease * t * <grad Phi(h), p> (Armijo 1966).

    Where that decrease is lost in Phi's rounding, the slope at the new point decides instead, which on quadratics is
    the same test: <grad Phi(h + t p), p> <= (2 decrease - 1) <grad Phi(h), p> (Hager and Zhang 2005, Eq. 4.1).
    Terms that cancel inside an energy have more rounding than its values tell. It shows where values contradict slopes:
    Phi does not fall enough although the slopes at both ends agree to a half, as no convex Phi can. The search then
    begins once more with that much rounding allowed for.

    Args:
        objective: Phi.
        state: where to start, with Phi and its gradient.
        direction: p, shape (..., d), a descent direction.
        length: the first t, positive, shape (...).
        decrease: the share of the predicted decrease asked for, in (0, 1/2].
        halvings: how often to halve at most; None goes on for as long as the length still moves the state.

    Returns:
        The new state, unchanged where no length was accepted, and the lengths, shape (...), 0 there.
    """
    slope = (state.gradient * direction).sum(-1)
    # Phi is a difference of terms of this size; what is below its square root of precision is left to the slope.
    away = torch.linalg.vector_norm(state.h - objective.proposal, dim=-1) / objective.gamma
    reach = torch.linalg.vector_norm(state.h, dim=-1) + torch.linalg.vector_norm(objective.proposal, dim=-1)
    coarse = torch.finfo(state.h.dtype).eps ** 0.5
    h, gradient, value = state.h, state.gradient, state.value
    first, taken, hidden = length, torch.zeros_like(length), torch.zeros_like(length)
    open_ = torch.isfinite(slope) & torch.isfinite(length) & ~torch.isnan(value)
    for _ in itertools.count() if halvings is None else range(halvings + 1):
        trial = state.h + length.unsqueeze(-1) * direction
        open_ = open_ & (trial != state.h).any(-1)
        trial_value, trial_gradient = valued(objective, trial)
        wanted, change = decrease * length * slope, trial_value - state.value
        trial_slope = (trial_gradient * direction).sum(-1)
        size = trial_value.abs() + state.value.abs() + reach * away
        noise = coarse * size + hidden
        by_slope = trial_slope <= (2 * decrease - 1) * slope
        rounding = (wanted.abs() <= noise) & (change <= noise) & torch.isfinite(noise)
        accepted = open_ & torch.where(rounding, by_slope, trial_value <= state.value + wanted)
        if bool(accepted.all()):  # as mostly of a single state
            return ValuedState(trial, trial_gradient, trial_value), length
        column = accepted.unsqueeze(-1)
        h, gradient = torch.where(column, trial, h), torch.where(column, trial_gradient, gradient)
        value, taken = torch.where(accepted, trial_value, value), torch.where(accepted, length, taken)
        open_ = open_ & ~accepted
        if not bool(open_.any()):
            break
        # Phi counts in nats, as -log of a density; a rise of more than the root of the precision of one is a hill.
        clash = (change > wanted) & (change <= coarse * (1 + size)) & ((trial_slope - slope).abs() <= slope.abs() / 2)
        clash = clash & open_ & (slope < 0) & (hidden == 0)
        hidden = torch.where(clash, 4 * (change - length * slope), hidden)
        length = torch.where(clash, first, torch.where(open_, length / 2, length))
    return ValuedState(h, gradient, value), taken
