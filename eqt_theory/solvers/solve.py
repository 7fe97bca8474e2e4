"""solve: the only loop. It runs a step rule over a batch; states that are done leave the batch."""

from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.budget import look
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.norm import norm
from eqt_theory.solvers.base import Solver, require_count, require_positive
from eqt_theory.solvers.batch import Batch, arrange
from eqt_theory.solvers.bounds import gradient_rounding
from eqt_theory.solvers.outcome import Outcome
from eqt_theory.solvers.problem import Problem, require_problem
from eqt_theory.solvers.solution import Solution
from eqt_theory.solvers.state import promised, select_state
from eqt_theory.solvers.stopping import GradientNorm, Progress, StopRule

_CHECK_EVERY = 16
"""Steps between two looks at whether states still move."""
_DROP_COST = 2.0
"""What dropping states costs, in steps of the states that stay: they are copied, parameters and all."""


@checked
@in_standard_torch
def solve(
    objective: Problem,
    solver: Solver,
    start: Tensor | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    record: bool | int = False,
    *,
    stop: StopRule | None = None,
) -> Solution:
    """Run a step rule on a problem until every state is done.

    The problem is an Objective, whose residual is grad Phi, or a FixedPoint or an Inclusion with a residual of its own.
    A state is done once |grad Phi| <= tolerance, for maps once the norm of their residual is (or a stopping rule says
    so), or that norm is not finite or has grown by 1e12 over its first, or, looked at every 16 steps, it has stopped
    moving: its residual is no smaller than at an earlier look, and its last step was below 4 unit roundoffs of |h| or
    its residual is at its rounding error (`bounds.gradient_rounding`). Each state is judged on its own. At the end the
    problem is evaluated once: where Phi is not finite, as outside of the domain of a barrier, a state is NONFINITE,
    however small its gradient; a state outside of the domain that the problem declares is LEFT_DOMAIN. Nothing is
    tracked for autograd; for derivatives see `unroll` and `solve_implicit`.

    On the CPU a large batch runs block by block, a block being as many states as a cache holds; with `record`, at once.

    Args:
        objective: the problem, for one state or a batch: an Objective, a FixedPoint or an Inclusion.
        solver: the step rule.
        start: initial states, shape (..., d); the proposal, or the origin for maps, if None. Never modified.
        tolerance: on the residual |grad Phi(h)|, |h - T(h)| or |h - prox(h - F(h), 1)|, absolute, Euclidean norm.
        max_steps: steps at most.
        record: True keeps every state of the run, an integer n every n-th step from step 0; False none.
        stop: another criterion than the gradient norm. A state that it ends above the tolerance is STOPPED.

    Returns:
        A Solution; its statuses say, per state, how the run ended. Nothing is raised for a state that did not converge.

    Raises:
        UsageError: an argument is unusable, the solver does not solve problems of this kind, or it returns states of
            another shape, dtype or device, a state that cannot be selected, or a residual that is not the problem's.
    """
    if not isinstance(solver, Solver):
        raise UsageError(f"solver must be a Solver, got {type(solver).__name__}; wrap a function in StepRule")
    require_problem(objective, solver)
    require_positive("tolerance", tolerance)
    require_count("max_steps", max_steps)
    require_count("record", int(record) if isinstance(record, bool) else record, least=0)
    stop = GradientNorm() if stop is None else stop
    if not isinstance(stop, StopRule):
        raise UsageError(f"stop must be a StopRule, got {type(stop).__name__}")
    with torch.no_grad():
        batch = arrange(objective, start)
        outcome = Outcome(batch, float(tolerance), int(record))
        if batch.h.numel() > 0:
            _run(batch, solver, stop, float(tolerance), max_steps, outcome)
    return outcome.solution(objective)


def _run(batch: Batch, solver: Solver, stop: StopRule, tolerance: float, max_steps: int, outcome: Outcome) -> None:
    """All states, block by block where the batch says so: each block then stays in the processor's cache."""
    objective, size = batch.objective, outcome.count
    state = solver.init(objective, batch.h)
    h = _checked(state, batch.h)
    memory = stop.begin(objective, h)
    if batch.flat:
        # An empty selection: what cannot be dropped is told now, not in the middle of a run.
        select_state(state, outcome.members[:0], size)
    carried = promised(state) is not None
    if outcome.recording or not batch.flat or batch.block >= size:
        _advance(objective, state, memory, solver, stop, tolerance, max_steps, outcome, batch.flat)
    else:
        for members in outcome.members.split(batch.block):
            outcome.members = members
            part = select_state(state, members, size), select_state(memory, members, size, "memory")
            _advance(objective.select(members), *part, solver, stop, tolerance, max_steps, outcome, True)
    if carried:
        _check_promise(batch, outcome, tolerance)
    outcome.undefined = _undefined(batch, outcome)
    outcome.outside = ~batch.objective.within(outcome.h.reshape(batch.h.shape)).reshape(-1)


