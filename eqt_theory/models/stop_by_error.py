"""Early stopping: each sequence until a bound on its distance to the equilibrium is small enough."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.models.coupled_steps import Game, Steps
from eqt_theory.solvers.base import require_positive


@dataclass(frozen=True)
class Stopped:
    """Refined states and what is known of them.

    Args:
        h: shape (B, n, d).
        bound: not below the distance to the equilibrium, rounding included, shape (B,): Euclidean over the sequence
            with joint coupling, else the largest over positions.
        steps: taken, shape (B,).
    """

    h: Tensor
    bound: Tensor
    steps: Tensor


def run_until(rule: Steps, steps: int, error: float, bound: Callable[[Tensor], Tensor]) -> Stopped:
    """Refine until the bound is at most `error`, `steps` steps at most.

    Args:
        rule: the refinement steps.
        steps: K at most.
        error: the distance wanted, positive.
        bound: states (B, n, d) -> bounds on their distance to the equilibrium, (B,).

    Returns:
        The states, bounds and steps taken.

    Raises:
        UsageError: the error is not positive.
    """
    require_positive("stop_error", error)
    f = rule.f
    h, known = f, bound(f)
    taken = torch.zeros(f.shape[:-2], dtype=torch.int64, device=f.device)
    states = rule.states()
    for k in range(1, steps + 1):
        going = known > error
        if not bool(going.any()):
            break
        new = next(states)
        h = torch.where(going[..., None, None], new, h)
        known = torch.where(going, bound(new), known)
        taken = torch.where(going, k, taken)
    return Stopped(h, known, taken)


def game_bound(game: Game, h: Tensor, factor: float) -> Tensor:
    """`|T(h) - h|/(1 - factor)`, the largest over positions of Euclidean norms, with what rounding may hide.

    Args:
        game: the steps T, a contraction by the factor in that norm.
        h: states, shape (B, n, d).
        factor: of the contraction; a certified one may come to 1 or more where lambda gamma is very large.

    Returns:
        Bounds on the distance to the fixed point, shape (B,); infinite where the factor is not below 1, or a number is
        not finite.
    """
    if not factor < 1:
        return torch.full_like(h[..., 0, 0], torch.inf)
    u, d = torch.finfo(h.dtype).eps, h.shape[-1]
    sizes = (x.norm(dim=-1) for x in (h, game.f, game.anchor))
    size = sum(x.amax(-1) if x.ndim else x for x in sizes)
    # Each entry of a linear step is a sum of two products; with ridge terms, see their gradient below.
    rounding = (d + 16) * u * size
    ridge = game.ridge
    if ridge is not None:
        k, rows = len(ridge.rows), ridge.rows.norm()
        features = rows * size + ridge.offsets.norm(dim=-1).amax(-1)
        slopes = ridge.weights.norm() * (k**0.5 + features)
        rounding = rounding + game.step_size * (k + d + 16) * u * rows * slopes
    # The gap between an edge norm computed and the exact one is covered by d u of the sizes.
    moved = (game(h) - h).norm(dim=-1).amax(-1)
    return ((moved * (1 + d * u) + rounding) / (1 - factor) * (1 + 4 * u)).nan_to_num(torch.inf, posinf=torch.inf)
