"""diagnose: run the refinement on given proposals and measure all that a user of it must know."""

import math
from collections.abc import Callable
from typing import overload

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import Positive, checked, shown
from eqt_theory.core.budget import Budget, OverBudget, Told, budget, stage
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.curvature.measure import Eigenvalues, measure_curvature
from eqt_theory.evidence.diagnosis.barrier import Barrier, measure_barrier
from eqt_theory.evidence.diagnosis.of_map import MapDiagnosis, diagnose_map
from eqt_theory.evidence.diagnosis.result import CLOSE, Behaviour, Diagnosis, Predictions, Spectrum
from eqt_theory.evidence.diagnosis.star import Stars, find_stars
from eqt_theory.evidence.diagnosis.verdict import advise, conclude
from eqt_theory.evidence.plain import is_plain
from eqt_theory.evidence.slopes import slopes_differ
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.solvers.base import Solver, require_count, require_positive
from eqt_theory.solvers.bounds import error_bound
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.solution import Solution, Status
from eqt_theory.solvers.solve import solve

_HORIZON = 64
"""Steps watched at least, to tell oscillation from slow convergence."""
_STILL = 1e-9
"""A last step below this, relative to 1 + |h|, is rest."""
_NO_TOLERANCE = 1e-300
"""So small that the run takes all its steps unless it comes to rest."""


