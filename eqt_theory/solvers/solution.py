"""What a solve returns: the states, how each of them ended, and how far it can still be from the solution."""

import json
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.display import span, table
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import existing_file, writable_file, write_text
from eqt_theory.energies.norm import norm
from eqt_theory.solvers.bounds import error_bound, gradient_rounding
from eqt_theory.solvers.problem import Problem, require_problem
from eqt_theory.solvers.solution_file import ForgottenProblem, from_file, to_data

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
    OUT_OF_TIME = "The seconds were over first; the state is where its last step led it. Allow more of them."


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
        more than solving it) from the problem as it is then. None also where a file was read without the problem.
        """
        if isinstance(self.objective, ForgottenProblem):
            return None
        with torch.no_grad():
            return error_bound(self.objective, self.h.detach())

    @property
    def converged(self) -> Tensor:
        """Whether each state converged, bool, shape (...)."""
        flags = np.asarray(np.asarray(self.status, dtype=object) == Status.CONVERGED, dtype=bool)
        return torch.as_tensor(flags, device=self.h.device).reshape(self.residual.shape)

    def save(self, path: str | Path) -> None:
        """Write states, residuals, statuses, steps and the trajectory to a JSON file, every number exact.

        The problem is code and stays out of the file.

        Args:
            path: the file.

        Raises:
            UsageError: no file can be written there.
            OSError: the disk is full, say.
        """
        write_text(writable_file(path), json.dumps(to_data(self, {s: s.name for s in Status}), allow_nan=False) + "\n")

    @classmethod
    def load(cls, path: str | Path, objective: Problem | None = None) -> "Solution":
        """Read it from a JSON file.

        Args:
            path: the file.
            objective: the problem that it solves. Its residuals at the states are worked out again, and must be those
                of the file. Without it statuses and residuals are what the file says, and whatever needs the problem,
                as the error bound, is not to be had.

        Returns:
            The solution, on the CPU or where the problem is.

        Raises:
            UsageError: there is no such file, or it holds no solution, or one of another problem.
            OSError: it cannot be read.
        """
        data = from_file(existing_file(path, "a solution"), {s.name: s for s in Status})
        order = tuple(Status)
        codes = torch.tensor([order.index(one) for one in data["status"]], dtype=torch.int64)
        data["status"] = status_array(codes, order, data["residual"].shape)
        if objective is None:
            return cls(**data, objective=cast("Problem", ForgottenProblem()))
        require_problem(objective)
        place = objective.initial.device
        moved: dict[str, Any] = {k: item.to(place) if isinstance(item, Tensor) else item for k, item in data.items()}
        found = cls(**moved, objective=objective)
        found._require_residuals(path)
        return found

    def _require_residuals(self, path: str | Path) -> None:
        """Refuse residuals that are not those of the problem, beyond rounding.

        Raises:
            UsageError: they are of another one.
        """
        with torch.no_grad():
            h = self.objective.checked(self.h, "the saved h")
            fresh = norm(self.objective.residual(h))
            allowed = 10 * gradient_rounding(self.objective, h, quick=True)
        if fresh.shape != self.residual.shape:
            raise UsageError(f"{path} is of another problem: its batch is {tuple(self.residual.shape)}")
        wrong = ~((fresh - self.residual).abs() <= allowed) & torch.isfinite(fresh + self.residual)
        wrong |= torch.isfinite(fresh) != torch.isfinite(self.residual)
        if bool(wrong.any()):
            one = wrong.reshape(-1).nonzero()[0]
            raise UsageError(
                f"{path} is of another problem: a residual is {float(self.residual.reshape(-1)[one]):.6g} in the file, "
                f"{float(fresh.reshape(-1)[one]):.6g} in the objective"
            )

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
