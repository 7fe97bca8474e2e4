"""Scope: the classes of problems on which a solver is held to its word, or to convergence where it declares nothing."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.trace import run

SLOW = 0.9
"""Declared classes with a worse rate are left out where there are better ones: each run would take too long."""
CONDITIONS = (1.25, 4.0, 16.0, 100.0)
"""Condition numbers of Phi at which a declared guarantee is asked for."""
PLAIN = (4.0, (0.5, 1.5))
"""Condition number of Phi, and 1/gamma over m, for solvers that declare nothing."""
DAMPED = (1.25, (0.9, 1.1))
"""The same where no scale of the plain ones works, as for h = f - gamma grad energy(h), which needs gamma L < 1."""
SHARES = (0.5, 1.5)
"""1/gamma over m: the first makes the energy strongly convex, the second weakly convex."""
PROBE_STEPS = 800
"""A solver that declares nothing must reach the rounding floor in so many steps at one scale at least."""
_TOP = 1.1
"""The scales are this times powers: numbers at which no line search ties, as it does at t M = 1."""


@dataclass(frozen=True)
class Setting:
    """One class of problems: Phi with curvature in [m, M] and damping gamma.

    Args:
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        gamma: the damping.
        rate: factor per step of |h - h*|, declared or, without a guarantee, observed by the probe.
        guarantee: what the solver declares for m, M and gamma; None for nothing.
    """

    m: float
    M: float
    gamma: float
    rate: float
    guarantee: Guarantee | None = None

    @property
    def whole_class(self) -> bool:
        """Whether the guarantee covers everything with curvature in [m, M]."""
        return self.guarantee is not None and self.guarantee.function_class is FunctionClass.STRONGLY_CONVEX

    def steps(self, shrink: float) -> int:
        """Steps that shrink the distance by a factor, with room for a constant in front or a slow start."""
        if self.rate <= 0:
            return 20
        return math.ceil(1.5 * math.log(shrink) / -math.log(self.rate)) + 40


@dataclass(frozen=True)
class Scope:
    """The settings that a solver is tried on.

    Args:
        settings: at least one.
        note: which they are and why, for the report.
        defect: what is wrong with the declared guarantee itself; empty where nothing is.
        reached: False where a solver without a guarantee converged at no scale.
    """

    settings: tuple[Setting, ...]
    note: str
    defect: str = ""
    reached: bool = True

    @property
    def declared(self) -> bool:
        """Whether the solver declares a guarantee."""
        return self.settings[0].guarantee is not None


def find_scope(solver: Solver, accuracy: float = 0.0) -> Scope:
    """The settings for a solver: where its guarantee promises convergence, or where a probe sees it.

    Args:
        solver: the step rule.
        accuracy: relative accuracy that it claims to reach; 0 is the rounding floor.

    Returns:
        Up to six settings.
    """
    try:
        declared = _declared(solver)
    except Exception as error:  # a guarantee that cannot be asked is none
        scope = _probed(solver, accuracy)
        return Scope(scope.settings, scope.note, f"guarantee raised {type(error).__name__}: {error}", scope.reached)
    if not declared:
        return _probed(solver, accuracy)
    chosen = _spread(declared)
    low, high = min(s.m for s in chosen), max(s.M for s in chosen)
    kappa = max(s.M / s.m for s in chosen)
    note = (
        f"held to its guarantee on {len(chosen)} classes, m from {low:.3g}, M up to {high:.3g}, M/m up to {kappa:.3g}"
    )
    return Scope(chosen, note)


def _declared(solver: Solver) -> list[Setting]:
    """Every class of a ladder for which the guarantee is below 1, right up to its border."""
    found = []
    for kappa in CONDITIONS:
        for share in SHARES:
            valid = list(_valid(solver, (_TOP * 2.0**k for k in range(-26, 27)), kappa, share))
            if valid:
                top = max(s.M for s in valid)
                valid += _valid(solver, (top * 2 ** (j / 8) for j in range(1, 8)), kappa, share)
            found += valid
    quick = [s for s in found if s.rate <= SLOW]
    ordinary = [s for s in quick if 1e-3 <= s.M <= 1e3]
    # Where every class is slow, the quickest dozen has to do.
    return ordinary or quick or sorted(found, key=lambda s: s.rate)[:12]


def _valid(solver: Solver, tops: Iterable[float], kappa: float, share: float) -> Iterable[Setting]:
    for M in tops:
        m = M / kappa
        gamma = 1 / (share * m)
        guarantee = solver.guarantee(m, M, gamma)
        if guarantee is not None and guarantee.rate < 1 - 1e-6:
            rate = math.sqrt(guarantee.rate) if guarantee.metric is Metric.GAP else guarantee.rate
            yield Setting(m, M, gamma, rate, guarantee)


def _spread(settings: list[Setting]) -> tuple[Setting, ...]:
    """A few of them that differ: the ends and the middle in scale, the extremes in rate and condition."""
    ordered = sorted(settings, key=lambda s: (s.M, s.m, s.gamma))
    slowest, quickest = max(ordered, key=lambda s: s.rate), min(ordered, key=lambda s: s.rate)
    worst = max(ordered, key=lambda s: (s.M / s.m, -s.rate))
    weak = [s for s in ordered if s.gamma * s.m < 1]
    middle = weak[len(weak) // 2] if weak else ordered[len(ordered) // 2]
    chosen = [ordered[-1], slowest, quickest, middle, worst, ordered[0]]
    return tuple(dict.fromkeys(chosen))


def _probed(solver: Solver, accuracy: float) -> Scope:
    """The scales at which the solver converges on one quadratic: the quickest few, or M about 1 if there is none."""
    for kappa, shares in (PLAIN, DAMPED):
        reached: list[tuple[int, float, float]] = []
        for power in range(-8, 9):
            M = 0.97 * 10.0 ** (power / 2)
            steps = _steps_to_floor(solver, M, kappa, shares, accuracy)
            if steps is not None:
                reached.append((steps, abs(power), M))
        if not reached:
            continue
        # A scale that takes much longer than the best one says nothing more, and takes longer to say it.
        chosen = [r for r in sorted(reached)[:3] if r[0] <= 4 * min(reached)[0] + 20]
        settings: list[Setting] = []
        for steps, _, M in chosen:
            settings += _scaled(M, kappa, shares, math.exp(math.log(1e-15) / max(steps, 3)))
        scales = ", ".join(f"{M:.3g}" for _, _, M in sorted(chosen, key=lambda c: c[2]))
        note = f"declares no guarantee; held to convergence at M = {scales}, where a probe converges, M/m = {kappa:g}"
        return Scope(tuple(settings), note)
    kappa, shares = PLAIN
    note = f"declares no guarantee; a probe converges at no scale, so it is held to M = 0.97, M/m = {kappa:g}"
    return Scope(tuple(_scaled(0.97, kappa, shares, 0.9)), note, reached=False)


def _scaled(M: float, kappa: float, shares: Iterable[float], rate: float) -> Iterable[Setting]:
    return (Setting(M / kappa, M, kappa / (share * M), rate) for share in shares)


def _steps_to_floor(solver: Solver, M: float, kappa: float, shares: tuple[float, ...], accuracy: float) -> int | None:
    """Steps to within 1e-12 (or the claimed accuracy) of the solutions of a few quadratics; None if it never comes."""
    worst = 0
    for share in shares:
        m = M / kappa
        spectrum = (m, (m + M) / 2, M)
        gamma = 1 / (share * m)
        problem = Problem(spectrum, spectrum, (M, -M, 0.5 * M), (1.0, 0.5, -2.0), (-1.0, 2.0, 1.0), gamma, rotation=1)
        steps = _steps_on(solver, problem, accuracy)
        if steps is None:
            return None
        worst = max(worst, steps)
    return worst


def _steps_on(solver: Solver, problem: Problem, accuracy: float) -> int | None:
    target = max(accuracy, 1e-12) * problem.size
    taken, last = 0, np.inf

    def close(point: np.ndarray) -> bool:
        nonlocal taken, last
        taken += 1
        error = np.linalg.norm(problem.own(point) - problem.solution)
        hopeless = not error <= 1e6 * problem.size
        if taken % 100 == 0:
            # Arriving in time takes a factor of 0.03 in 100 steps, on average; half that in digits is asked for.
            hopeless, last = hopeless or not error <= 0.2 * last, error
        return bool(error <= target or hopeless)

    with np.errstate(all="ignore"):
        trace = run(solver, problem.objective(), problem.starting_point(), PROBE_STEPS, close)
    error = np.linalg.norm(problem.own(trace.points[-1]) - problem.solution)
    good = not trace.fault and error <= target
    return len(trace.points) - 1 if good else None
