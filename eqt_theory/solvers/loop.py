"""The loop itself: states that take their steps together, and leave when they are done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.budget import Budget, look
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.norm import norm
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.bounds import gradient_rounding
from eqt_theory.solvers.outcome import Outcome
from eqt_theory.solvers.problem import Problem
from eqt_theory.solvers.state import joined_states, promised, select_state
from eqt_theory.solvers.stopping import GradientNorm, Progress, StopRule

_CHECK_EVERY = 16
"""Steps between two looks at whether states still move."""
_DROP_COST = 2.0
"""What dropping states costs, in steps of the states that stay: they are copied, parameters and all."""


@dataclass(frozen=True)
class Rules:
    """What is the same for all states of a run.

    Args:
        solver: the step rule.
        stop: when a state is done.
        tolerance: on the norm of the residual.
        max_steps: steps at most.
        droppable: whether states can be dropped from a batch.
        clock: the budget of the run, which is told how many steps are taken; None has none.
    """

    solver: Solver
    stop: StopRule
    tolerance: float
    max_steps: int
    droppable: bool
    clock: Budget | None = None


class Block:
    """States that take their steps together; all have taken equally many.

    Args:
        rules: of the run.
        state: the solver's state for them.
        memory: the stopping rule's.
        members: for each state, its position among all, int64.

    Attributes:
        living: how many of them are not done.
        steps: how many they have taken.
    """

    def __init__(self, rules: Rules, state: Any, memory: Any, members: Tensor) -> None:
        self.rules, self.state, self.memory, self.members = rules, state, memory, members
        self.living, self.steps = len(members), 0
        self._alive: Tensor | None = None  # which of them are not done; None is all
        self._previous: Tensor | None = None
        self._limit = self._best = state.h.new_empty(0)
        self._wasted = 0.0

    def split(self, size: int) -> "list[Block]":
        """Blocks of that many states, before the first step."""
        return [
            Block(
                self.rules,
                select_state(self.state, part, len(self.members)),
                select_state(self.memory, part, len(self.members), "memory"),
                self.members[part],
            )
            for part in torch.arange(len(self.members), device=self.members.device).split(size)
        ]

    def advance(self, objective: Problem, outcome: Outcome, until: int) -> None:
        """Take steps until all states are done or that many are taken; what is done is then no longer here.

        Args:
            objective: the problem of these states.
            outcome: takes the states that are done.
            until: steps, counted from the beginning of the run; with more than `max_steps` all get done.
        """
        rules, stop, tolerance, h = self.rules, self.rules.stop, self.rules.tolerance, self.state.h
        outcome.members = self.members
        quick = isinstance(stop, GradientNorm)
        ceiling = float(self._limit.min()) if self.steps else 0.0
        for k in range(self.steps, until):
            if rules.clock is not None:
                rules.clock.done = k
            look()
            carried = promised(self.state)
            gradient = objective.residual(h) if carried is None else carried
            residual = torch.linalg.vector_norm(gradient, dim=-1).reshape(-1)
            if k == 0:
                self._limit = outcome.begin(norm(gradient).reshape(-1))
                self._best = torch.full_like(residual, torch.inf)
                ceiling = float(self._limit.min())
            outcome.snapshot(k, h, self._alive)
            due = k % _CHECK_EVERY == 0 or k == rules.max_steps
            # Most steps end here: nothing is to be looked at, and one test says that no state leaves.
            if due or not quick or not _within(residual, self._alive, tolerance, ceiling):
                residual = norm(gradient).reshape(-1)
                if quick:
                    going = (residual > tolerance) & (residual <= self._limit)
                else:
                    progress = Progress(k, h, self._previous, residual.reshape(h.shape[:-1]), tolerance)
                    going = ~stop.done(objective, progress, self.memory).reshape(-1) & (residual <= self._limit)
                self._retire(objective, outcome, k, residual, going)
                if self.living == 0:
                    return
            if self._alive is not None:
                self._wasted += len(self._alive) - self.living
                if rules.droppable and self._wasted >= _DROP_COST * self.living:
                    objective, h = self._dropped(objective, outcome), self.state.h
            if stop.needs_previous or (k + 1) % _CHECK_EVERY == 0:
                # A copy, since a step rule may work in place.
                self._previous = h.clone()
            self.state = rules.solver.step(objective, self.state)
            h, self.steps = right_kind(self.state, h), k + 1
        if self._alive is not None:
            self._dropped(objective, outcome)

    def interrupted(self, outcome: Outcome) -> None:
        """Hand over the states that are not done as they are after their last step."""
        h = self.state.h.reshape(-1, self.state.h.shape[-1])
        alive = slice(None) if self._alive is None else self._alive
        outcome.interrupt(self.steps, self.members[alive], h[alive])

    def _retire(self, objective: Problem, outcome: Outcome, k: int, residual: Tensor, going: Tensor) -> None:
        """Hand over the states that do not go on, those that have stagnated or run out of steps among them."""
        stuck = spent = None
        h = self.state.h
        if k > 0 and k % _CHECK_EVERY == 0:
            assert self._previous is not None
            stuck = _stuck(objective, h, self._previous, residual, self._best)
            self._best = torch.minimum(self._best, residual)
            going = going if stuck is None else going & ~stuck
        if k == self.rules.max_steps:
            spent, going = going, torch.zeros_like(going)
        leaving = ~going if self._alive is None else self._alive & ~going
        if bool(leaving.any()):
            positions = leaving.nonzero().squeeze(-1)
            failed = outcome.retire(k, positions, h, residual, stuck, spent)
            self.living -= len(positions)
            self._alive = ~leaving if self._alive is None else self._alive & ~leaving
            # States that have failed go at once: their numbers may upset the step rule.
            self._wasted = torch.inf if failed else self._wasted

    def _dropped(self, objective: Problem, outcome: Outcome) -> Problem:
        """Keep nothing of the states that are done; the problem of the others."""
        assert self._alive is not None
        keep, size = self._alive.nonzero().squeeze(-1), len(self._alive)
        self.state, self.memory = select_state(self.state, keep, size), select_state(self.memory, keep, size, "memory")
        self._previous = select_state(self._previous, keep, size)
        self._best, self._limit = self._best[keep], self._limit[keep]
        outcome.keep(keep)
        self.members, self._alive, self._wasted = outcome.members, None, 0.0
        return objective.select(keep)


def joined(blocks: Sequence[Block], size: int) -> list[Block]:
    """The same states in fewer blocks of at most that size, where their states can be joined.

    Args:
        blocks: that have taken equally many steps, at least one, and of which nothing is to be dropped.
        size: the most states of a block.

    Returns:
        The blocks; those that no other fits stay as they are.
    """
    result: list[Block] = []
    for block in sorted(blocks, key=lambda block: block.living):
        last = result[-1] if result else None
        whole = _pair(last, block) if last is not None and last.living + block.living <= size else None
        result[-1 if whole else len(result) :] = [whole or block]
    return result


def _pair(one: Block, other: Block) -> Block | None:
    """Both in one, or None where their states cannot be joined."""
    parts = [(b.state, b.memory, b._previous, b._best, b._limit) for b in (one, other)]
    found = joined_states(parts)
    if found is None:
        return None
    state, memory, previous, best, limit = found
    both = Block(one.rules, state, memory, torch.cat([one.members, other.members]))
    both.steps, both._previous, both._best, both._limit = one.steps, previous, best, limit
    return both


def _within(residual: Tensor, alive: Tensor | None, tolerance: float, ceiling: float) -> bool:
    """Whether the gradient norms of all states that still count lie above the tolerance and not above the ceiling."""
    low, high = torch.aminmax(residual if alive is None else torch.where(alive, residual, ceiling))
    # A nan fails the comparisons.
    return tolerance < float(low) and float(high) <= ceiling


def right_kind(state: Any, like: Tensor) -> Tensor:
    """The states in a solver's state, if they are of the right kind.

    Args:
        state: what a step rule returned.
        like: the states before.

    Returns:
        state.h.

    Raises:
        UsageError: there is none, or it has another shape, dtype or device.
    """
    h = getattr(state, "h", None)
    if not isinstance(h, Tensor):
        raise UsageError(f"the solver's state must have h, a tensor of shape (..., d), got {type(state).__name__}")
    if h.shape != like.shape or h.dtype != like.dtype or h.device != like.device:
        raise UsageError(
            f"state.h must keep shape {tuple(like.shape)}, {like.dtype} on {like.device}, "
            f"got shape {tuple(h.shape)}, {h.dtype} on {h.device}"
        )
    return h


def _stuck(objective: Problem, h: Tensor, previous: Tensor, residual: Tensor, best: Tensor) -> Tensor | None:
    """Which states have come to rest at rounding level: a flat mask, or None where none is even a candidate."""
    stale = residual >= best
    if not bool(stale.any()):
        return None
    unit = torch.finfo(h.dtype).eps / 2
    still = norm(h - previous).reshape(-1) <= 4 * unit * norm(h).reshape(-1)
    return stale & (still | (residual <= gradient_rounding(objective, h, quick=True).reshape(-1)))
