"""Multipliers of conclusions that are weaker than they need be: many do, and each is to be a simple one of them.

How far one may be chosen is told by semidefinite programs at points of the parameters, on the border of their range,
too, where there may be no choice. What is proposed is looked at there and elsewhere; where it fails is a point more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import sympy as sp

from eqt_theory.core.budget import tick
from eqt_theory.core.errors import UsageError
from eqt_theory.engines.closed_form import products_between
from eqt_theory.engines.gram.completion import Weights, left_rows, samples_at, told_by
from eqt_theory.engines.gram.critical import critical_ones
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.sample import Sample
from eqt_theory.engines.region import Point, Region, border, far_ones

_FAR = 12
"""Points far from the others at which a multiplier of a simple form is looked at, too."""
_LOOKED_AT = 120
_BORDER = 3
"""Points beside each of which the border of the range is looked at."""
_MORE = 5
"""Differences of parameters of which products are made, too, where they do not do without."""
_WAYS = 3
"""Forms of one multiplier that are tried."""
_TRIES = 12
"""Multipliers that are tried in all."""


def simple_ones(
    goal: Goal, region: Region, points: Sequence[Point], use: Sequence[int], letters: Sequence[sp.Expr]
) -> Weights | None:
    """Multipliers, each a product of powers, where they need be no special ones.

    Args:
        goal: of which they are.
        region: its parameters.
        points: of the region.
        use: the inequalities that are used, by their place.
        letters: of which the products are made.

    Returns:
        The multipliers; None where none were found.
    """
    every = [*points, *far_ones(region, points[0], _FAR), *border(region, points[:_BORDER])]

    def defined(point: Point) -> bool:
        return all(region.at(x, point) != 0 for x in letters)  # else multipliers with them are for nobody to tell

    apart = [x for x in _differences(region, every) if x not in letters and -x not in letters]
    for more in ([], apart[:_MORE]) if apart else ([],):
        search = _Search(goal, region, [*letters, *more], [p for p in every if defined(p)])
        while search.left > 0:
            known = len(search.points)
            found = search.multipliers({}, list(use))
            if found is not None:
                return found
            if len(search.points) == known:
                break
    return None


def _differences(region: Region, points: Sequence[Point]) -> list[sp.Expr]:
    """Differences of parameters that are of one sign, as of those at the ends of mu <= m <= L."""
    pairs = combinations(region.free, 2)
    return [a - b for a, b in pairs if all(p[a] >= p[b] for p in points) or all(p[a] <= p[b] for p in points)]


def fails_at(goal: Goal, region: Region, weights: Weights, points: Sequence[Point]) -> Point | None:
    """The first of some points at which multipliers are none; None where they do at all, as far as floats can tell."""
    for point in points:
        try:
            at = {i: float(region.at(w, point)) for i, w in weights.items()}
        except UsageError:  # something is divided by 0, which is for the proof to say
            continue
        if not samples_at(goal, region, [point])[0].does(at):
            return point
    return None


@dataclass
class _Search:
    """One search.

    Args:
        goal: of which multipliers are looked for.
        region: its parameters.
        letters: of which they are made.
        points: of the parameters.
    """

    goal: Goal
    region: Region
    letters: Sequence[sp.Expr]
    points: list[Point]
    left: int = field(default=_TRIES, init=False)
    _samples: dict[int, Sample] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.others = self.region.points(_LOOKED_AT, seed=1) + self.points

    def multipliers(self, weights: Weights, use: list[int]) -> Weights | None:
        """All of them, where some are chosen and some are to be; None where there are none, or a point was added."""
        if not use:
            return self._checked(weights)
        tick()
        unknown = {k: sp.Dummy(f"w{k}") for k in use}
        sums = left_rows(self.goal, {**weights, **unknown})[len(self.goal.products) :]
        told = told_by(sums, unknown)
        if told:
            return self.multipliers({**weights, **told}, [i for i in use if i not in told])
        known = len(self.points)
        for weight in self._forms(weights, use):
            self.left -= 1
            found = self.multipliers({**weights, use[0]: weight}, use[1:])
            if found is not None or self.left <= 0 or len(self.points) > known:
                return found
        return None

    def _forms(self, weights: Weights, use: list[int]) -> Iterator[sp.Expr]:
        """The simplest forms of the first of the multipliers that are to be chosen."""
        told, ends = [], []
        for n, point in enumerate(self.points):
            if n not in self._samples:
                (self._samples[n],) = samples_at(self.goal, self.region, [point])
            pair = self._samples[n].ends(use, {j: float(self.region.at(w, point)) for j, w in weights.items()})
            if pair is not None:  # of some programs the numbers are too far apart
                told.append(point)
                ends.append(pair)
        if told:
            yield from products_between(ends, self.letters, told, self.region, _WAYS)
            yield from critical_ones(self.goal, weights, use)

    def _checked(self, weights: Weights) -> Weights | None:
        fails = fails_at(self.goal, self.region, weights, self.others)
        if fails is None:
            return weights
        if fails not in self.points:
            self.points.append(fails)
        return None
