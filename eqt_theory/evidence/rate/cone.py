"""The cone of all potentials of a search and their multipliers, exact: what each unknown adds, and what all come to.

Function values cancel whatever the unknowns are: the multiplier between each point and the minimum follows.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from eqt_theory.evidence.rate.potential import Search, described, listed
from eqt_theory.evidence.rate.window import pairs
from eqt_theory.kernel.matrix import Form, plus, unit
from eqt_theory.kernel.rates import follow, read

Row = list[Fraction]
Parts = dict[Any, Fraction]


@dataclass(frozen=True)
class Unknown:
    """What one unknown adds: to P and p, to multipliers of the decrease and of the lower bound, to the factor there."""

    P: Parts = field(default_factory=dict)
    p: Parts = field(default_factory=dict)
    decrease: Parts = field(default_factory=dict)
    positive: Parts = field(default_factory=dict)
    factor: int = 0


class Cone:
    """The unknowns of a search, and the blocks that they add up to: `sum_i x_i (constant_i + rate^2 growing_i)`.

    Args:
        search: what is looked for; no unit is changed.
    """

    def __init__(self, search: Search) -> None:
        self.search, w, me = search, search.window, search.window.method
        s, self.q, self.early = me.states, me.queries, w.early
        self.n, self.keep = s + self.early + self.q, s + self.early
        e = unit(self.n)
        queries, states = follow(read(described(me)), e[:s], e[s:], self.n)
        self.points = [([Fraction(0)] * self.n, [Fraction(0)] * self.n), *queries]
        self.kinds = w.kinds(False, w.length + 1)
        self.now, self.after = [*states[0], *e[s : self.keep]], [*states[1], *e[s + self.q :]]
        self.arcs, self.lower_arcs = pairs(self.kinds), [] if search.itself else pairs(self.kinds[: 1 + self.early])
        one, at = Fraction(1), search.reported or 0
        H = me.H[0]
        measured = Unknown(
            P={"distance": {(i, j): H[i] * H[j] for i in range(s) for j in range(i + 1)},
               "gradient": {(s + at, s + at): one}, "value": {}}[search.measure],
            p={at: one} if search.measure == "value" else {},
        )  # fmt: skip
        self.measured = measured
        given = [arc for arc in self.arcs if arc[1]]
        self.unknowns = [measured] if search.itself else list(self._potentials())
        self.unknowns += [Unknown(decrease={arc: one}) for arc in given]
        if not search.itself:
            self.unknowns += [Unknown(positive={arc: one}) for arc in self.lower_arcs if arc[1]] + [Unknown(factor=1)]
        self.bends = {arc: self._bend(*arc) for arc in self.arcs}

    def _potentials(self) -> Iterator[Unknown]:
        yield from (Unknown(P={(a, b): Fraction(1)}) for a in range(self.keep) for b in range(a + 1))
        yield from (Unknown(p={k: Fraction(1)}) for k in range(self.early))

    def _bend(self, i: int, j: int) -> Row:
        """Minus the form of an inequality."""
        m, M, form = self.search.window.m, self.search.window.M, Form(self.n, 0)
        d, D = (plus(self.points[i][x], self.points[j][x], -1) for x in (0, 1))
        form.add(Fraction(1), [self.points[j][1]], [d])
        if "convex" not in (self.kinds[i], self.kinds[j]):
            k = 1 / (2 * (M - m))
            form.add(k, [D], [D])
            form.add(k * m * M, [d], [d])
            form.add(-2 * k * m, [D], [d])
        return _flat(form.S)

    def _potential(self, P: Parts, w: Sequence[Row]) -> Row:
        form = Form(self.n, 0)
        for (i, j), c in P.items():
            form.add(c * (1 if i == j else 2), [w[i]], [w[j]])
        return _flat(form.S)

    def multipliers(self, x: Unknown) -> tuple[Parts, Parts, Parts]:
        """All multipliers of the decrease, those in proportion to rate^2 apart, and those of the lower bound."""
        constant, growing, positive = dict(x.decrease), dict[Any, Fraction](), dict(x.positive)

        def add(to: Parts, point: int, c: Fraction) -> None:
            to[point, 0] = to.get((point, 0), Fraction(0)) + c

        for k, c in x.p.items():
            add(growing, 1 + k, c)
            add(constant, 1 + self.q + k, -c)
            add(positive, 1 + k, c)
        for k, c in self.measured.p.items() if x.factor else ():
            add(positive, 1 + k, -x.factor * c)
        for to, given in ((constant, x.decrease), (positive, x.positive)):
            for (i, j), c in given.items():
                if i:
                    add(to, i, -c)
                add(to, j, c)
        return constant, growing, positive

    def blocks(self, x: Unknown) -> tuple[Row, Row, Row, Row, Row]:
        """Its constant and growing part of the decrease, its lower bound, both parts of what is to be positive."""
        constant, growing, positive = self.multipliers(x)
        before = self._potential(x.P, self.now)
        decrease = _total([_times(-1, self._potential(x.P, self.after)), *self._bent(constant)])
        lower = _total([before, *self._bent(positive), _times(-x.factor, self._potential(self.measured.P, self.now))])
        cut = [lower[i * self.n + j] for i in range(self.keep) for j in range(self.keep)]
        zero = Fraction(0)
        signs = [constant.get(arc, zero) for arc in self.arcs] + [positive.get(arc, zero) for arc in self.lower_arcs]
        later = [growing.get(arc, zero) for arc in self.arcs] + [zero] * len(self.lower_arcs)
        first = Fraction(x.factor or int(x is self.measured))
        return decrease, _total([before, *self._bent(growing)]), cut, [*signs, first], [*later, zero]

    def _bent(self, uses: Parts) -> Iterator[Row]:
        return (_times(c, self.bends[arc]) for arc, c in uses.items())

    def proposed(self, square: float) -> list[Fraction]:
        """Values of the unknowns as doubles propose them, with a little less of the factor; empty: none."""
        found = self.search.inside(square)
        if found is None:
            return []
        (P, decrease, positive), p, factor = found
        if self.search.itself:
            return [Fraction(1), *(decrease[arc] for arc in self.arcs if arc[1])]
        given = [decrease[arc] for arc in self.arcs if arc[1]] + [positive[arc] for arc in self.lower_arcs if arc[1]]
        return [*(P[entry] for entry in P), *p, *given, factor * Fraction(9, 10)]

    def certificate(self, values: Sequence[Fraction], rate: Fraction) -> dict[str, Any]:
        """What these values of the unknowns say of a rate; the factor of the lower bound is to be 1."""
        w, x = self.search.window, _sum(self.unknowns, values)
        constant, growing, positive = self.multipliers(x)
        decrease = {arc: constant.get(arc, Fraction(0)) + rate**2 * growing.get(arc, Fraction(0)) for arc in self.arcs}
        lower = {} if self.search.itself else positive
        return {
            "kind": "rate", "m": str(w.m), "M": str(w.M), "method": described(w.method),
            "measure": self.search.measure, "rate": str(rate), "constant": "0", "window": w.length,
            "P": [[i, j, str(c)] for (i, j), c in x.P.items() if c],
            "p": [str(x.p.get(k, Fraction(0))) for k in range(self.early)],
            "reported": [] if self.search.measure == "distance" else [self.search.reported], "first": [],
            "decrease": listed(decrease, Fraction(1)), "positive": listed(lower, Fraction(1)), "initial": [],
        }  # fmt: skip


def _sum(unknowns: Iterable[Unknown], values: Iterable[Fraction]) -> Unknown:
    total, factor = ({}, {}, {}, {}), 0
    for u, x in zip(unknowns, values, strict=True):
        factor += u.factor
        for to, part in zip(total, (u.P, u.p, u.decrease, u.positive), strict=True):
            for key, c in part.items():
                to[key] = to.get(key, Fraction(0)) + x * c
    return Unknown(*total, factor)


def _flat(S: Sequence[Row]) -> Row:
    return [x for row in S for x in row]


def _times(c: Fraction | int, row: Row) -> Row:
    return [c * x for x in row]


def _total(rows: Sequence[Row]) -> Row:
    return [sum(column, Fraction(0)) for column in zip(*rows, strict=True)]
