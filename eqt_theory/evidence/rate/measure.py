"""`measure_rate`: the contraction per step that a run showed, against a solution found independently."""

import math

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.operators.star import find_root
from eqt_theory.evidence.oracle import Landscape, minimise
from eqt_theory.evidence.rate.estimate import RateEstimate, estimate
from eqt_theory.solvers.problem import Problem
from eqt_theory.solvers.solution import Solution

_SAFETY = 8


@checked
@in_standard_torch
def measure_rate(solution: Solution, h_star: Tensor | None = None) -> RateEstimate:
    """Measure the contraction per step along a recorded run.

    Errors at or below the rounding floor are ignored: about u |h|/(alpha m), u the unit roundoff of the states' dtype
    and alpha the length of the steps over their gradients, plus the rounding of the gradient over m and what is not
    known of h*. The slope is taken over the last third above the floor, the median over all pairs of states; where
    errors go up and down, of their peaks.

    Args:
        solution: of `solve(..., record=True)`, or every n-th state.
        h_star: the solution, shape (..., d) or (d,), known independently of the solver. None finds it with SciPy's
            trust-region method in float64, from where the run ended; for a FixedPoint or an Inclusion of at most 512
            dimensions by Newton's method on the residual.

    Returns:
        The estimate; its rate is nan, with a reason, where too few errors lie above the floor.

    Raises:
        UsageError: nothing was recorded, or h_star has another shape or is not finite.
    """
    if not isinstance(solution, Solution):
        raise UsageError(f"solution must be a Solution, got {type(solution).__name__}")
    if solution.trajectory is None:
        raise UsageError("solution must hold a trajectory, got None; call solve(..., record=True)")
    shape = solution.h.shape[:-1]
    d = solution.h.shape[-1]
    path = solution.trajectory.detach().reshape(len(solution.trajectory_steps), -1, d)
    count = path.shape[1]
    given = None if h_star is None else _checked(h_star, solution).reshape(-1, d)
    recorded = np.array(solution.trajectory_steps)
    ended = solution.steps.reshape(-1).tolist()
    if count == 0:
        return RateEstimate(math.nan, math.nan, 0, 0, 0.0, reason="the batch is empty", shape=tuple(shape))
    whole = solution.objective.expand(shape) if shape else solution.objective
    states = []
    for i in range(count):
        one = whole.select(torch.tensor([i], device=path.device))
        used = int((recorded <= ended[i]).sum())
        states.append(_one(one, path[:used, i], recorded[:used], None if given is None else given[i]))
    if not shape:
        return states[0]
    measured = [state for state in states if not math.isnan(state.rate)]
    slowest = max(measured, key=lambda state: state.rate) if measured else states[0]
    missing = count - len(measured)
    reason = slowest.reason if measured else f"no state has a rate; the first: {states[0].reason}"
    if measured and missing:
        reason = "; ".join(filter(None, [reason, f"{missing} of {count} states have no rate"]))
    worst = max((state.worst for state in measured), default=math.nan)
    return RateEstimate(
        slowest.rate, worst, slowest.first_step, slowest.last_step, max(state.floor for state in states),
        any(state.oscillates for state in measured), reason, tuple(states), tuple(shape),
    )  # fmt: skip


def _one(objective: Problem, path: Tensor, steps: np.ndarray, h_star: Tensor | None) -> RateEstimate:
    """The estimate of one state; its problem is unbatched, or a batch of one."""
    if not isinstance(objective, Objective):
        return _of_map(objective, path, steps, h_star)
    land = Landscape(objective)
    unknown = 0.0
    if h_star is None:
        start = path[-1].double().cpu().numpy()
        found = minimise(land, start) if np.isfinite(start).all() else None
        if found is None:
            found = minimise(land, land.start.numpy())
        if found is None or not math.isfinite(found.error):
            reason = "no minimiser with positive curvature was found to measure errors against; pass h_star"
            return RateEstimate(math.nan, math.nan, 0, 0, 0.0, reason=reason)
        star, unknown = found.h, found.error
    else:
        star = h_star
    floor = _floor(objective, land, path, star) + unknown
    errors = (path.double().cpu() - star).norm(dim=-1).numpy()
    return estimate(steps, errors, floor)


def _of_map(problem: Problem, path: Tensor, steps: np.ndarray, h_star: Tensor | None) -> RateEstimate:
    """The same for a problem given by maps, its floor from the rounding of its residual."""
    star, unknown = h_star, 0.0
    if star is None:
        found = find_root(problem, path[-1])
        if found is None or not math.isfinite(found.error):
            reason = "no solution was found to measure errors against; pass h_star"
            return RateEstimate(math.nan, math.nan, 0, 0, 0.0, reason=reason)
        star, unknown = found.h, found.error
    unit = torch.finfo(path.dtype).eps / 2
    terms = problem.residual_terms(star.to(path).reshape(*problem.batch_shape, -1))
    floor = _SAFETY * unit * (path.shape[-1] ** 0.5 + 8) * float(terms.reshape(-1)[0]) + unknown
    errors = (path.double().cpu() - star).norm(dim=-1).numpy()
    return estimate(steps, errors, floor)


def _floor(objective: Objective, land: Landscape, path: Tensor, star: Tensor) -> float:
    u = torch.finfo(path.dtype).eps / 2
    low, high = land.curvature(star.numpy())
    size = float(star.norm())
    if not low > 0:
        return _SAFETY * u * size
    gradient = objective.gradient(path[:, None] if objective.batch_shape else path).detach().reshape(len(path), -1)
    moves = (path[1:] - path[:-1]).double().norm(dim=-1)
    lengths = moves / gradient[:-1].double().norm(dim=-1)
    lengths = lengths[torch.isfinite(lengths) & (lengths > 0)]
    alpha = float(lengths.median()) if len(lengths) else 1 / high
    terms = high * size + float(land.start.norm()) / land.gamma
    # A step cannot do better than land within u |h|; what it loses is summed over the 1/(alpha m) steps it remembers.
    return _SAFETY * u * (size / min(1.0, alpha * low) + terms / low)


def _checked(h_star: Tensor, solution: Solution) -> Tensor:
    shape = solution.h.shape
    if not isinstance(h_star, Tensor) or not h_star.is_floating_point():
        raise UsageError(f"h_star must be a floating-point tensor, got {type(h_star).__name__}")
    if h_star.shape not in (shape, shape[-1:]):
        raise UsageError(f"h_star must have shape {tuple(shape)} or {tuple(shape[-1:])}, got {tuple(h_star.shape)}")
    if not bool(torch.isfinite(h_star).all()):
        raise UsageError("h_star must be finite, got nan or inf")
    return h_star.detach().double().cpu().expand(shape)
