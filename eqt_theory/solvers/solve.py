"""solve: it runs a step rule over a batch, block by block; states that are done leave the batch."""

from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.core.budget import OverBudget, Told, budget
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.norm import norm
from eqt_theory.solvers.base import Solver, require_count, require_positive
from eqt_theory.solvers.batch import Batch, arrange
from eqt_theory.solvers.bounds import gradient_rounding
from eqt_theory.solvers.loop import Block, Rules, joined, right_kind
from eqt_theory.solvers.outcome import Outcome
from eqt_theory.solvers.problem import Problem, require_problem
from eqt_theory.solvers.solution import Solution
from eqt_theory.solvers.state import promised, select_state
from eqt_theory.solvers.stopping import GradientNorm, StopRule

_ROUND = 128
"""Steps after which blocks that have shrunk are joined for the first time; each further round is twice as long."""


@checked
@partial(in_standard_torch, compiled=True)  # a compiled map keeps its speed
def solve(
    objective: Problem,
    solver: Solver,
    start: Tensor | None = None,
    tolerance: float = 1e-10,
    max_steps: int = 1000,
    record: bool | int = False,
    *,
    stop: StopRule | None = None,
    seconds: Positive | None = None,
    progress: Told | None = None,
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
        seconds: after which it ends, once the present step and a last look at the residuals are done. A state that is
            then still on its way is OUT_OF_TIME where its last step led it. None is no limit.
        progress: is told how far it is, a line about once a second.

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
            rules = Rules(solver, stop, float(tolerance), max_steps, batch.flat)
            _timed(batch, rules, outcome, seconds, progress)
            if outcome.finished < outcome.count:
                outcome.overtaken(norm(batch.objective.residual(outcome.h.reshape(batch.h.shape))).reshape(-1))
            if outcome.carried:
                _check_promise(batch, outcome, float(tolerance))
            outcome.undefined = _undefined(batch, outcome)
            outcome.outside = ~batch.objective.within(outcome.h.reshape(batch.h.shape)).reshape(-1)
    return outcome.solution(objective)


def _timed(batch: Batch, rules: Rules, outcome: Outcome, seconds: float | None, progress: Told | None) -> None:
    """The run within its seconds; where they are over, the outcome has what was reached."""
    if seconds is None and progress is None:  # then a call around this one says what it is at
        return _run(batch, rules, outcome)
    with budget(seconds, progress) as own:
        own.total = rules.max_steps
        try:
            _run(batch, replace(rules, clock=own), outcome)
        except OverBudget as over:
            if over.budget is not own:
                raise


def _run(batch: Batch, rules: Rules, outcome: Outcome) -> None:
    """All states, block by block where the batch says so: each block then stays in the processor's cache.

    Raises:
        OverBudget: the seconds of this run or of a call around it are over; the outcome has what was reached.
    """
    objective, size = batch.objective, outcome.count
    state = rules.solver.init(objective, batch.h)
    h = right_kind(state, batch.h)
    memory = rules.stop.begin(objective, h)
    if batch.flat:
        # An empty selection: what cannot be dropped is told now, not in the middle of a run.
        select_state(state, outcome.members[:0], size)
    outcome.carried = promised(state) is not None
    whole = Block(rules, state, memory, outcome.members)
    parted = batch.flat and batch.block < size and not outcome.recording
    blocks, until = whole.split(batch.block) if parted else [whole], _ROUND
    try:
        while blocks:
            if len(blocks) == 1:
                until = rules.max_steps + 1
            for block in blocks:
                if rules.clock is not None:
                    rules.clock.what = f"taking steps, {outcome.finished} of {size} states done"
                own = objective if len(block.members) == size else objective.select(block.members)
                block.advance(own, outcome, min(until, rules.max_steps + 1))
            # What is left of several blocks goes on as one: a step of few states takes hardly less than one of many.
            blocks, until = joined([block for block in blocks if block.living], batch.block), 2 * until
    except OverBudget:
        for block in blocks:
            block.interrupted(outcome)
        raise


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
