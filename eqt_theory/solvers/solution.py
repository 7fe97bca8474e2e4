"""What a solve returns: the states, how each of them ended, and how far it can still be from the solution."""

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.display import span, table
from eqt_theory.solvers.bounds import error_bound
from eqt_theory.solvers.problem import Problem

_FEW, _SHORT = 64, 8  # states whose error bound a notebook may work out, coordinates that it shows


class Status(Enum):
    """How a state ended. The value is a sentence for the user."""

    CONVERGED = "The gradient norm of Phi, or the residual of a map, is at most the tolerance."
    MAX_STEPS = "The steps ran out first; allow more of them, or check the step size against the guarantee."
    DIVERGED = "The residual grew a trillionfold; the step size is probably above 2/M, or the map expands."
    NONFINITE = (
        "A nan or an infinity appeared in h, grad Phi or Phi; the step rule left the domain where Phi is defined, "
        "or the range of floating-point numbers."
    )
    STAGNATED = (
        "Steps no longer change the state or its gradient beyond rounding, above the tolerance; "
        "loosen the tolerance, use float64, or take larger steps."
    )
    STOPPED = "The stopping rule ended the run; the residual is above the tolerance."
    LEFT_DOMAIN = (
        "The state lies outside of the domain on which the problem says that it is defined; take shorter steps, or an "
        "Inclusion with the projection onto that domain."
    )


@checked
@dataclass(frozen=True)
class Solution:
    """The result of `solve`. `...` is the batch shape.

    Args:
        h: final states, shape (..., d).
        steps: steps taken per state, int64, shape (...).
        status: one Status where there is no batch, else an object array of them, shape (...).
        residual: |grad Phi(h)|, or the norm of the problem's own residual, shape (...).
        objective: the problem, from which the error bound is worked out.
        trajectory: states at `trajectory_steps`, shape (n, ..., d); a state that is done keeps its last value.
            None unless asked for.
        trajectory_steps: the step numbers recorded, 0 first.
    """

    h: Tensor
    steps: Tensor
    status: "Status | np.ndarray"
    residual: Tensor
    objective: Problem = field(repr=False)
    trajectory: Tensor | None = None
    trajectory_steps: tuple[int, ...] = ()

    @cached_property
    def error_bound(self) -> Tensor | None:
        """Upper bound on |h - h*|, shape (...), infinite where none can be given; None where nothing is declared.

        It rests on m > 0 of Phi, on the contraction of a FixedPoint, on mu and lipschitz of an Inclusion; their
        `error_bound` and `bounds.error_bound` say how. Computed when first read (the curvature of a large batch costs
        more than solving it) from the problem as it is then.
        """
        with torch.no_grad():
            return error_bound(self.objective, self.h.detach())

    @property
    def converged(self) -> Tensor:
        """Whether each state converged, bool, shape (...)."""
        flags = np.asarray(np.asarray(self.status, dtype=object) == Status.CONVERGED, dtype=bool)
        return torch.as_tensor(flags, device=self.h.device).reshape(self.residual.shape)

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {s.name}" for s, number in self._counts().items())
        return f"Solution of shape {tuple(self.h.shape)}: {counts or 'no states'}"

    def _counts(self) -> dict[Status, int]:
        statuses = list(np.asarray(self.status, dtype=object).reshape(-1))
        return {s: statuses.count(s) for s in Status if s in statuses}

    def _repr_html_(self) -> str:
        """For notebooks; the error bound of a large batch is left out where it is not known yet, since it costs."""
        counts = self._counts()
        cheap = self.residual.numel() <= _FEW or "error_bound" in self.__dict__
        bound = self.error_bound if cheap else None
        state = ", ".join(f"{x:.6g}" for x in self.h.tolist()) if self.h.ndim == 1 and len(self.h) <= _SHORT else ""
        return table(
            {
                "states": f"shape {tuple(self.h.shape)}",
                "h": f"({state})" if state else "",
                **{s.name.lower().replace("_", " "): f"{number}. {s.value}" for s, number in counts.items()},
                "steps": span(self.steps.reshape(-1).tolist()),
                "|grad Phi|": span(self.residual.detach().reshape(-1).tolist(), 3),
                "|h - h*| at most": "" if bound is None else span(bound.reshape(-1).tolist(), 3),
            }
        )


def status_array(codes: Tensor, order: tuple[Status, ...], batch: torch.Size) -> "Status | np.ndarray":
    """Statuses from their positions in `order`, in the shape of the batch; a bare Status where there is none."""
    flat = np.empty(codes.numel(), dtype=object)
    flat[:] = [order[code] for code in codes.tolist()]
    if not batch:
        return flat[0]
    array = flat.reshape(tuple(batch))
    array.setflags(write=False)
    return array
