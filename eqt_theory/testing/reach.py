"""How near a solver must come by its own bound, where that falls like a power of the steps."""

import numpy as np

from eqt_theory.core.errors import UsageError
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Metric
from eqt_theory.testing.problem import Problem

_VAGUE = 10
_NEARER = 0.5


def declared_reach(solver: Solver, problem: Problem, steps: int) -> float:
    """The distance from h* within which a declared sublinear bound puts a run.

    Args:
        solver: it states the bound.
        problem: its Phi is strongly convex, so that |h - h*| <= |grad Phi|/m, and its square <= 2 (Phi - Phi*)/m.
        steps: of the run.

    Returns:
        The distance; 0 where no such bound is declared, or none that begins with |h_0 - h*|.
    """
    try:
        said = solver.guarantee(problem.m, problem.M, problem.gamma)
    except UsageError:
        return 0.0
    if said is None or not said.sublinear or said.relative_to is not Metric.DISTANCE:
        return 0.0
    first = float(np.linalg.norm(np.array(problem.start) - problem.solution))
    bound = float(said.bound(steps, first))
    if said.metric is Metric.DISTANCE:
        return bound
    return bound / problem.m if said.metric is Metric.GRADIENT else float(np.sqrt(2 * bound / problem.m))


def telling(reach: float, errors: np.ndarray) -> bool:
    """Whether a distance says enough of a run to judge others by it: one that is too wide lets wrong limits pass.

    Args:
        reach: the distance.
        errors: of the run, from its start.

    Returns:
        Whether it is at most ten times what the run shows, and half of where it began.
    """
    return bool(reach <= min(_VAGUE * errors[-1], _NEARER * errors[0]))
