"""Vectors with a given Gram matrix, by an exact factorisation G = L D L^T; nothing is rounded."""

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from eqt_theory.engines.smt.replay import sign_of

Row = tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Frame:
    """Coordinates of vectors in an orthogonal basis.

    Args:
        rows: the coordinates of each vector.
        squares: the squared lengths of the basis vectors, all positive.
    """

    rows: tuple[Row, ...]
    squares: Row

    def combination(self, coefficients: Sequence[sp.Expr]) -> Row:
        """The coordinates of a linear combination of the vectors."""
        pairs = list(zip(coefficients, self.rows, strict=True))
        return tuple(sp.Add(*(a * row[k] for a, row in pairs)) for k in range(len(self.squares)))

    def inner(self, u: Row, v: Row) -> sp.Expr:
        """The inner product of two vectors given by coordinates."""
        return sp.Add(*(a * b * s for a, b, s in zip(u, v, self.squares, strict=True)))

    def shown(self, u: Row) -> str:
        """A vector as coordinates in an orthonormal basis, readable; a number where there is one dimension."""
        entries = [str(sp.sqrt(s) * a) for a, s in zip(u, self.squares, strict=True)]
        return entries[0] if len(entries) == 1 else f"({', '.join(entries) or '0'})"


def factored(gram: sp.Matrix) -> Frame | None:
    """Vectors with this Gram matrix.

    Args:
        gram: symmetric, of exact numbers, rational or algebraic.

    Returns:
        Their coordinates, as many as the rank; None where the matrix is not positive semidefinite, or that
        cannot be decided.
    """
    n = gram.rows
    rest = gram.as_mutable()
    columns: list[Row] = []
    squares: list[sp.Expr] = []
    try:
        while True:
            signs = [sign_of(rest[k, k]) for k in range(n)]
            if min(signs) < 0:
                return None
            if 1 not in signs:
                zero = all(sign_of(rest[i, j]) == 0 for i in range(n) for j in range(i))
                rows = tuple(tuple(column[i] for column in columns) for i in range(n))
                return Frame(rows, tuple(squares)) if zero else None
            k = signs.index(1)
            pivot, column = rest[k, k], tuple(rest[i, k] / rest[k, k] for i in range(n))
            columns.append(column)
            squares.append(pivot)
            spanned = pivot * sp.Matrix(column) * sp.Matrix([column])
            rest = (rest - spanned).applyfunc(sp.expand)
    except (ArithmeticError, NotImplementedError, TypeError, ValueError):
        return None  # a sign that SymPy cannot tell: no coordinates, so nothing is refuted