@overload
def diagnose(
    objective: Objective,
    step_size: float,
    steps: int,
    predict: Callable[[Tensor], Tensor] | None = None,
    targets: Tensor | None = None,
    *,
    solver: Solver | None = None,
    threshold: float = 1e-3,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Diagnosis: ...


@overload
def diagnose(
    objective: FixedPoint | Inclusion,
    *,
    steps: int,
    solver: Solver | None = None,
    start: Tensor | None = None,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> MapDiagnosis: ...


@checked
@in_standard_torch
def diagnose(
    objective: Objective | FixedPoint | Inclusion,
    step_size: float | None = None,
    steps: int | None = None,
    predict: Callable[[Tensor], Tensor] | None = None,
    targets: Tensor | None = None,
    *,
    solver: Solver | None = None,
    threshold: float = 1e-3,
    start: Tensor | None = None,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Diagnosis | MapDiagnosis:
    """Diagnose a refinement on the states of any model, or an iteration on a FixedPoint or an Inclusion.

    Args:
        objective: Phi for all tokens: the energy, the proposals f of shape (..., d) and gamma, in float64. An energy
            with parameters of its own for each token must say which they are (`FunctionEnergy(fn, data=x)`, or
            `Energy._per_state`). Or a problem given by maps, which takes steps, solver and start alone.
        step_size: alpha.
        steps: K.
        predict: states (..., d) -> logits (..., classes), each state for itself.
        targets: right classes, the batch shape.
        solver: step rule of the model; gradient descent with alpha if None, Picard for a FixedPoint.
        threshold: relative change taken for convergence (Sec. 5.3.1).
        start: of a problem given by maps: states, shape (..., d); the origin if None.
        seconds: after which it ends with what it has; its `note` and first sentence say where, and all that was not
            reached is unknown. None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        The Diagnosis, or for a problem given by maps the MapDiagnosis; its `verdict` and `advice` are sentences,
        `to_dict()` is JSON.

    Raises:
        UsageError: no batch, another precision than float64, states that are not finite, or shapes that do not fit.

    Example:
        >>> import torch
        >>> from eqt_theory import FunctionEnergy, Objective
        >>> energy = FunctionEnergy(lambda h: 2 * h.square().sum(-1))       # any function of your states
        >>> proposals = torch.ones(5, 3, dtype=torch.float64)              # your model's states
        >>> found = diagnose(Objective(energy, proposals, gamma=1.0), step_size=0.1, steps=8)
        >>> found.overall.name
        'CONVERGES'
    """
    if steps is None:
        raise UsageError("steps must be given, an integer of at least 0, got None")
    if isinstance(objective, FixedPoint | Inclusion):
        if step_size is not None or predict is not None or targets is not None:
            kind = type(objective).__name__
            raise UsageError(
                f"step_size, predict and targets are of an Objective; for {kind} give steps, solver, start"
            )
        require_count("steps", steps, least=0)
        with budget(seconds, progress) as own:
            return diagnose_map(objective, steps, start, solver, own)
    if start is not None:
        raise UsageError("start is of a FixedPoint or an Inclusion; an Objective starts at its proposals")
    if step_size is None:
        raise UsageError("step_size must be given, a positive number, got None")
    objective, targets = _checked(objective, predict, targets)
    require_positive("step_size", step_size)
    require_count("steps", steps, least=0)
    require_positive("threshold", threshold)
    solver = GradientDescent(step_size) if solver is None else solver
    alpha = solver.step_size if is_plain(solver, GradientDescent) else None
    with torch.no_grad(), budget(seconds, progress) as own:
        return _diagnose(objective, solver, alpha, steps, predict, targets, threshold, own)


def _diagnose(
    objective: Objective,
    solver: Solver,
    alpha: "float | Tensor | None",
    steps: int,
    predict: Callable[[Tensor], Tensor] | None,
    targets: Tensor | None,
    threshold: float,
    own: Budget,
) -> Diagnosis:
    f, horizon = objective.proposal, max(4 * steps, _HORIZON)
    nowhere = torch.full_like(f[:, 0], torch.nan)
    apart = "" if objective.energy.batch_shape else slopes_differ(objective.energy, f)
    at_proposal = Spectrum(nowhere, nowhere, objective.gamma)
    stars = Stars(f, torch.zeros_like(nowhere, dtype=torch.bool), torch.full_like(nowhere, torch.inf), nowhere, nowhere)
    run: Solution | None = None
    predictions: Predictions | None = None
    barrier: Barrier | None = None
    states, note = torch.cat([f[None], torch.full((horizon, *f.shape), torch.nan).to(f)]), apart
    try:
        if not apart:
            stage("measuring curvature at the proposals")
            at_proposal = _spectrum(objective, f)
        stage("running the solver")
        run = solve(objective, solver, tolerance=_NO_TOLERANCE, max_steps=horizon, record=True)
        states = _whole_path(run, horizon)
        if not apart:
            stage("looking for the equilibria")
            stars = find_stars(objective)
        if predict is not None and not apart:
            stage("looking at the boundaries of decision")
            barrier = measure_barrier(objective, f, predict)
            first, last, star = (predict(h).argmax(-1) for h in (f, states[steps], stars.h))
            predictions = Predictions(first, last, star.where(stars.found, torch.full_like(star, -1)), targets)
    except OverBudget as over:
        if over.budget is not own:
            raise
        note = f"not finished: {over}; nothing is known of what comes after"
    at_star = Spectrum(stars.lambda_min, stars.lambda_max, objective.gamma)
    refined, size = states[steps], torch.linalg.vector_norm(f, dim=-1)
    norms = torch.linalg.vector_norm(states, dim=-1)
    moves = torch.linalg.vector_norm(states.diff(dim=0), dim=-1)
    errors = torch.linalg.vector_norm(states - stars.h, dim=-1).where(stars.found, nowhere)
    moved = torch.linalg.vector_norm(refined - f, dim=-1) / size
    moved_star = errors[0] / size
    behaviour, bound, residual = (Behaviour.UNKNOWN,) * len(f), None, nowhere
    if run is not None:
        behaviour = _behaviour(run, states, moves, alpha, stars, errors, steps, moved, moved_star, threshold)
        bound, residual = error_bound(objective, refined), torch.linalg.vector_norm(objective.gradient(refined), dim=-1)
    lowest = torch.minimum(at_proposal.lambda_min, at_star.lambda_min)
    found = Diagnosis(
        steps=steps, step_size=alpha, threshold=threshold, at_proposal=at_proposal, at_star=at_star,
        found=stars.found, moved=moved, moved_star=moved_star, errors=errors, changes=moves / norms[:-1],
        accuracy=stars.accuracy, bound=bound, guaranteed=_guaranteed(objective, solver),
        estimate=torch.where(lowest > 0, residual / lowest, torch.nan), behaviour=behaviour,
        overall=Behaviour.UNKNOWN, verdict=(), advice=(), predictions=predictions, barrier=barrier,
        star_size=torch.linalg.vector_norm(stars.h, dim=-1), note=note,
    )  # fmt: skip
    return advise(conclude(found))


def _whole_path(run: Solution, horizon: int) -> Tensor:
    """All states of a run; where all came to rest earlier, the last one is repeated."""
    states = run.trajectory
    assert states is not None
    if len(states) <= horizon:
        states = torch.cat([states, states[-1:].expand(horizon + 1 - len(states), *states.shape[1:])])
    return states


def _guaranteed(objective: Objective, solver: Solver) -> float | None:
    """The solver's declared factor on the distance to h*, where the energy declares its curvature everywhere."""
    curvature = objective.energy.curvature
    m, M = objective.m, objective.M
    if curvature is None or not curvature.everywhere or m is None or M is None:
        return None
    if not 0 < m <= M < math.inf or not is_plain(solver, GradientDescent):
        return None
    guarantee = solver.guarantee(m, M)
    return None if guarantee is None or guarantee.rate >= 1 else guarantee.rate


def _behaviour(
    run: Solution,
    states: Tensor,
    moves: Tensor,
    alpha: "float | Tensor | None",
    stars: Stars,
    errors: Tensor,
    steps: int,
    moved: Tensor,
    moved_star: Tensor,
    threshold: float,
) -> tuple[Behaviour, ...]:
    """One Behaviour per token; the first that applies of oscillates, unknown, inert, converges, underway."""
    statuses = np.asarray(run.status, dtype=object).reshape(-1)
    failed = torch.tensor([s in (Status.DIVERGED, Status.NONFINITE) for s in statuses], device=states.device)
    scale = 1 + torch.linalg.vector_norm(states[-1], dim=-1)
    awake = moves[-1] > _STILL * scale
    reversed_ = (states.diff(dim=0)[-1] * states.diff(dim=0)[-2]).sum(-1) < 0
    window = min(8, len(moves) - 1)
    lasting = moves[-1] >= 0.99**window * moves[-1 - window]
    # Growth without a minimum is the energy's fault, not the step size's.
    oscillates = (failed & stars.found) | (awake & reversed_ & lasting)
    if alpha is not None:
        # At an unstable minimum descent can neither settle nor rest; its orbit need not be a two-cycle.
        oscillates |= awake & stars.found & (alpha * stars.lambda_max > 2)
    inert = (moved <= threshold) & (moved_star <= threshold)
    arrived = errors[steps] <= torch.maximum(CLOSE * errors[0], stars.accuracy)
    found = []
    for i in range(len(moved)):
        if bool(oscillates[i]):
            found.append(Behaviour.OSCILLATES)
        elif not bool(stars.found[i]):
            found.append(Behaviour.UNKNOWN)
        elif bool(inert[i]):
            found.append(Behaviour.INERT)
        else:
            found.append(Behaviour.CONVERGES if bool(arrived[i]) else Behaviour.UNDERWAY)
    return tuple(found)


def _spectrum(objective: Objective, at: Tensor) -> Spectrum:
    curvature = measure_curvature(objective, at)
    low, high = curvature.lambda_min, curvature.lambda_max
    assert isinstance(low, Eigenvalues) and isinstance(high, Eigenvalues)
    # An eigenvalue whose sign rounding leaves open is taken for not positive.
    return Spectrum(torch.where(low.low > 0, low.values, low.low).to(at), high.values.to(at), objective.gamma)


def _checked(
    objective: Objective, predict: Callable[[Tensor], Tensor] | None, targets: Tensor | None
) -> tuple[Objective, Tensor | None]:
    """The objective and targets with the tokens in one row."""
    if not isinstance(objective, Objective):
        raise UsageError(f"objective must be an Objective, got {type(objective).__name__}")
    if not objective.batch_shape:  # one state is a batch of one
        objective = Objective(objective.energy, objective.proposal.unsqueeze(0), objective.gamma)
    f = objective.proposal
    batch = f.shape[:-1]
    if 0 in batch:
        raise UsageError(f"the proposals must be at least one state, shape (..., d), got {tuple(f.shape)}")
    if f.dtype != torch.float64:
        raise UsageError(
            f"the proposals and the energy must be float64, got {f.dtype}; convert the model with .double()"
        )
    if not bool(torch.isfinite(f).all()):
        raise UsageError("the proposals must be finite, got nan or inf")
    if targets is not None:
        if predict is None:
            raise UsageError("targets need predict, which says what is predicted")
        if not isinstance(targets, Tensor) or targets.shape != batch or targets.is_floating_point():
            raise UsageError(f"targets must be a tensor of classes of shape {tuple(batch)}, got {shown(targets)}")
        targets = targets.reshape(-1)
    flat = objective.expand(batch).select(torch.arange(batch.numel(), device=f.device))
    if predict is not None:
        try:
            with torch.no_grad():
                logits = predict(flat.proposal)
        except UsageError:
            raise
        except Exception as error:  # whatever somebody's head raises
            raise UsageError(f"predict must take states of shape (..., d), it raised {describe(error)}") from error
        if not isinstance(logits, Tensor):
            raise UsageError(f"predict must give logits (..., classes), got {shown(logits)}")
        if logits.ndim != 2 or len(logits) != len(flat.proposal) or logits.shape[-1] < 2:
            raise UsageError(
                f"predict must give logits (..., classes), got {tuple(logits.shape)} for one row of states"
            )
    return flat, targets
