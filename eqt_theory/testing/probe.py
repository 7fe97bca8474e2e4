"""Probes: short runs of a solver that declares nothing, on one quadratic a scale, to see where it converges."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eqt_theory.solvers.base import Solver
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.trace import run

STEPS = 800
"""A solver must reach the rounding floor in so many steps at one scale at least."""
_LONG = 4 * STEPS
"""Steps for a solver that is slow at a scale: one that converges linearly arrives in so many at the next one down."""
COARSE = 1e-6
"""A relative accuracy that a search reaches which compares values of Phi; for advice only."""
_REST = 4
"""Steps without a move, but for rounding, after which a run is at rest."""
_AWAY = 1e-3
"""Distance from the solution, relative to the size of the problem, beyond which a run at rest is at a wrong point."""


@dataclass(frozen=True)
class Probe:
    """What became of a solver on the quadratics of one scale.

    Args:
        M: the scale, the largest curvature of Phi.
        steps: to the solution, for each share of the damping, 1/gamma over m, at which it arrived in time.
        lost: shares at which it moved, and came to rest away from the solution.
        whole: whether it arrived for all shares that were asked for.
        fault: what it raised or returned that ended a run; empty where nothing did.
        close: whether it came within COARSE for all shares.
    """

    M: float
    steps: dict[float, int]
    lost: tuple[float, ...] = ()
    whole: bool = False
    fault: str = ""
    close: bool = False

    @property
    def worst(self) -> int:
        """The most steps that it took."""
        return max(self.steps.values())


def probe(solver: Solver, M: float, kappa: float, shares: Sequence[float], accuracy: float) -> Probe:
    """Run a solver on one quadratic for each share of the damping, until it has arrived, is lost, or is too slow.

    Args:
        solver: the step rule.
        M: largest curvature of Phi.
        kappa: M/m.
        shares: 1/gamma over m.
        accuracy: relative accuracy that it claims to reach; 0 is 1e-12.

    Returns:
        The Probe.
    """
    steps: dict[float, int] = {}
    lost: list[float] = []
    fault, close = "", True
    m = M / kappa
    for share in shares:
        spectrum, gamma = (m, (m + M) / 2, M), 1 / (share * m)
        problem = Problem(spectrum, spectrum, (M, -M, 0.5 * M), (1.0, 0.5, -2.0), (-1.0, 2.0, 1.0), gamma, rotation=1)
        errors, rested, broke = _errors(solver, problem, accuracy, STEPS)
        fault = fault or broke
        close = close and bool(errors.min() <= COARSE * problem.size)
        if errors[-1] <= _target(problem, accuracy):
            steps[share] = len(errors) - 1
        elif rested and errors[-1] > _AWAY * problem.size:
            lost.append(share)
    return Probe(M, steps, tuple(lost), whole=len(steps) == len(shares), fault=fault, close=close)


def tires(solver: Solver, M: float, kappa: float, share: float, accuracy: float) -> float | None:
    """The factor per step at which a solver begins on a quadratic of one curvature, if it slows down for good there.

    A rule that converges linearly keeps its pace where all curvatures are m; one whose step shrinks with time does
    not.

    Args:
        solver: the step rule.
        M: the scale; it did not arrive in time there.
        kappa: M/m.
        share: 1/gamma over m.
        accuracy: as in `probe`.

    Returns:
        The factor, or None where it arrives, is lost, does not come nearer at every step, or keeps its pace.
    """
    m = M / kappa
    problem = Problem((m, m), (m, m), (m, -m), (1.0, 0.5), (-1.0, 2.0), 1 / (share * m))
    errors, rested, _ = _errors(solver, problem, accuracy, _LONG, patient=True)
    if rested or len(errors) <= _LONG or not np.all(errors[1:] <= errors[:-1] * (1 + 1e-9)):
        return None
    early = math.log(errors[_LONG // 8] / errors[_LONG // 4]) / (_LONG / 8)
    late = math.log(errors[_LONG // 2] / errors[_LONG]) / (_LONG / 2)
    return math.exp(-early) if late < 0.7 * early and early > 1e-4 else None


def _target(problem: Problem, accuracy: float) -> float:
    return max(accuracy, 1e-12) * problem.size


def _errors(
    solver: Solver, problem: Problem, accuracy: float, steps: int, *, patient: bool = False
) -> tuple[np.ndarray, bool, str]:
    """|h_k - h*| of a run, whether it came to rest after it had moved, and what broke it."""
    target, start = _target(problem, accuracy), problem.starting_point().numpy()
    still = 0
    last = last_move = np.inf
    before, errors = start.tolist(), [problem.distance(start)]

    def enough(point: np.ndarray) -> bool:
        nonlocal last, last_move, still, before
        now = point.tolist()
        error, move = problem.distance(point), math.dist(now, before)
        errors.append(error)
        hopeless = not error <= 1e6 * problem.size
        if not patient and (len(errors) - 1) % 100 == 0:
            # Arriving in time takes a factor of 0.03 in 100 steps, on average; half that in digits is asked for. One
            # that arrives elsewhere is to be seen at rest there.
            hopeless = hopeless or not (error <= 0.2 * last or move <= 0.2 * last_move)
            last, last_move = error, move
        still = still + 1 if move <= 2.0**-51 * math.hypot(*now) else 0
        before = now
        return error <= target or hopeless or still >= _REST

    with np.errstate(all="ignore"):
        trace = run(solver, problem.objective(), problem.starting_point(), steps, enough)
    if trace.fault:
        errors.append(np.inf)
    return np.array(errors), still >= _REST and not trace.fault and before != start.tolist(), trace.fault
