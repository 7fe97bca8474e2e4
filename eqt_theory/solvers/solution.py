"""What a solve returns: the states, how each of them ended, and how far it can still be from the solution."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.bounds import error_bound


class Status(Enum):
    """How a state ended. The value is a sentence for the user."""

    CONVERGED = "The gradient norm of Phi is at most the tolerance."
    MAX_STEPS = "The steps ran out first; allow more of them, or check the step size against the guarantee."
    DIVERGED = "The gradient norm of Phi grew a trillionfold; the step size is probably above 2/M."
    NONFINITE = "A nan or an infinity appeared; the energy or the step rule left the range of floating-point numbers."
    STAGNATED = (
        "Steps no longer change the state or its gradient beyond rounding, above the tolerance; "
        "loosen the tolerance, use float64, or take larger steps."
    )
    STOPPED = "The stopping rule ended the run; the gradient norm of Phi is above the tolerance."


@dataclass(frozen=True)
class Solution:
    """The result of `solve`. `...` is the batch shape.

    Args:
        h: final states, shape (..., d).
        steps: steps taken per state, int64, shape (...).
        status: one Status where there is no batch, else an object array of them, shape (...).
        residual: |grad Phi(h)|, Euclidean norm, shape (...).
        objective: Phi, from which the error bound is worked out.
        trajectory: states at `trajectory_steps`, shape (n, ..., d); a state that is done keeps its last value.
            None unless asked for.
        trajectory_steps: the step numbers recorded, 0 first.
    """

    h: Tensor
    steps: Tensor
    status: "Status | np.ndarray"
    residual: Tensor
    objective: Objective = field(repr=False)
    trajectory: Tensor | None = None
    trajectory_steps: tuple[int, ...] = ()

    @cached_property
    def error_bound(self) -> Tensor | None:
        """Upper bound on |h - h*|, shape (...), infinite where none can be given; None where Phi declares no m > 0.

        `bounds.error_bound` says how. Computed when first read (the curvature of a large batch costs more than solving
        it) from Phi as it is then.
        """
        with torch.no_grad():
            return error_bound(self.objective, self.h.detach())

    @property
    def converged(self) -> Tensor:
        """Whether each state converged, bool, shape (...)."""
        flags = np.asarray(np.asarray(self.status, dtype=object) == Status.CONVERGED, dtype=bool)
        return torch.as_tensor(flags, device=self.h.device).reshape(self.residual.shape)

    def __str__(self) -> str:
        statuses = list(np.asarray(self.status, dtype=object).reshape(-1))
        counts = ", ".join(f"{statuses.count(s)} {s.name}" for s in Status if s in statuses)
        return f"Solution of shape {tuple(self.h.shape)}: {counts or 'no states'}"


def status_array(codes: Tensor, order: tuple[Status, ...], batch: torch.Size) -> "Status | np.ndarray":
    """Statuses from their positions in `order`, in the shape of the batch; a bare Status where there is none."""
    flat = np.empty(codes.numel(), dtype=object)
    flat[:] = [order[code] for code in codes.tolist()]
    if not batch:
        return flat[0]
    array = flat.reshape(tuple(batch))
    array.setflags(write=False)
    return array
