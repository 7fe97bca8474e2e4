"""Runs on the one quadratic that there is where m = M: both ends in closed form."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from eqt_theory.evidence.rate.horizon import WorstCase
from eqt_theory.evidence.rate.window import floats

_BITS = 100
_LEAST = 2.0**-60
_FAR = 1e60


@dataclass(frozen=True)
class OneCurvature:
    """What is measured at the last query of a run, relative to |h_0 - h*|^2, where m = M.

    The kernel's inequalities divide by M - m; what it is shown is a class that is wider by a part of 2^-100 or less.

    Args:
        moves: exact; query i is made at `h_0 + moves_i gradients`.
        curvature: m and M.
        measure: "distance", "value" or "gradient".
    """

    moves: list[list[Fraction]]
    curvature: Fraction
    measure: str

    @cached_property
    def _reach(self) -> np.ndarray:
        """Each query by h_0, then by what gradients are more than M y_i, over M."""
        n = len(self.moves)
        rows, move = np.eye(1, n + 1).repeat(n, 0), float(self.curvature) * floats(self.moves, n)
        for i in range(n):
            rows[i, 1:] += move[i]
            rows[i] += move[i, :i] @ rows[:i]
        return rows

    @cached_property
    def _bits(self) -> int:
        """The width of the class: the smaller, the farther a run gets."""
        most = float(np.abs(self._reach).max())
        return _BITS + 2 * max(0, math.ceil(math.log2(min(most, _FAR))))

    @property
    def _wider(self) -> WorstCase:
        wider = self.curvature * (1 + Fraction(1, 2**self._bits))
        return WorstCase(self.moves, self.curvature, wider, self.measure)

    def bound(self) -> tuple[Fraction, dict[str, Any]] | None:
        """An upper bound and its certificate, accepted by the kernel; None where a run goes very far.

        With M = 1 gradients are `y_i + e_i`, and `|e_i|^2 <= (M - m) <e_i, y_i>` by both inequalities between y_i and
        the minimum. Multipliers as large as what e_i does to the last point bound that but for a multiple of M - m.

        Returns:
            Both, or None.
        """
        n, rows = len(self.moves), self._reach
        if not np.abs(rows).max() < _FAR:
            return None
        far = np.maximum.accumulate(np.abs(rows[::-1, 0]))[::-1]
        far = np.maximum(far, _LEAST * far.max())
        weights = np.abs(rows[-1, 1:])
        weights[-1] = 1.0
        weights = np.maximum(weights, _LEAST * weights.max()) * (far[-1] / far)
        arcs: dict[tuple[int, int], Fraction] = {}
        for i, weight in enumerate(weights, 1):
            arcs[0, i] = arcs[i, 0] = Fraction(2) ** math.ceil(math.log2(weight))
        if self.measure == "value":
            arcs[0, n] += 1
        return self._wider.bound_by(arcs, 4 * self._bits)

    def attained(self) -> tuple[Fraction, dict[str, Any]] | None:
        """What the quadratic itself comes to, and its certificate.

        Returns:
            Both.
        """
        c, wider = self.curvature, self._wider
        v, points = wider.vectors.along([Fraction(1)], lambda _, y: [c * x for x in y])
        return wider.reached(v, [c * x * x / 2 for (x,), _ in points])
