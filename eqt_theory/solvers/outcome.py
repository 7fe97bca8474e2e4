"""What a run has found so far: states leave their results here, in the order that the user gave them."""

import torch
from torch import Tensor

from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.solvers.batch import Batch
from eqt_theory.solvers.problem import Problem
from eqt_theory.solvers.solution import Solution, Status, status_array

_ORDER = tuple(Status)
_GROWTH = 1e12
"""A state has diverged once its gradient norm exceeds this times the larger of its first one and the tolerance."""


class Outcome:
    """Results of the states that have left the run.

    Args:
        batch: the run's batch.
        tolerance: on the gradient norm.
        every: steps between recorded states; 0 records nothing.

    Attributes:
        members: for each state of the present batch, its position among all, int64.
        limit: gradient norms above which a state has diverged, for all states.
        h: final states, for those that have left.
        residual: their gradient norms.
        undefined: which states lie where Phi has no finite value; set at the end.
        outside: which states lie outside of the domain that the problem declares; set at the end.
        carried: whether the solver carries residuals; set at the beginning.
    """

    def __init__(self, batch: Batch, tolerance: float, every: int) -> None:
        self._shape, self._tolerance, self._every = batch.shape, tolerance, every
        self.count = batch.shape.numel()
        self.h = batch.h.reshape(self.count, batch.h.shape[-1]).clone()
        self.residual = self.h.new_full((self.count,), torch.inf)
        self.limit = torch.full_like(self.residual, torch.inf)
        self.members = torch.arange(self.count, device=self.h.device)
        self.undefined, self.outside = (torch.zeros_like(self.residual, dtype=torch.bool) for _ in range(2))
        self._steps = torch.zeros(self.count, dtype=torch.int64, device=self.h.device)
        self._stuck, self._spent, self._left = (torch.zeros_like(self.undefined) for _ in range(3))
        self.carried = False
        self._snapshots: list[Tensor] = []
        self._recorded: list[int] = []

    @property
    def recording(self) -> bool:
        """Whether states are recorded along the way."""
        return self._every > 0

    @property
    def finished(self) -> int:
        """How many states have left the run by themselves."""
        return int(self._left.sum())

    def begin(self, residual: Tensor) -> Tensor:
        """The limits of the present batch, flat, from its first gradient norms."""
        # Finite, so that what is not finite is above it.
        limit = (_GROWTH * residual.clamp(min=self._tolerance)).clamp(max=torch.finfo(residual.dtype).max)
        self.limit[self.members] = limit
        return limit

    def snapshot(self, step: int, h: Tensor, alive: Tensor | None) -> None:
        """Record all states at this step, if it is one to record.

        Raises:
            UsageError: the recording no longer fits into half of the memory.
        """
        if self._every == 0 or step % self._every != 0:
            return
        # Before it is too late: a run that never arrives would fill the memory, and the process would be ended.
        refuse_beyond_memory(
            "the recording (record=n keeps every n-th)",
            len(self._snapshots) + 1,
            bytes_each=self.h.numel() * self.h.element_size(),
            unit="states",
        )
        rows, whole = h.reshape(-1, h.shape[-1]), self.h.clone()
        if alive is None:
            whole[self.members] = rows
        else:
            whole[self.members[alive]] = rows[alive]
        self._snapshots.append(whole)
        self._recorded.append(step)

    def retire(
        self,
        step: int,
        positions: Tensor,
        h: Tensor,
        residual: Tensor,
        stuck: Tensor | None = None,
        spent: Tensor | None = None,
    ) -> bool:
        """Take the results of the states at these positions of the present batch.

        Args:
            step: steps taken.
            positions: int64, shape (k,).
            h: states of the present batch.
            residual: their gradient norms, flat.
            stuck: which of them have stagnated, flat; None is none.
            spent: which of them would go on, had they more steps, flat; None is none.

        Returns:
            Whether one of them diverged or is not finite.
        """
        norms, members = residual[positions], self.members[positions]
        self.h[members] = h.reshape(-1, h.shape[-1])[positions]
        self.residual[members] = norms
        self._steps[members] = step
        self._left[members] = True
        if stuck is not None:
            self._stuck[members] = stuck[positions]
        if spent is not None:
            self._spent[members] = spent[positions]
        # A nan fails the comparison.
        return not float(norms.max()) <= self._tolerance and not bool((norms <= self.limit[members]).all())

    def interrupt(self, step: int, members: Tensor, h: Tensor) -> None:
        """Take states that are still on their way, at their positions among all."""
        self.h[members] = h
        self._steps[members] = step

    def overtaken(self, residual: Tensor) -> None:
        """The gradient norms of all states, flat, for those that were still on their way when time was over."""
        self.residual = torch.where(self._left, self.residual, residual)

    def keep(self, positions: Tensor) -> None:
        """Only the states at these positions stay in the present batch."""
        self.members = self.members[positions]

    def solution(self, objective: Problem) -> Solution:
        """The results in the user's shape."""
        shape, d = self._shape, self.h.shape[-1]
        if self._every > 0 and not self._snapshots:  # no state, or time was over before the first step
            self._snapshots, self._recorded = [self.h], [0]
        trajectory = None
        if self._every > 0:
            trajectory = torch.stack(self._snapshots).reshape(len(self._snapshots), *shape, d)
        return Solution(
            h=self.h.reshape(*shape, d),
            steps=self._steps.reshape(shape),
            status=status_array(self._codes(), _ORDER, shape),
            residual=self.residual.reshape(shape),
            objective=objective,
            trajectory=trajectory,
            trajectory_steps=tuple(self._recorded),
        )

    def _codes(self) -> Tensor:
        """Each state's status as a position in `_ORDER`; what is not finite never counts as converged."""
        status = torch.full_like(self._steps, _ORDER.index(Status.STOPPED))
        finite = torch.isfinite(self.residual) & torch.isfinite(self.h).all(-1)
        for which, meaning in (
            (~self._left, Status.OUT_OF_TIME),
            (self._spent, Status.MAX_STEPS),
            (self._stuck, Status.STAGNATED),
            (self.residual > self.limit, Status.DIVERGED),
            (self.residual <= self._tolerance, Status.CONVERGED),
            (self.outside, Status.LEFT_DOMAIN),
            # Small slopes of a formula beyond the domain of Phi are those of nothing.
            (~finite | (self.undefined & (self.residual <= self._tolerance)), Status.NONFINITE),
        ):
            status.masked_fill_(which, _ORDER.index(meaning))
        return status