def _advance(
    objective: Problem,
    state: Any,
    memory: Any,
    solver: Solver,
    stop: StopRule,
    tolerance: float,
    max_steps: int,
    outcome: Outcome,
    droppable: bool,
) -> None:
    """The loop. `alive` marks the states of the present batch that still count; None is all of them."""
    h, living, wasted = state.h, len(outcome.members), 0.0
    quick = isinstance(stop, GradientNorm)
    alive = previous = None
    limit = best = h.new_empty(0)
    ceiling = 0.0
    for k in range(max_steps + 1):
        look()
        carried = promised(state)
        gradient = objective.residual(h) if carried is None else carried
        residual = torch.linalg.vector_norm(gradient, dim=-1).reshape(-1)
        if k == 0:
            limit, best = outcome.begin(norm(gradient).reshape(-1)), torch.full_like(residual, torch.inf)
            ceiling = float(limit.min())
        outcome.snapshot(k, h, alive)
        due = k % _CHECK_EVERY == 0 or k == max_steps
        # Most steps end here: nothing is to be looked at, and one test says that no state leaves.
        if due or not quick or not _within(residual, alive, tolerance, ceiling):
            residual = norm(gradient).reshape(-1)
            if quick:
                going = (residual > tolerance) & (residual <= limit)
            else:
                shaped = residual.reshape(h.shape[:-1])
                done = stop.done(objective, Progress(k, h, previous, shaped, tolerance), memory)
                going = ~done.reshape(-1) & (residual <= limit)
            stuck = spent = None
            if k > 0 and k % _CHECK_EVERY == 0:
                assert previous is not None
                stuck = _stuck(objective, h, previous, residual, best)
                best = torch.minimum(best, residual)
                going = going if stuck is None else going & ~stuck
            if k == max_steps:
                spent, going = going, torch.zeros_like(going)
            leaving = ~going if alive is None else alive & ~going
            if bool(leaving.any()):
                positions = leaving.nonzero().squeeze(-1)
                failed = outcome.retire(k, positions, h, residual, stuck, spent)
                living -= len(positions)
                if living == 0:
                    return
                alive = ~leaving if alive is None else alive & ~leaving
                # States that have failed go at once: their numbers may upset the step rule.
                wasted = torch.inf if failed else wasted
        if alive is not None:
            size = len(alive)
            wasted += size - living
            if droppable and wasted >= _DROP_COST * living:
                keep = alive.nonzero().squeeze(-1)
                objective, state = objective.select(keep), select_state(state, keep, size)
                memory = select_state(memory, keep, size, "memory")
                best, limit, h = best[keep], limit[keep], state.h
                outcome.keep(keep)
                alive, wasted = None, 0.0
        if stop.needs_previous or (k + 1) % _CHECK_EVERY == 0:
            # A copy, since a step rule may work in place.
            previous = h.clone()
        state = solver.step(objective, state)
        h = _checked(state, h)


def _within(residual: Tensor, alive: Tensor | None, tolerance: float, ceiling: float) -> bool:
    """Whether the gradient norms of all states that still count lie above the tolerance and not above the ceiling."""
    low, high = torch.aminmax(residual if alive is None else torch.where(alive, residual, ceiling))
    # A nan fails the comparisons.
    return tolerance < float(low) and float(high) <= ceiling


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


def _stuck(objective: Problem, h: Tensor, previous: Tensor, residual: Tensor, best: Tensor) -> Tensor | None:
    """Which states have come to rest at rounding level: a flat mask, or None where none is even a candidate."""
    stale = residual >= best
    if not bool(stale.any()):
        return None
    unit = torch.finfo(h.dtype).eps / 2
    still = norm(h - previous).reshape(-1) <= 4 * unit * norm(h).reshape(-1)
    return stale & (still | (residual <= gradient_rounding(objective, h, quick=True).reshape(-1)))


def _check_promise(batch: Batch, outcome: Outcome, tolerance: float) -> None:
    """Judge by fresh gradients where those that the solver carried differ from them by more than rounding.

    Raises:
        UsageError: a state was taken for converged and is not, or the gradient norm is more than twice the carried.
    """
    h = outcome.h.reshape(batch.h.shape)
    fresh = norm(batch.objective.residual(h)).reshape(-1)
    apart = (fresh - outcome.residual).abs()
    if not bool((apart > 0).any()):
        return
    other = apart > 10 * gradient_rounding(batch.objective, h, quick=True).reshape(-1)
    claimed = (outcome.residual <= tolerance) & (fresh > tolerance)
    wrong = (other & (claimed | (fresh > 2 * outcome.residual + tolerance))).nonzero().reshape(-1)
    if len(wrong) > 0:
        raise UsageError(
            "a state must carry the residual at its own h, as GradientState (state.gradient must be grad Phi) and "
            "ResidualState promise, and the problem must give the same residual each time; "
            f"got a norm of {float(outcome.residual[wrong[0]]):.3g} where it is {float(fresh[wrong[0]]):.3g}"
        )
    outcome.residual = torch.where(other, fresh, outcome.residual)


def _undefined(batch: Batch, outcome: Outcome) -> Tensor:
    """Which states lie where Phi has no finite value, flat; none where Phi cannot be evaluated at the start either."""
    h, objective = outcome.h.reshape(batch.h.shape), batch.objective
    finite = _finite(objective, h)
    if finite is None and _finite(objective, batch.h) is None:
        return torch.zeros_like(outcome.residual, dtype=torch.bool)
    if finite is None and batch.flat:
        alone = [_finite(objective.select(i), h[i]) for i in torch.arange(len(h), device=h.device).split(1)]
        return torch.tensor([one is None or not bool(one.all()) for one in alone], device=h.device)
    return torch.ones_like(outcome.residual, dtype=torch.bool) if finite is None else ~finite.reshape(-1)


def _finite(objective: Problem, h: Tensor) -> Tensor | None:
    """Where the problem has finite values, shape (...); None where it raises, as energies may outside their domain."""
    try:
        return objective.defined(h)
    except Exception:  # whatever somebody's energy raises
        return None
