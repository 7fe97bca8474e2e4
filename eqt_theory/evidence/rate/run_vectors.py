"""The vectors of a certificate for a run on one function: rounded, so that the run follows them exactly."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from eqt_theory.evidence.rate.run_rules import Rule
from eqt_theory.kernel.horizon import follow, told
from eqt_theory.kernel.matrix import matrix
from eqt_theory.kernel.worst import dot

Vector = Sequence[Fraction]


@dataclass(frozen=True)
class Vectors:
    """What a run is said in.

    Args:
        rules: of the queries.
        gradients: by the vectors, as `run_rules.gradients_of` gives them.
        M: of the class.
    """

    rules: list[Rule]
    gradients: list[Rule]
    M: Fraction

    @cached_property
    def unit(self) -> Fraction:
        """By how much a vector changes, about, where its gradient changes by M; a power of two."""
        change = self.M / abs(self.gradients[0][0])
        return Fraction(2) ** (change.numerator.bit_length() - change.denominator.bit_length())

    def along(
        self, start: Vector, slope: Callable[[int, Vector], Vector], grid: Fraction | None = None
    ) -> tuple[list[list[Fraction]], list[tuple[Vector, Vector]]]:
        """Run, and note the vectors.

        Args:
            start: h_0.
            slope: the gradient at query i.
            grid: to the multiples of which vectors are rounded, and gradients with them.

        Returns:
            The vectors, shape (n + 1, d), and the queries and gradients that they stand for.
        """
        v, before = [[Fraction(x) for x in start]], []
        points: list[tuple[Vector, Vector]] = []
        for i, (rule, row) in enumerate(zip([(Fraction(1),), *self.rules], self.gradients, strict=True)):
            y = _sum(rule, before or v[:1])
            rest = _sum(row[1:], [y, *v[i::-1]])
            new = [(u - r) / row[0] for u, r in zip(slope(i, y), rest, strict=True)]
            v.append(new if grid is None else [grid * round(x / grid) for x in new])
            u = [row[0] * x + r for x, r in zip(v[-1], rest, strict=True)]
            points.append((y, u))
            before = [y, u, *before]
        return v, points


def _sum(row: Rule, vectors: Sequence[Vector]) -> list[Fraction]:
    total = [Fraction(0)] * len(vectors[0])
    for c, v in zip(row, vectors, strict=False):
        if c:
            total = [a + c * b for a, b in zip(total, v, strict=True)]
    return total


def whole(v: list[list[Fraction]], values: Sequence[Fraction]) -> tuple[list[list[int]], list[int]]:
    """Vectors and values in units in which the vectors are whole numbers, and the values rounded to such.

    Args:
        v: shape (n + 1, d).
        values: shape (n,).

    Returns:
        Both.
    """
    scale = math.lcm(*(x.denominator for row in v for x in row))
    return [[int(x * scale) for x in row] for row in v], [round(f * scale**2) for f in values]


def sampled(data: dict[str, Any]) -> tuple[list[tuple[Any, Any]], list[Fraction]]:
    """The queries and gradients, and the values, of a certificate with a function, all exact."""
    below, run = data["below"], data["run"]
    vectors = matrix(below["vectors"], None, len(below["vectors"][0]))
    points = follow(told(run["queries"]), told(run["gradients"]), vectors)
    return points, [Fraction(f) for f in below["values"]]


def function_of(data: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The function of a certificate, scaled so that |h_0 - h*| = 1, in floating point.

    Args:
        data: a certificate with a function.

    Returns:
        The points, shape (n, d), h_0 first and the last h last, the gradients there and the values, shape (n,).
    """
    points, values = sampled(data)
    size = Fraction(math.isqrt(int(dot(points[0][0], points[0][0]) * 2**80)), 2**40)
    at, slopes = (np.array([[float(x / size) for x in row] for row in rows]) for rows in zip(*points, strict=True))
    return at, slopes, np.array([float(f / size**2) for f in values])
