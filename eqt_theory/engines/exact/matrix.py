"""Linear systems and definiteness in exact fractions."""

from collections.abc import Sequence
from fractions import Fraction

import sympy as sp

from eqt_theory.core.errors import UsageError

Vector = tuple[Fraction, ...]
Matrix = tuple[Vector, ...]
Number = Fraction | int


def solve(matrix: Sequence[Sequence[Number]], right: Sequence[Number]) -> Vector:
    """The solution of `A x = b`, by elimination.

    Args:
        matrix: A, shape (d, d).
        right: b, shape (d,).

    Returns:
        x, shape (d,).

    Raises:
        UsageError: A is singular.
    """
    rows = [[Fraction(x) for x in (*row, b)] for row, b in zip(matrix, right, strict=True)]
    d = len(rows)
    for k in range(d):
        pivot = next((i for i in range(k, d) if rows[i][k] != 0), None)
        if pivot is None:
            raise UsageError("the matrix must be invertible, got a singular one")
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(d):
            if i != k and rows[i][k] != 0:
                factor = rows[i][k]
                rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return tuple(row[-1] for row in rows)


def semidefinite(matrix: Sequence[Sequence[Number]], *, strictly: bool = False) -> bool:
    """Whether a symmetric matrix is positive semidefinite, or definite: by the signs of the pivots of its LDL^T.

    Args:
        matrix: shape (d, d).
        strictly: ask for definite.

    Returns:
        The answer, exact.
    """
    rows = [[Fraction(x) for x in row] for row in matrix]
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and (strictly or any(rows[k][k:]))):
            return False
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot if pivot else Fraction(0)
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return True


def times(matrix: Sequence[Sequence[Number]], vector: Sequence[Number]) -> Vector:
    """`A x`, shape (d,)."""
    return tuple(dot(row, vector) for row in matrix)


def dot(left: Sequence[Number], right: Sequence[Number]) -> Fraction:
    """The inner product."""
    return sum((Fraction(a) * b for a, b in zip(left, right, strict=True)), Fraction(0))


def distance2(left: Sequence[Number], right: Sequence[Number]) -> Fraction:
    """The squared Euclidean distance; the distance itself is seldom rational."""
    return sum((Fraction(a - b) ** 2 for a, b in zip(left, right, strict=True)), Fraction(0))


def positive_semidefinite(matrix: sp.Matrix) -> bool:
    """Whether a symmetric matrix of rationals is positive semidefinite, by elimination in fractions."""
    rows = [[Fraction(int(x.p), int(x.q)) for x in matrix.row(i)] for i in range(matrix.rows)]
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][k:])):
            return False
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot if pivot else Fraction(0)
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return True
