"""The worst case of a run of a few steps: what is proposed in floating point, rounded to a bound and to a function."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np

from eqt_theory.core.budget import tick
from eqt_theory.engines.sdp import unpacked
from eqt_theory.evidence.rate.horizon_function import functions
from eqt_theory.evidence.rate.horizon_program import Program, Solved
from eqt_theory.evidence.rate.on_a_line import run_exactly
from eqt_theory.evidence.rate.potential import balanced, listed
from eqt_theory.evidence.rate.run_rules import Rule, blocks, gradients_of, rules_of
from eqt_theory.evidence.rate.run_vectors import Vectors, whole
from eqt_theory.evidence.rate.window import floats, unit_of
from eqt_theory.kernel import Rejected, check
from eqt_theory.kernel.horizon import follow
from eqt_theory.kernel.matrix import Form
from eqt_theory.kernel.worst import dot

_MARGINS = (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
_BITS, _FEWER_BITS, _FUNCTION_BITS = 46, (22, 30, 37), (22, 26, 30, 34, 38, 46)
_NEAR, _ABOVE, _BROKEN, _GROWTHS = 1e-5, 1.0001, 1e-6, 6
_MANY, _ROUNDS, _SMALL, _PRICE, _GONE = 5, 2, 1e-3, 1e-6, 1e-6
_LARGE = 1e-5
_INSIDE = (10**9, 10**8, 10**7, 10**6, 10**5, 10**4)
"""The part of M - m by which a function of one variable stays inside the class, so that it may be rounded."""


@dataclass(frozen=True)
class WorstCase:
    """What is measured at the last query of a run, at most, relative to |h_0 - h*|^2.

    Args:
        moves: exact; query i is made at `h_0 + moves_i gradients`.
        m: lower curvature of the class.
        M: upper curvature, above m.
        measure: "distance", "value" or "gradient".
    """

    moves: list[list[Fraction]]
    m: Fraction
    M: Fraction
    measure: str

    @property
    def size(self) -> int:
        """The number of queries."""
        return len(self.moves)

    @property
    def unit(self) -> Fraction:
        """What is measured, in units of M = 1."""
        return unit_of(self.measure, self.M)

    @cached_property
    def rules(self) -> list[Rule]:
        """The run, as a certificate holds it."""
        return rules_of(self.moves)

    @cached_property
    def vectors(self) -> Vectors:
        """In what a certificate says it."""
        return Vectors(self.rules, gradients_of(self.rules), self.M)

    @cached_property
    def _program(self) -> Program:
        M = self.M
        rules = [np.array([float(M * c if k % 2 else c) for k, c in enumerate(rule)]) for rule in self.rules]
        return Program(float(M) * floats(self.moves, self.size), rules, float(self.m / M), self.measure)

    @cached_property
    def _few(self) -> tuple[Solved | None, np.ndarray, float]:
        """The worst case, the inequalities that it needs, neighbours, the minimum and others, and the least measured.

        With more inequalities less is measured, but for what doubles leave.
        """
        used = np.array([abs(i - j) == 1 or not i or not j for i, j in self._program.arcs])
        solved = self._program.solve(_MARGINS[0], 0.0, np.flatnonzero(used))
        least = math.inf
        for _ in range(_GROWTHS):
            least = min(least, math.inf if solved is None else solved.measured)
            if solved is None or self._program.line[1] >= solved.measured * (1 - _NEAR):
                break
            left = np.where(used, 0.0, self._program.slack(solved.gram, solved.values))
            broken = [k for k in np.argsort(left)[: 2 * self.size] if left[k] < -_BROKEN]
            if not broken:
                break
            used[broken] = True
            solved = self._program.solve(_MARGINS[0], 0.0, np.flatnonzero(used))
        return solved, np.flatnonzero(used), least

    def _fewer(self) -> tuple[Solved, np.ndarray] | None:
        """The same with fewer inequalities, where those with small multipliers are not needed."""
        solved, used, least = self._few
        if solved is None or len(used) < _MANY * self.size:
            return None
        found = None
        for _ in range(_ROUNDS):
            # What is small is made dear, so that it vanishes.
            sizes = np.maximum(solved.multipliers[used], 0.0) / solved.multipliers.max()
            cheap = self._program.solve(_MARGINS[0], -_PRICE * _SMALL / (sizes + _SMALL), used)
            if cheap is None:
                break
            kept = cheap.multipliers > _GONE * cheap.multipliers.max()
            met = {i for arc, k in zip(self._program.arcs, kept, strict=True) if k for i in arc}
            # Each gradient is bounded by something.
            used = np.flatnonzero(kept | [not {i, j} - {0} <= met and not i * j for i, j in self._program.arcs])
            solved = self._program.solve(_MARGINS[0], 0.0, used)
            if solved is None or solved.measured > least * (1 + _NEAR):
                break
            found = solved, used
        return found

    @property
    def _closed(self) -> bool:
        """Whether a function of one variable is seen to be the worst."""
        solved = self._few[0]
        return solved is not None and self._program.line[1] >= solved.measured * (1 - _NEAR)

    def bound(self) -> tuple[Fraction, dict[str, Any]] | None:
        """An upper bound and its certificate, accepted by the kernel; None where none was found."""
        solved, few, least = self._few
        most, fewer = least * _ABOVE * self.unit, self._fewer()
        found = None if fewer is None else self._by(*fewer, most)
        return found or self._by(solved, few, most) or self._by(None, None, math.inf)

    def _by(self, solved: Solved | None, used: np.ndarray | None, most: Any) -> tuple[Fraction, dict[str, Any]] | None:
        """A bound by the inequalities `used`, or by all, with the first margin that is enough; not above `most`."""
        for margin in _MARGINS:
            tick()
            if solved is None or margin > _MARGINS[0]:
                solved = self._program.solve(margin, 0.0, used)
            for bits in (_BITS,) if used is None else _FEWER_BITS:
                found = None if solved is None else self._rounded_bound(solved.multipliers, bits)
                if found is not None and found[0] <= most:
                    return found
            if used is not None and margin > _LARGE:
                break
        return None

    def _rounded_bound(self, multipliers: np.ndarray, bits: int) -> tuple[Fraction, dict[str, Any]] | None:
        n, zero = self.size + 1, Fraction(0)
        dual = unpacked(multipliers @ self._program.inequalities[:, : n * (n + 1) // 2], n) + self._program.gain[0]
        if np.linalg.eigvalsh(dual[1:, 1:])[-1] > 0:
            return None
        arcs = {}
        for arc, x, weight in zip(
            self._program.arcs, multipliers, self._program.reference / self._program.weights, strict=True
        ):
            grid = Fraction(2) ** (math.floor(math.log2(weight)) - bits)
            arcs[arc] = grid * round(float(x) * weight / grid) if x > 1e-11 else zero
        demand = {i: zero for i in range(1, n)}
        demand[self.size] -= self.measure == "value"
        arcs = balanced(arcs, demand)
        if arcs is None:
            return None
        return self.bound_by(arcs)

    def bound_by(
        self, arcs: Mapping[tuple[int, int], Fraction], bits: int = 160
    ) -> tuple[Fraction, dict[str, Any]] | None:
        """The bound that multipliers show, and its certificate, accepted by the kernel; None where they show none.

        Args:
            arcs: multipliers of the inequalities between points, in units of M = 1; the minimum is point 0.
            bits: below the largest entry of the form, to which the bound is reckoned.

        Returns:
            Both, or None.
        """
        n, zero = self.size + 1, Fraction(0)
        unit = [[Fraction(int(i == k)) for k in range(n)] for i in range(n)]
        points = [([zero] * n, [zero] * n)]
        points += [([Fraction(1), *(self.M * x for x in row)], unit[1 + i]) for i, row in enumerate(self.moves)]
        form = Form(n, n)
        form.subtract(listed(arcs, Fraction(1)), points, ["", *["smooth"] * self.size], self.m / self.M, Fraction(1))
        if self.measure != "value":
            row = points[-1][0 if self.measure == "distance" else 1]
            form.add(Fraction(-1), [row], [row])
        least = _schur(form.S, bits)
        if least is None:
            return None
        # The coefficient of |h_0 - h*|^2 is what remains to be added, rounded up.
        grid = _grid(least)
        bound = self.unit * grid * ((least / grid).__floor__() + 2)
        scale = math.lcm(*(c.denominator for c in arcs.values()))
        above = {
            "bound": str(bound), "scale": str(scale * self.M / self.unit), "multipliers": listed(arcs, Fraction(scale)),
        }  # fmt: skip
        certificate = self._certificate("horizon", above=above)
        return (bound, certificate) if _accepted(certificate) else None

    def _certificate(self, kind: str, **halves: dict[str, Any]) -> dict[str, Any]:
        return {
            "kind": kind, "m": str(self.m), "M": str(self.M), "measure": self.measure,
            "run": {"queries": blocks(self.rules), "gradients": blocks(self.vectors.gradients)},
            "above": {}, "below": {}, **halves,
        }  # fmt: skip

    def attained(self) -> tuple[Fraction, dict[str, Any]] | None:
        """A lower bound, and the function that attains it, accepted by the kernel; None where none was found."""
        line = self._on_a_line()
        if self._closed and line is not None:
            return line
        found = [] if line is None else [line]
        for rows, values in functions(self._program):
            tick()
            rounded = self._rounded_function(rows, values)
            if rounded is not None:
                found.append(rounded)
                break
        return max(found, key=lambda one: one[0], default=None)

    def _on_a_line(self) -> tuple[Fraction, dict[str, Any]] | None:
        function, _, sizes = self._program.line
        for part, bits in ((_INSIDE[0], _FEWER_BITS[-1]), *((part, _BITS) for part in _INSIDE)):
            tick()
            bits -= math.floor(math.log2(sizes.min()))
            certificate = self.reached(*run_exactly(function, self.vectors, self.m, Fraction(1, part), bits))
            if certificate is not None:
                return certificate
        return None

    def _rounded_function(self, rows: np.ndarray, values: np.ndarray) -> tuple[Fraction, dict[str, Any]] | None:
        for bits in _FUNCTION_BITS:
            grid = Fraction(1, 2 ** (bits - math.floor(math.log2(min(1.0, self._program.line[2].min())))))
            start, *slopes = [[grid * round(float(x) / grid) for x in row] for row in rows]
            wanted = [[self.M * x for x in row] for row in slopes]
            v, _ = self.vectors.along(start, lambda i, y, wanted=wanted: wanted[i], self.vectors.unit * grid)
            found = self.reached(*whole(v, [self.M * Fraction(float(x)) for x in values]))
            if found is not None:
                return found
        return None

    def reached(self, vectors: list[list[Any]], values: list[Any]) -> tuple[Fraction, dict[str, Any]] | None:
        """What these vectors and values come to, and their certificate, if the kernel accepts it."""
        v = [[Fraction(x) for x in row] for row in vectors]
        size = dot(v[0], v[0])
        if not size:
            return None
        y, u = follow(self.rules, self.vectors.gradients, v)[-1]
        reached = {"distance": dot(y, y), "value": Fraction(values[-1]), "gradient": dot(u, u)}[self.measure] / size
        if reached > 0:
            reached = (grid := _grid(reached)) * (reached / grid).__floor__()
        below = {
            "attained": str(reached), "vectors": [[str(x) for x in row] for row in v],
            "values": [str(x) for x in values],
        }  # fmt: skip
        certificate = self._certificate("worst function", below=below)
        return (reached, certificate) if _accepted(certificate) else None


def _grid(x: Fraction) -> Fraction:
    """A power of two, 44 or 45 bits below a number; of one that is tiny or none, as if it were 2^-1000."""
    x = max(x, Fraction(1, 2**1000))
    return Fraction(2) ** (x.numerator.bit_length() - x.denominator.bit_length() - 45)


def _accepted(certificate: dict[str, Any]) -> bool:
    try:
        return bool(check(certificate))
    except Rejected:
        return False


def _schur(S: list[list[Fraction]], bits: int) -> Fraction | None:
    """About the least t for which S + t e_0 e_0' is positive semidefinite; None where the rest of S is not regular."""
    grid = max(abs(x) for row in S for x in row) / 2**bits
    short = [[flint.fmpz((x / grid).__floor__()) for x in row] for row in S]
    column = flint.fmpz_mat([[row[0]] for row in short[1:]])
    try:
        solved = flint.fmpq_mat(flint.fmpz_mat([row[1:] for row in short[1:]])).solve(flint.fmpq_mat(column))
    except ZeroDivisionError:
        return None
    total = sum((row[0] * solved[i, 0] for i, row in enumerate(short[1:])), flint.fmpq(0))
    return grid * (Fraction(int(total.p), int(total.q)) - int(short[0][0]))
