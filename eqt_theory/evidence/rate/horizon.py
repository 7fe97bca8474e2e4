"""The worst case of a run of a few steps: one semidefinite program, rounded to a bound and to a function from its dual.

In units of M = 1. The primal's unknowns are the Gram matrix of h_0 - h* and all gradients, and the values.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint
import numpy as np

from eqt_theory.core.budget import tick
from eqt_theory.engines.sdp import minimise, packed, unpacked
from eqt_theory.evidence.rate.potential import balanced, listed
from eqt_theory.evidence.rate.window import floats, inequality, pairs, unit_of
from eqt_theory.kernel import Rejected, check
from eqt_theory.kernel.matrix import Form

_MARGINS = (1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
_BITS, _FEWER_BITS = 46, 40
_SHIFT, _COST, _NEAR, _ABOVE = 1e-12, 1e-6, 1e-6, 1.0001
_PARTS = (1e-5, 1e-7)
"""Of the largest multiplier: inequalities with less are left out, at first."""


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
    def _points(self) -> tuple[np.ndarray, np.ndarray]:
        n = self.size + 1
        X = np.hstack([np.ones((self.size, 1)), float(self.M) * floats(self.moves, self.size)])
        return np.vstack([np.zeros((1, n)), X]), np.eye(n) - np.eye(n)[:, :1] @ np.eye(n)[:1]

    @cached_property
    def _arcs(self) -> list[tuple[int, int]]:
        return pairs(["", *["smooth"] * self.size])

    @cached_property
    def _inequalities(self) -> np.ndarray:
        X, G = self._points
        k = float(self.m / self.M)
        return np.stack([packed(inequality(X, G, i, j, k, True)) for i, j in self._arcs])

    def _solve(
        self, margin: float, shift: float, used: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Gram matrix, values, multipliers; `margin` is that of the dual form, `shift` that of the inequalities."""
        kept = np.arange(len(self._arcs)) if used is None else used
        n, last = self.size + 1, self.size
        X, _ = self._points
        gain, values = margin * np.eye(n), np.zeros(self.size)
        if self.measure == "distance":
            gain = gain + np.outer(X[last], X[last])
        elif self.measure == "gradient":
            gain[last, last] += 1
        else:
            values[last - 1] = 1
        arcs = np.array(self._arcs)[kept]
        incidence = np.zeros((len(arcs), self.size + 1))
        incidence[np.arange(len(arcs)), arcs[:, 0]] += 1
        incidence[np.arange(len(arcs)), arcs[:, 1]] -= 1
        first = np.zeros((1, n * (n + 1) // 2 + self.size))
        first[0, 0] = 1
        rows = np.vstack([-np.hstack([self._inequalities[kept], incidence[:, 1:]]), first])
        cone = np.hstack([-np.eye(n * (n + 1) // 2), np.zeros((n * (n + 1) // 2, self.size))])
        answer = minimise(
            -np.concatenate([packed(gain), values]),
            (np.zeros((0, rows.shape[1])), np.zeros(0)),
            (rows, np.concatenate([-shift * np.ones(len(arcs)), [1.0]])),
            [(cone, np.zeros(len(cone)), n)],
            tolerance=1e-11,
        )
        if not answer.usable:
            return None
        split = n * (n + 1) // 2
        multipliers = np.zeros(len(self._arcs))
        multipliers[kept] = answer.z[: len(arcs)]
        return unpacked(answer.x[:split], n), answer.x[split:], multipliers

    @cached_property
    def _worst(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The worst case, as far as doubles find it."""
        return self._solve(0.0, _SHIFT)

    @cached_property
    def _dear(self) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """The same where inequalities keep some room, so that few multipliers are used."""
        return self._solve(0.0, _COST)

    def _value(self, gram: np.ndarray, values: np.ndarray) -> float:
        """What is measured."""
        X, last = self._points[0], self.size
        return {"distance": X[last] @ gram @ X[last], "gradient": gram[last, last], "value": values[-1]}[self.measure]

    def bound(self) -> tuple[Fraction, dict[str, Any]] | None:
        """An upper bound and its certificate, accepted by the kernel; None where none was found."""
        # Few inequalities are enough for most methods: those with a multiplier where multipliers cost something.
        dear, worst = self._dear, self._worst
        sets = [] if dear is None else [np.flatnonzero(dear[2] > part * dear[2].max()) for part in _PARTS]
        solved = [self._solve(_MARGINS[0], 0.0, used) for used in sets]
        value = [math.inf if x is None else self._value(*x[:2]) for x in solved]
        for x, v in zip(solved, value, strict=True):
            found = None if x is None or v > min(value) * (1 + _NEAR) else self._rounded_bound(x[2], _FEWER_BITS)
            if found is not None and worst is not None and found[0] / self.unit <= self._value(*worst[:2]) * _ABOVE:
                return found
        for margin in _MARGINS:
            tick()
            solved = self._solve(margin, 0.0)
            found = None if solved is None else self._rounded_bound(solved[2], _BITS)
            if found is not None:
                return found
        return None

    def _rounded_bound(self, multipliers: np.ndarray, bits: int) -> tuple[Fraction, dict[str, Any]] | None:
        exact = [Fraction(round(max(0.0, float(x)) * 2**bits), 2**bits) for x in multipliers]
        exact = [x if x > Fraction(1, 10**11) else Fraction(0) for x in exact]
        demand = {i: Fraction(0) for i in range(1, self.size + 1)}
        demand[self.size] -= self.measure == "value"
        arcs = balanced(dict(zip(self._arcs, exact, strict=True)), demand)
        if arcs is None:
            return None
        n, zero = self.size + 1, Fraction(0)
        unit = [[Fraction(int(i == k)) for k in range(n)] for i in range(n)]
        points = [([zero] * n, [zero] * n)]
        points += [([Fraction(1), *(self.M * x for x in row)], unit[1 + i]) for i, row in enumerate(self.moves)]
        form = Form(n, n)
        form.subtract(listed(arcs, Fraction(1)), points, ["", *["smooth"] * self.size], self.m / self.M, Fraction(1))
        if self.measure != "value":
            row = points[-1][0 if self.measure == "distance" else 1]
            form.add(Fraction(-1), row, row)
        least = _schur(form.S)
        if least is None:
            return None
        # The coefficient of |h_0 - h*|^2 is what remains to be added, rounded up.
        bound = Fraction(-((-least * 2**60).__floor__()) + 1, 2**60)
        certificate = {
            "kind": "horizon", "m": str(self.m), "M": str(self.M), "run": _texts(self.moves), "measure": self.measure,
            "bound": str(bound * self.unit), "multipliers": listed(arcs, self.unit / self.M),
        }  # fmt: skip
        return (bound * self.unit, certificate) if _accepted(certificate) else None

    def attained(self) -> tuple[Fraction, dict[str, Any]] | None:
        """A lower bound, and the function that attains it, accepted by the kernel; None where none was found."""
        inside, share = self._dear, 0.0
        if self._worst is not None and inside is not None:
            # A little of a function with room in all inequalities makes up for what doubles leave.
            share = min(0.5, max(1e-7, -2 * self._least_slack(*self._worst[:2]) / _COST))
            while share < 1:
                tick()
                mixed = [(1 - share) * a + share * b for a, b in zip(self._worst[:2], inside[:2], strict=True)]
                found = self._rounded_function(*mixed)
                if found is not None:
                    return found
                share *= 4
        for shift in (10 * _SHIFT, *_MARGINS):
            solved = self._solve(0.0, shift)
            found = None if solved is None else self._rounded_function(*solved[:2])
            if found is not None:
                return found
        return None

    def _least_slack(self, gram: np.ndarray, values: np.ndarray) -> float:
        """Of all inequalities, at the nearest positive semidefinite matrix."""
        sizes, vectors = np.linalg.eigh(gram)
        f, arcs = np.array([0.0, *values]), np.array(self._arcs)
        forms = self._inequalities @ packed(vectors * np.maximum(sizes, 0) @ vectors.T)
        return float((f[arcs[:, 0]] - f[arcs[:, 1]] + forms).min())

    def _rounded_function(self, gram: np.ndarray, values: np.ndarray) -> tuple[Fraction, dict[str, Any]] | None:
        sizes, vectors = np.linalg.eigh(gram)
        keep = sizes > 1e-13 * sizes[-1]
        columns = (vectors[:, keep] * np.sqrt(sizes[keep])).T

        def rounded(x: float) -> Fraction:
            return Fraction(round(float(x) * 2**_FEWER_BITS), 2**_FEWER_BITS)

        start = [rounded(x) for x in columns[:, 0]]
        gradients = [[self.M * rounded(x) for x in column] for column in columns[:, 1:].T]
        used = [(c, g) for c, g in zip(self.moves[-1], gradients, strict=True) if c]
        h = [x + sum((c * g[a] for c, g in used), Fraction(0)) for a, x in enumerate(start)]
        last = self.M * rounded(values[-1])
        size = sum((x * x for x in start), Fraction(0))
        if not size:
            return None
        reached = {"distance": sum((x * x for x in h), Fraction(0)), "value": last,
                   "gradient": sum((x * x for x in gradients[-1]), Fraction(0))}[self.measure] / size  # fmt: skip
        reached = Fraction((reached * 2**60).__floor__(), 2**60)
        certificate = {
            "kind": "worst function", "m": str(self.m), "M": str(self.M), "run": _texts(self.moves),
            "measure": self.measure, "start": [str(x) for x in start], "gradients": _texts(gradients),
            "values": [str(self.M * rounded(x)) for x in values], "attained": str(reached),
        }  # fmt: skip
        return (reached, certificate) if _accepted(certificate) else None


def _texts(rows: list[list[Fraction]]) -> list[list[str]]:
    return [[str(x) for x in row] for row in rows]


def _accepted(certificate: dict[str, Any]) -> bool:
    try:
        return bool(check(certificate))
    except Rejected:
        return False


def _schur(S: list[list[Fraction]]) -> Fraction | None:
    """The least t for which S + t e_0 e_0' is positive semidefinite; None where the rest of S is not definite."""
    inner = [[flint.fmpq(x.numerator, x.denominator) for x in row[1:]] for row in S[1:]]
    column = [[flint.fmpq(row[0].numerator, row[0].denominator)] for row in S[1:]]
    try:
        solved = flint.fmpq_mat(inner).solve(flint.fmpq_mat(column))
    except ZeroDivisionError:
        return None
    total = sum((c[0] * solved[i, 0] for i, c in enumerate(column)), flint.fmpq(0))
    return Fraction(int(total.p), int(total.q)) - S[0][0]
