"""Anderson acceleration (type II) of gradient descent and of maps, with a ridge that scales with the residuals."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.solvers.base import Solver, per_state, require_count, require_positive
from eqt_theory.solvers.gradient_descent import descend
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class AndersonState(GradientState):
    """The last differences of states and of residuals, shape (..., window, d), zero where there are none yet."""

    moves: Tensor
    changes: Tensor
    scale: "float | Tensor"
    count: int


@checked
@final
@dataclass(frozen=True)
class Anderson(Solver):
    """Gradient descent from the combination of recent states with the smallest combined gradient (Anderson 1965).

    With S, Y the last differences of states and gradients, c = argmin |grad Phi - Y c|^2 + ridge * sum (|y_i|
    c_i)^2 and h+ = (h - S c) - step_size * (grad Phi - Y c). The ridge is relative to each difference, so it
    shrinks along with the residuals: an absolute one turns the method back into gradient descent once they fall
    below it.

    For a FixedPoint the residual h - T(h) stands in place of the gradient, and step size 1 is the usual choice: without
    a history the step is h+ = T(h). Near a fixed point the residuals of a smooth contraction converge no slower than
    those of Picard (Toth and Kelley 2015, Thm 2.3); far from it nothing is guaranteed.

    A state whose gradient norm would not fall takes the plain gradient step and forgets its history.

    Args:
        step_size: of the gradient step, below 2/M, or of the step along the residual of a map; a number, or one per
            state as a tensor of the batch shape.
        window: how many differences are kept.
        ridge: relative; at least 16 unit roundoffs are used.

    Raises:
        UsageError: a parameter outside its range.
    """

    solves: ClassVar[tuple[type, ...]] = (Objective, FixedPoint)
    equivariant: ClassVar[bool] = True

    step_size: "float | Tensor"
    window: int = 5
    ridge: float = 1e-12

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        require_count("window", self.window)
        require_positive("ridge", self.ridge)

    def init(self, objective: Objective | FixedPoint, h: Tensor) -> AndersonState:
        history = h.new_zeros((*h.shape[:-1], self.window, h.shape[-1]))
        return AndersonState(h, objective.residual(h), history, history, per_state("step_size", self.step_size, h), 0)

    def step(self, objective: Objective | FixedPoint, state: AndersonState) -> AndersonState:
        weights = self._weights(state)
        base = state.h - torch.einsum("...wd,...w->...d", state.moves, weights)
        slope = state.gradient - torch.einsum("...wd,...w->...d", state.changes, weights)
        h = descend(base, slope, state.scale)
        gradient = objective.residual(h)
        norm = torch.linalg.vector_norm(state.gradient, dim=-1)
        # "Not below" also catches nan.
        rejected = ~(torch.linalg.vector_norm(gradient, dim=-1) < norm) & (weights != 0).any(-1)
        moves, changes = state.moves, state.changes
        if bool(rejected.any()):
            plain = descend(state.h, state.gradient, state.scale)
            column = rejected.unsqueeze(-1)
            h = torch.where(column, plain, h)
            gradient = torch.where(column, objective.residual(plain), gradient)
            moves = moves.masked_fill(column.unsqueeze(-1), 0.0)
            changes = changes.masked_fill(column.unsqueeze(-1), 0.0)
        slot = torch.tensor([state.count % self.window], device=h.device)
        moves = moves.index_copy(-2, slot, (h - state.h).unsqueeze(-2))
        changes = changes.index_copy(-2, slot, (gradient - state.gradient).unsqueeze(-2))
        return AndersonState(h, gradient, moves, changes, state.scale, state.count + 1)

    def _weights(self, state: AndersonState) -> Tensor:
        """The combination c, shape (..., window); 0 for empty slots and where the small system fails."""
        norms = torch.linalg.vector_norm(state.changes, dim=-1)
        inverse = torch.where(norms > 0, 1 / torch.where(norms > 0, norms, 1.0), 0.0)
        unit = inverse.unsqueeze(-1) * state.changes
        ridge = max(self.ridge, 16 * torch.finfo(unit.dtype).eps)
        gram = unit @ unit.mT + ridge * torch.eye(self.window, dtype=unit.dtype, device=unit.device)
        right = unit @ state.gradient.unsqueeze(-1)
        factor, failed = torch.linalg.cholesky_ex(gram)
        weights = torch.cholesky_solve(right, factor).squeeze(-1) * inverse
        sound = (failed == 0) & torch.isfinite(weights).all(-1)
        return torch.where(sound.unsqueeze(-1), weights, 0.0)
