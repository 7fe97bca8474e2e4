"""Which inequalities and squares suffice for a potential, the same few at every sample: programs in floating point.

Where no more can be left out, the linear equations of the potential mostly have one solution, rational in the symbols.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eqt_theory.core.budget import tick
from eqt_theory.engines.sdp import Answer, minimise, packed
from eqt_theory.evidence.rate.forms import Arc, Forms
from eqt_theory.evidence.rate.parametric_squares import Name, squares_of
from eqt_theory.evidence.rate.window import Window

_USED = 3e-3
_SHARE = 1e-3
"""What a multiplier costs, where the weight of a square costs 1."""
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Support:
    """What a potential may use.

    Args:
        arcs: pairs of points, whose inequalities have multipliers.
        squares: names of vectors, whose squares may be left over.
    """

    arcs: tuple[Arc, ...]
    squares: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Program:
    """A potential at one point of a region, over one step.

    Args:
        window: the method there.
        square: of the rate that is claimed there.
    """

    window: Window
    square: float

    @cached_property
    def forms(self) -> Forms:
        """Of all unknowns."""
        return Forms.of(self.window, "distance", None)

    @cached_property
    def squares(self) -> dict[Name, np.ndarray]:
        """The squares that may be left over, packed."""
        return {name: packed(np.outer(v, v)) for name, v in squares_of(self.window).items()}

    def feasible(self, support: Support) -> bool:
        """Whether a potential with this support was found, its weights adding up to 1 and its form not negative."""
        forms = self.forms
        free = len(forms.entries) + forms.weights
        lower = range(free + len(forms.arcs), forms.grown.shape[0])
        columns = [*range(free), *(free + forms.arcs.index(a) for a in support.arcs), *lower]
        extra = np.array([self.squares[s] for s in support.squares]).reshape(len(support.squares), forms.grown.shape[1])
        count = len(columns) + len(extra)
        decrease = (self.square * forms.grown + forms.rest)[columns].T
        left = np.hstack([decrease, -extra.T])
        values = np.vstack([self.square * forms.grown_values + forms.rest_values, forms.lower_values])[:, columns]
        norm = np.zeros((1, count))
        norm[0, len(forms.entries) : free] = 1
        equal = np.vstack([left, _wide(values, count), norm])
        signed = np.eye(count)[free:]
        cost = np.zeros(count)
        cost[len(columns) :], cost[free : free + len(support.arcs)] = 1.0, _SHARE
        bound = _wide(forms.lower[columns].T, count)
        answer = minimise(
            cost,
            (equal, np.append(np.zeros(len(equal) - 1), 1.0)),
            (-signed, np.zeros(len(signed))),
            [(-bound, np.zeros(len(bound)), self.window.method.states + self.window.early)],
            tolerance=_TOLERANCE,
        )
        return answer.usable and answer.status in ("Solved", "AlmostSolved")

    def least(self) -> Answer:
        """The potential of which as little as can be is left over."""
        forms = self.forms
        count, at = forms.grown.shape[0], len(forms.entries)
        decrease = self.square * forms.grown + forms.rest
        norm = np.zeros((1, count))
        norm[0, at : at + forms.weights] = 1
        equal = np.vstack([self.square * forms.grown_values + forms.rest_values, forms.lower_values, norm])
        signed = np.eye(count)[at + forms.weights :]
        me = self.window.method
        n, keep = me.states + 2 * me.queries, me.states + me.queries
        return minimise(
            decrease @ packed(np.eye(n)) + 1e-5 * signed.sum(0),
            (equal, np.append(np.zeros(len(equal) - 1), 1.0)),
            (-signed, np.zeros(len(signed))),
            [(-decrease.T, np.zeros(decrease.shape[1]), n), (-forms.lower.T, np.zeros(forms.lower.shape[1]), keep)],
        )


def supports(programs: Sequence[Program], tries: int) -> Iterator[Support]:
    """Supports that suffice at every sample, each once: proposals, nothing is shown by them.

    Args:
        programs: a method at points of a region.
        tries: how many orders, in which parts are left out, are tried.

    Returns:
        First that of the potentials of which least is left over, then those of which no part can be left out.
    """
    tight = _tight(programs)
    if tight is not None:
        yield tight
    names = [n for n in programs[0].squares if all(n in p.squares for p in programs)]
    whole, seen = Support(tuple(programs[0].forms.arcs), tuple(names)), set()
    if not all(p.feasible(whole) for p in programs):
        return
    rng = random.Random(0)
    for k in range(tries):
        tick()
        arcs, squares = list(whole.arcs), list(whole.squares)
        rng.shuffle(arcs)
        rng.shuffle(squares)
        found = _thinned(programs, whole, [*arcs, *squares] if k % 2 == 0 else [*squares, *arcs])
        if found not in seen:
            seen.add(found)
            yield found


def _thinned(programs: Sequence[Program], support: Support, order: Sequence[Arc | Name]) -> Support:
    """A support of which no part can be left out."""
    for part in order:
        fewer = Support(tuple(a for a in support.arcs if a != part), tuple(s for s in support.squares if s != part))
        if all(p.feasible(fewer) for p in programs):
            support = fewer
    return support


def _tight(programs: Sequence[Program]) -> Support | None:
    """The pairs of points whose multipliers are positive at every sample, where as little as can be is left over."""
    found: list[Arc] | None = None
    for program in programs:
        answer = program.least()
        if not answer.usable or "olved" not in answer.status:
            continue
        used = [arc for arc, x in program.forms.split(list(answer.x))[2].items() if x > _USED]
        found = used if found is None else [arc for arc in found if arc in used]
    return None if found is None else Support(tuple(found))


def _wide(rows: np.ndarray, count: int) -> np.ndarray:
    return np.hstack([rows, np.zeros((len(rows), count - rows.shape[1]))])
