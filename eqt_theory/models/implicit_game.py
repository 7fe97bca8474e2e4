"""The equilibrium of a contracting game, differentiable: many steps forwards, and many backwards for the derivative."""

import math

import torch
from torch import Tensor

from eqt_theory.models.coupled_steps import Game


def equilibrium_of_game(game: Game, tolerance: float, steps: int) -> Tensor:
    """h* with h* = T(h*), its derivative `(I - dT/dh)^-1 dT`, by the contraction that the steps are.

    Args:
        game: the steps T.
        tolerance: on the largest entry of a step.
        steps: at most.

    Returns:
        h*, shape (B, n, d); nan for a sequence that did not settle.
    """
    with torch.no_grad():
        h, settled = game.f, torch.zeros(game.f.shape[:-2], dtype=torch.bool, device=game.f.device)
        for _ in range(steps):
            new = game(h)
            settled = (new - h).abs().amax((-2, -1)) <= tolerance
            h = new
            if bool(settled.all()):
                break
    if not torch.is_grad_enabled():
        return _kept(h, settled)
    at = h.detach().requires_grad_()
    image = game(at)
    result = game(h.detach())
    if result.requires_grad:
        result.register_hook(lambda incoming: _transposed(image, at, incoming, tolerance, steps))
    return _kept(result, settled)


def _transposed(image: Tensor, at: Tensor, incoming: Tensor, tolerance: float, steps: int) -> Tensor:
    """Y = incoming + (dT/dh)^T y, by repeating it."""
    y = incoming
    for _ in range(steps):
        (pulled,) = torch.autograd.grad(image, at, y, retain_graph=True, allow_unused=True)
        if pulled is None:  # nothing depends on the states, with frozen couplings
            return incoming
        new = incoming + pulled
        moved = float((new - y).abs().max())
        y = new
        if moved <= tolerance * (float(incoming.abs().max()) or 1.0):
            break
    return y


def _kept(h: Tensor, settled: Tensor) -> Tensor:
    return torch.where(settled[..., None, None], h, math.nan)
