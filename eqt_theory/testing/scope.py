"""Scope: the classes of problems on which a solver is held to its word, or to convergence where it declares nothing."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Guarantee, Metric, OperatorClass
from eqt_theory.testing.border import between, convex_settings, corner_settings, round_settings, setting_for
from eqt_theory.testing.probe import COARSE, Probe, probe, tires
from eqt_theory.testing.setting import Setting

SLOW = 0.9
"""Declared classes with a worse rate are left out where there are better ones: each run would take too long."""
CONDITIONS = (1.0, 1.25, 4.0, 16.0, 100.0)
"""Condition numbers of Phi at which a declared guarantee is asked for."""
PLAIN = (4.0, (0.5, 1.5))
"""Condition number of Phi, and 1/gamma over m, for solvers that declare nothing."""
DAMPED = (1.25, (0.9, 1.1))
"""The same where no scale of the plain ones works, as for h = f - gamma grad energy(h), which needs gamma L < 1."""
STEEP = (25.0, 1e3, 1e8)
"""Condition numbers at which a declared guarantee is held to its word over few steps, however slow it is."""
SHARES = (0.5, 1.5)
"""1/gamma over m: the first makes the energy strongly convex, the second weakly convex."""
BEYOND = (0.02, 8.0)
"""Shares tried at the quickest scale; a solver may fail to converge there, but not come to rest elsewhere."""
LADDER = tuple(0.97 * 10.0 ** (power / 2) for power in range(-8, 9))
"""The scales M at which a solver that declares nothing is probed."""
_SLOWER = 3
"""Scales, below those at which it converges in time, at which such a solver is to keep its pace."""
_BETWEEN = 80
"""Classes at random places among those for which a guarantee speaks."""
_TOP = 1.1
"""The scales are this times powers: numbers at which no line search ties, as it does at t M = 1."""


@dataclass(frozen=True)
class Scope:
    """The settings that a solver is tried on.

    Args:
        settings: at least one.
        note: which they are and why, for the report.
        defect: what is wrong with the declared guarantee itself; empty where nothing is.
        reached: False where a solver without a guarantee converged at no scale.
        steep: ill-conditioned classes for which a guarantee is declared, whatever its rate.
        corners: the ends and corners of what a guarantee speaks of.
        spoken: further classes that it speaks of, all over.
        convex: classes of which it declares a bound like a power of the steps.
    """

    settings: tuple[Setting, ...]
    note: str
    defect: str = ""
    reached: bool = True
    steep: tuple[Setting, ...] = ()
    corners: tuple[Setting, ...] = ()
    spoken: tuple[Setting, ...] = ()
    convex: tuple[Setting, ...] = ()

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
        ladder, steep = _ladder(solver), _steep(solver)
        everywhere = ladder + round_settings(solver, 1 - 1e-6)
        # A guarantee may speak of nothing but an ill-conditioned class.
        everywhere = everywhere or list(steep)
        declared = _worthwhile(ladder or everywhere)
        corners = corner_settings(solver, (*everywhere, *steep))
        inside, convex = between(solver, (*everywhere, *corners), _BETWEEN), convex_settings(solver)
        defect = _of_operators(s.guarantee for s in (*everywhere, *convex) if s.guarantee is not None)
    except Exception as error:  # a guarantee that cannot be asked is none
        defect = f"guarantee raised {type(error).__name__}: {error}"
    if defect:
        scope = _probed(solver, accuracy)
        return Scope(scope.settings, scope.note, defect, scope.reached)
    if not declared:
        return replace(_probed(solver, accuracy), convex=convex)
    chosen = _spread(declared)
    low, high = min(s.m for s in chosen), max(s.M for s in chosen)
    kappa = max(s.M / s.m for s in chosen)
    note = (
        f"held to its guarantee on {len(chosen)} classes, m from {low:.3g}, M up to {high:.3g}, M/m up to {kappa:.3g}"
    )
    return Scope(chosen, note, steep=steep, corners=corners, spoken=(*everywhere, *inside), convex=convex)


def _of_operators(guarantees: Iterable[Guarantee]) -> str:
    """What is wrong with a guarantee on functions that speaks of what only operators have; empty where nothing is."""
    for said in guarantees:
        for of in (said.metric, said.relative_to, said.function_class):
            if of in (Metric.RESIDUAL, Metric.GOVERNING) or isinstance(of, OperatorClass):
                return f"guarantee must speak of functions, not of operators: {of.value}; those are guarantee_on's"
    return ""


def _ladder(solver: Solver) -> list[Setting]:
    """Every class of a ladder for which the guarantee is below 1, right up to its border."""
    return [s for kappa in CONDITIONS for share in SHARES for s in _valid(solver, kappa, share)]


def _worthwhile(found: list[Setting]) -> list[Setting]:
    """Those on which a run is short enough to be followed to its end."""
    quick = [s for s in found if s.rate <= SLOW]
    ordinary = [s for s in quick if 1e-3 <= s.M <= 1e3]
    # Where every class is slow, the quickest dozen has to do.
    return ordinary or quick or sorted(found, key=lambda s: s.rate)[:12]


def _steep(solver: Solver) -> tuple[Setting, ...]:
    """The border and the quickest class of each ill-conditioned ladder."""
    chosen: list[Setting] = []
    for kappa in STEEP:
        for share in SHARES:
            valid = _valid(solver, kappa, share, slowest=1.0)
            if valid:
                chosen += [max(valid, key=lambda s: s.M), min(valid, key=lambda s: s.rate)]
    return tuple(dict.fromkeys(chosen))


def _valid(solver: Solver, kappa: float, share: float, slowest: float = 1 - 1e-6) -> list[Setting]:
    """The classes of a ladder of scales for which a rate below the slowest is declared, with finer ones at its end."""

    def among(tops: Iterable[float]) -> Iterable[Setting]:
        found = (setting_for(solver, M / kappa, M, share, slowest) for M in tops)
        return (setting for setting in found if setting is not None)

    valid = list(among(_TOP * 2.0**k for k in range(-26, 27)))
    if valid:
        top = max(s.M for s in valid)
        valid += among(top * 2 ** (j / 8) for j in range(1, 8))
    return valid


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
    """The scales at which the solver converges on one quadratic: the quickest few, or M about 1 if there is none.

    Where it comes to rest away from the solution, or slows down for good, it is wrong there, and is held to that.

    Returns:
        The Scope, whose note says which it was.
    """
    close = False
    for kappa, shares in (PLAIN, DAMPED):
        probes = [probe(solver, M, kappa, shares, accuracy) for M in LADDER]
        close = close or ((kappa, shares) == PLAIN and any(p.close for p in probes))
        # Scales near 1 first: their cases read best.
        lost = sorted((p for p in probes if p.lost), key=lambda p: abs(math.log(p.M)))
        reached = sorted((p for p in probes if p.whole), key=lambda p: (p.worst, abs(math.log(p.M))))
        if reached and not lost:
            # Damping that has little to do with m: a solver may take gamma for another number.
            beyond = probe(solver, reached[0].M, kappa, BEYOND, accuracy)
            lost = [beyond] if beyond.lost else []
        if lost:
            return _held_to_defect([(p.M, p.lost, 0.9) for p in lost[:3]], kappa, "comes to rest away from h*")
        if not reached:
            continue
        # A scale that takes much longer than the best one says nothing more, and takes longer to say it.
        chosen = [p for p in reached[:3] if p.worst <= 4 * reached[0].worst + 20]
        # Momentum hides that steps shrink until they are small, so that more than the next scale down is asked.
        slower = sorted((p.M for p in probes if not p.whole and p.M < chosen[0].M), reverse=True)[:_SLOWER]
        for slow in slower:
            factor = tires(solver, slow, kappa, shares[0], accuracy)
            if factor is not None:
                return _held_to_defect([(slow, shares[:1], factor)], kappa, "slows down step by step")
        settings = [s for p in (*chosen, beyond) for share in p.steps for s in _scaled(p.M, kappa, [share], _rate(p))]
        scales = ", ".join(f"{p.M:.3g}" for p in sorted(chosen, key=lambda p: p.M))
        note = f"declares no guarantee; held to convergence at M = {scales}, where a probe converges, M/m = {kappa:g}"
        return Scope(tuple(settings), note)
    kappa, shares = PLAIN
    note = f"declares no guarantee; a probe converges at no scale, so it is held to M = 0.97, M/m = {kappa:g}"
    at_one = probe(solver, 0.97, kappa, shares, accuracy)
    if at_one.fault:
        note += f"; there, {at_one.fault}"
    elif accuracy < COARSE and close:
        note += (
            f"; it comes within {COARSE:g} of solutions, relatively: if it stops there by design, as a search must "
            f"that compares values of Phi, say so with accuracy={COARSE:g}"
        )
    return Scope(tuple(_scaled(0.97, kappa, shares, 0.9)), note, reached=False)


def _rate(found: Probe) -> float:
    return math.exp(math.log(1e-15) / max(found.worst, 3))


def _scaled(M: float, kappa: float, shares: Iterable[float], rate: float) -> Iterable[Setting]:
    return (Setting(M / kappa, M, kappa / (share * M), rate) for share in shares)


def _held_to_defect(classes: list[tuple[float, Sequence[float], float]], kappa: float, what: str) -> Scope:
    """The classes (M, shares, rate) where a probe saw a defect: the checks will find cases that show it."""
    scales = ", ".join(f"{M:.3g}" for M, _, _ in classes)
    note = f"declares no guarantee; held to M = {scales}, where a probe {what}, M/m = {kappa:g}"
    settings = tuple(s for M, shares, rate in classes for s in _scaled(M, kappa, shares, rate))
    return Scope(settings, note, reached=False)
