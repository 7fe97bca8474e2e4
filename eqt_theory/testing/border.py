"""Where a guarantee begins and ends to speak: the corners of what it speaks of, in m, M and gamma, by bisection."""

import math
import random
from collections.abc import Iterator, Sequence

from eqt_theory.core.errors import UsageError
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Guarantee, Metric
from eqt_theory.testing.setting import Setting

ROUND = (0.01, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 9.0, 10.0, 16.0, 20.0, 25.0, 50.0, 100.0, 1000.0)
"""Constants that people write down: a guarantee may speak of such a pair alone."""
_SHARES = (0.5, 1.5)
_LEAST, _MOST = 1e-6, 1e6
"""Constants between which a guarantee is followed, and how far gamma m may be from 1."""
_STEEPEST = 1e8
_STRIDE = math.log(1.25)
_HALVINGS = 48
_SEEDS = 4
_PATHS: tuple[tuple[tuple[float, float, float], ...], ...] = (
    # Steps in log m, log M and log share, one leg after the other, each to where the guarantee falls silent.
    ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    ((1.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    ((-1.0, -1.0, 0.0), (0.0, 1.0, 0.0)),
    ((0.0, -1.0, 0.0), (1.0, 1.0, 0.0)),
    ((1.0, 0.0, 0.0), (-1.0, -1.0, 0.0)),
    ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
)
"""The first leg alone ends on a side of what the guarantee speaks of, both of them in a corner."""


def setting_for(solver: Solver, m: float, M: float, share: float, slowest: float = 1.0) -> Setting | None:
    """The class of problems with gamma = 1/(share m), where a rate below the slowest is declared for it."""
    gamma = 1 / (share * m)
    guarantee = solver.guarantee(m, M, gamma)
    if guarantee is None or not guarantee.rate < slowest:
        return None
    rate = math.sqrt(guarantee.rate) if guarantee.metric is Metric.GAP else guarantee.rate
    return Setting(m, M, gamma, rate, guarantee)


def round_settings(solver: Solver, slowest: float = 1.0) -> list[Setting]:
    """Every class of round constants for which a rate is declared."""
    pairs = ((m, M) for m in ROUND for M in ROUND if m <= M)
    # The last share is a gamma of 1.
    found = (setting_for(solver, m, M, share, slowest) for m, M in pairs for share in dict.fromkeys((*_SHARES, 1 / m)))
    return [setting for setting in found if setting is not None]


def between(solver: Solver, known: Sequence[Setting], count: int) -> list[Setting]:
    """Classes at random places between known ones, in logarithms, as far as a rate is declared for them."""
    if len(known) < 2:
        return []
    rng, found = random.Random(0), []
    for _ in range(count):
        (a, b), t = rng.sample(list(known), 2), rng.random()
        m, M, gamma = (x ** (1 - t) * y**t for x, y in ((a.m, b.m), (a.M, b.M), (a.gamma, b.gamma)))
        found.append(setting_for(solver, m, max(m, M), 1 / (gamma * m)))
    return [setting for setting in found if setting is not None]


def corner_settings(solver: Solver, inside: Sequence[Setting]) -> tuple[Setting, ...]:
    """The ends and corners of what a guarantee speaks of, reached from some of the classes inside.

    Args:
        solver: the step rule.
        inside: classes for which a rate is declared, of which those with the extremes are started from.

    Returns:
        Different classes, each with the rate declared for it.
    """
    found: dict[tuple[float, ...], Setting] = {}
    for seed in _seeds(inside):
        for path in _PATHS:
            for corner in _legs(solver, seed, path):
                found.setdefault(tuple(float(f"{x:.6g}") for x in (corner.m, corner.M, corner.gamma)), corner)
    return tuple(found.values())


def convex_settings(solver: Solver) -> tuple[Setting, ...]:
    """Classes for which a bound like a power of the steps is declared, the first of them without strong convexity.

    Args:
        solver: the step rule.

    Returns:
        Up to three, the one with the largest M among them.
    """
    found = []
    for M in (1.0, 10.0, 0.1):
        for m in (0.0, M / 10):
            said = _sublinear(solver, m, M)
            if said is not None:
                found.append(Setting(m, M, 1.0, 1.0, said))
    return (*_largest(solver, found[:1]), *found)[:3]


def _sublinear(solver: Solver, m: float, M: float) -> Guarantee | None:
    """A bound like a power of the steps, where one is declared."""
    try:
        said = solver.guarantee(m, M, 1.0)
    except UsageError:
        return None
    return said if said is not None and said.sublinear else None


def _largest(solver: Solver, first: list[Setting]) -> list[Setting]:
    """The class with the largest M, found from one by doubling and halving, of which such a bound is declared."""
    for setting in first:
        low, high = setting.M, 2 * setting.M
        while high < 1e6 * setting.M and _sublinear(solver, setting.m, high) is not None:
            low, high = high, 2 * high
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if _sublinear(solver, setting.m, middle) is not None else (low, middle)
        said = _sublinear(solver, setting.m, low)
        if said is not None and setting.M < low < 1e6 * setting.M:
            return [Setting(setting.m, low, 1.0, 1.0, said)]
    return []


def _seeds(inside: Sequence[Setting]) -> list[Setting]:
    """A few that differ: in the middle of the scales, quick, slow and ill-conditioned."""
    if not inside:
        return []
    ordered = sorted(inside, key=lambda s: (s.M, s.m, s.gamma))
    chosen = (
        ordered[len(ordered) // 2],
        min(ordered, key=lambda s: s.rate),
        max(ordered, key=lambda s: s.M / s.m),
        min(ordered, key=lambda s: abs(math.log(s.M / s.m / 9))),
    )
    return list(dict.fromkeys(chosen))[:_SEEDS]


def _legs(solver: Solver, seed: Setting, path: Sequence[tuple[float, float, float]]) -> Iterator[Setting]:
    here = seed
    for leg in path:
        here = _furthest(solver, here, leg)
        yield here


def _furthest(solver: Solver, begin: Setting, leg: tuple[float, float, float]) -> Setting:
    """The last class along a leg for which a rate is declared, from where it is to where it first is not."""
    share = 1 / (begin.gamma * begin.m)

    def at(t: float) -> Setting | None:
        if t == 0:
            return begin
        m, M, s = (x * math.exp(step * t) for x, step in zip((begin.m, begin.M, share), leg, strict=True))
        if leg[0] != leg[1] and m > M * (1 - 1e-12) and (leg[0] > 0 or leg[1] < 0):
            m = M = begin.M if leg[1] == 0 else begin.m  # they have met
        if not (m <= M and m >= _LEAST and M <= _MOST and 1e-2 <= s <= 1e2):
            return None
        if m == M and t > math.log(begin.M / begin.m) + 2 * _STRIDE:
            return None
        return setting_for(solver, m, M, s)

    last, low, high = begin, 0.0, _STRIDE
    while (there := at(high)) is not None:
        last, low, high = there, high, high + _STRIDE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there = at(middle)
        if there is None:
            high = middle
        else:
            last, low = there, middle
    return _rounded(solver, last) or last


def _rounded(solver: Solver, setting: Setting) -> Setting | None:
    """The same class with constants of a few digits, where a rate is declared for them too: it reads better."""
    share = 1 / (setting.gamma * setting.m)
    m, M, share = (float(f"{x:.7g}") for x in (setting.m, setting.M, share))
    return setting_for(solver, m, M, share) if m <= M else None
