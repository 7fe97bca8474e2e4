"""solve: the only loop. It runs a step rule over a batch; states that are done leave the batch."""

from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, check_count, check_positive
from eqt_theory.solvers.batch import Batch, arrange
from eqt_theory.solvers.bounds import gradient_rounding
from eqt_theory.solvers.outcome import Outcome
from eqt_theory.solvers.solution import Solution
from eqt_theory.solvers.state import GradientState, select_state
from eqt_theory.solvers.stopping import GradientNorm, Progress, StopRule

_GROWTH = 1e12
"""A state has diverged once its gradient norm exceeds this times the larger of its first one and the tolerance."""
_CHECK_EVERY = 16
"""Steps between two looks at whether states still move."""
_DROP_COST = 2.0
"""What dropping states costs, in steps of the states that stay: they are copied, parameters and all."""


def solve(
    objective: Objective,
    solver: Solver,
    start: Tensor | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    record: bool | int = False,
    *,
    stop: StopRule | None = None,
) -> Solution:
    """Run a step rule on Phi until every state is done.

    A state is done once |grad Phi| <= tolerance (or the stopping rule says so), or its gradient norm is not finite
    or has grown by 1e12 over its first one, or, looked at every 16 steps, it has stopped moving: its gradient norm
    is no lower than at an earlier look, and its last step was below 4 unit roundoffs of |h| or its gradient norm is
    at its rounding error (`bounds.gradient_rounding`). Each state is judged on its own. Nothing is tracked for
    autograd; for derivatives see `unroll` and `solve_implicit`.

    Args:
        objective: Phi, for one state or a batch.
        solver: the step rule.
        start: initial states, shape (..., d); the proposal if None. Never modified.
        tolerance: on |grad Phi(h)|, absolute, Euclidean norm.
        max_steps: steps at most.
        record: True keeps every state of the run, an integer n every n-th step from step 0; False none.
        stop: another criterion than the gradient norm. A state that it ends above the tolerance is STOPPED.

    Returns:
        A Solution; its statuses say, per state, how the run ended. Nothing is raised for a state that did not converge.

    Raises:
        UsageError: an argument is unusable, or the solver returns states of another shape, dtype or device, a state
            that cannot be selected, or a gradient that is not grad Phi(h).
    """
    if not isinstance(solver, Solver):
        raise UsageError(f"solver must be a Solver, got {type(solver).__name__}; wrap a function in StepRule")
    check_positive("tolerance", tolerance)
    check_count("max_steps", max_steps)
    check_count("record", int(record) if isinstance(record, bool) else record, least=0)
    stop = GradientNorm() if stop is None else stop
    if not isinstance(stop, StopRule):
        raise UsageError(f"stop must be a StopRule, got {type(stop).__name__}")
    with torch.no_grad():
        batch = arrange(objective, start)
        outcome = Outcome(batch, float(tolerance), int(record), max_steps)
        if batch.h.numel() > 0:
            _run(batch, solver, stop, float(tolerance), max_steps, outcome)
    return outcome.solution(objective)


