"""What a run has found so far: states leave their results here, in the order that the user gave them."""

import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.batch import Batch
from eqt_theory.solvers.solution import Solution, Status, status_array

_ORDER = tuple(Status)


class Outcome:
    """Results of the states that have left the run.

    Args:
        batch: the run's batch.
        tolerance: on the gradient norm.
        every: steps between recorded states; 0 records nothing.

    Attributes:
        members: for each state of the present batch, its position among all, int64.
    """

    def __init__(self, batch: Batch, tolerance: float, every: int) -> None:
        self._shape, self._tolerance, self._every = batch.shape, tolerance, every
        self.count = batch.shape.numel()
        self.h = batch.h.reshape(self.count, batch.h.shape[-1]).clone()
        self.residual = self.h.new_full((self.count,), torch.inf)
        self.members = torch.arange(self.count, device=self.h.device)
        self._steps = torch.zeros(self.count, dtype=torch.int64, device=self.h.device)
        self._codes = torch.full_like(self._steps, _ORDER.index(Status.MAX_STEPS))
        self._snapshots: list[Tensor] = []
        self._recorded: list[int] = []

    def snapshot(self, step: int, h: Tensor, alive: Tensor | None) -> None:
        """Record all states at this step, if it is one to record."""
        if self._every == 0 or step % self._every != 0:
            return
        rows, whole = h.reshape(-1, h.shape[-1]), self.h.clone()
        if alive is None:
            whole[self.members] = rows
        else:
            whole[self.members[alive]] = rows[alive]
        self._snapshots.append(whole)
        self._recorded.append(step)

    def retire(
        self, step: int, positions: Tensor, h: Tensor, residual: Tensor, limit: Tensor, stuck: Tensor | None, last: bool
    ) -> bool:
        """Take the results of the states at these positions of the present batch.

        Returns:
            Whether one of them diverged or is not finite.
        """
        rows, norms = h.reshape(-1, h.shape[-1])[positions], residual[positions]
        status = torch.full_like(positions, _ORDER.index(Status.MAX_STEPS if last else Status.STOPPED))

        def mark(which: Tensor, meaning: Status) -> None:
            status.masked_fill_(which, _ORDER.index(meaning))

        if stuck is not None:
            mark(stuck[positions], Status.STAGNATED)
        mark(norms > limit[positions], Status.DIVERGED)
        mark(norms <= self._tolerance, Status.CONVERGED)
        mark(~(torch.isfinite(norms) & torch.isfinite(rows).all(-1)), Status.NONFINITE)
        members = self.members[positions]
        self.h[members], self.residual[members] = rows, norms
        self._steps[members], self._codes[members] = step, status
        bad = (status == _ORDER.index(Status.DIVERGED)) | (status == _ORDER.index(Status.NONFINITE))
        return bool(bad.any())

    def keep(self, positions: Tensor) -> None:
        """Only the states at these positions stay in the present batch."""
        self.members = self.members[positions]

    def solution(self, objective: Objective) -> Solution:
        """The results in the user's shape."""
        shape, d = self._shape, self.h.shape[-1]
        if self.count == 0 and self._every > 0:
            self._snapshots, self._recorded = [self.h], [0]
        trajectory = None
        if self._every > 0:
            trajectory = torch.stack(self._snapshots).reshape(len(self._snapshots), *shape, d)
        return Solution(
            h=self.h.reshape(*shape, d),
            steps=self._steps.reshape(shape),
            status=status_array(self._codes, _ORDER, shape),
            residual=self.residual.reshape(shape),
            objective=objective,
            trajectory=trajectory,
            trajectory_steps=tuple(self._recorded),
        )