def _run(batch: Batch, solver: Solver, stop: StopRule, tolerance: float, max_steps: int, outcome: Outcome) -> None:
    """The loop. `alive` marks the states of the present batch that still count; None is all of them."""
    objective, h, size = batch.objective, batch.h, outcome.count
    state = solver.init(objective, h)
    h = _checked(state, h)
    memory = stop.begin(objective, h)
    if batch.flat:
        # An empty selection: what cannot be dropped is told now, not in the middle of a run.
        select_state(state, outcome.members[:0], size)
    quick = isinstance(stop, GradientNorm)
    alive: Tensor | None = None
    living, wasted = size, 0.0
    best = limit = previous = None
    for k in range(max_steps + 1):
        gradient = state.gradient if isinstance(state, GradientState) else objective.gradient(h)
        residual = torch.linalg.vector_norm(gradient, dim=-1).reshape(-1)
        if limit is None or best is None:
            best = torch.full_like(residual, torch.inf)
            # A first gradient that is not finite fails the comparison, as it should.
            outcome.limit = limit = _GROWTH * residual.clamp(min=tolerance)
        if quick:
            going = residual > tolerance
        else:
            shaped = residual.reshape(h.shape[:-1])
            going = ~stop.done(objective, Progress(k, h, previous, shaped, tolerance), memory).reshape(-1)
        going &= residual <= limit
        stuck = None
        if k > 0 and k % _CHECK_EVERY == 0:
            assert previous is not None
            stuck = _stuck(objective, h, previous, residual, best)
            best = torch.minimum(best, residual)
            if stuck is not None:
                going &= ~stuck
        outcome.snapshot(k, h, alive)
        if k == max_steps:
            going = torch.zeros_like(going)
        leaving = ~going if alive is None else alive & ~going
        if bool(leaving.any()):
            positions = leaving.nonzero().squeeze(-1)
            failed = outcome.retire(k, positions, h, residual, stuck)
            living -= len(positions)
            if living == 0:
                break
            alive = ~leaving if alive is None else alive & ~leaving
            # States that have failed go at once: their numbers may upset the step rule.
            wasted = torch.inf if failed else wasted
        if alive is not None:
            wasted += len(going) - living
            if batch.flat and wasted >= _DROP_COST * living:
                keep = alive.nonzero().squeeze(-1)
                state = select_state(state, keep, len(going))
                objective, memory = objective.select(keep), select_state(memory, keep, len(going), "memory")
                best, limit, h = best[keep], limit[keep], state.h
                outcome.keep(keep)
                alive, wasted = None, 0.0
        if stop.needs_previous or (k + 1) % _CHECK_EVERY == 0:
            # A copy, since a step rule may work in place.
            previous = h.clone()
        state = solver.step(objective, state)
        h = _checked(state, h)
    if isinstance(state, GradientState):
        _check_promise(batch, outcome, tolerance)


def _checked(state: Any, like: Tensor) -> Tensor:
    """The states in a solver's state, if they are of the right kind."""
    h = getattr(state, "h", None)
    if not isinstance(h, Tensor):
        raise UsageError(f"the solver's state must have h, a tensor of shape (..., d), got {type(state).__name__}")
    if h.shape != like.shape or h.dtype != like.dtype or h.device != like.device:
        raise UsageError(
            f"state.h must keep shape {tuple(like.shape)}, {like.dtype} on {like.device}, "
            f"got shape {tuple(h.shape)}, {h.dtype} on {h.device}"
        )
    return h


def _stuck(objective: Objective, h: Tensor, previous: Tensor, residual: Tensor, best: Tensor) -> Tensor | None:
    """Which states have come to rest at rounding level: a flat mask, or None where none is even a candidate."""
    stale = residual >= best
    if not bool(stale.any()):
        return None
    unit = torch.finfo(h.dtype).eps / 2
    move = torch.linalg.vector_norm(h - previous, dim=-1).reshape(-1)
    still = move <= 4 * unit * torch.linalg.vector_norm(h, dim=-1).reshape(-1)
    return stale & (still | (residual <= gradient_rounding(objective, h, quick=True).reshape(-1)))


def _check_promise(batch: Batch, outcome: Outcome, tolerance: float) -> None:
    """Raise UsageError if the gradients that the solver carried were not those of Phi at its states."""
    h = outcome.h.reshape(batch.h.shape)
    fresh = torch.linalg.vector_norm(batch.objective.gradient(h), dim=-1).reshape(-1)
    excess = fresh - 2 * outcome.residual - tolerance
    if not bool((excess > 0).any()):
        return
    excess = excess - 10 * gradient_rounding(batch.objective, h, quick=True).reshape(-1)
    wrong = (excess > 0).nonzero().reshape(-1)
    if len(wrong) > 0:
        raise UsageError(
            "state.gradient must be grad Phi at state.h, as GradientState promises; "
            f"got a norm of {float(outcome.residual[wrong[0]]):.3g} where it is {float(fresh[wrong[0]]):.3g}"
        )
