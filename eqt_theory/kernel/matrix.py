"""Matrices of fractions, and quadratic forms in vectors and function values that are to be shown nonnegative."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from eqt_theory.kernel.reading import items, need, number, position

Row = Sequence[Fraction]
Matrix = list[list[Fraction]]
Points = Sequence[tuple[Row, Row]]


def matrix(value: Any, rows: int | None, columns: int) -> Matrix:
    """A matrix of texts "p/q" of that shape."""
    return [[number(entry) for entry in items(row, columns)] for row in items(value, rows)]


def times(X: Sequence[Row], Y: Sequence[Row], width: int) -> Matrix:
    """X Y, where Y has that many columns."""
    live = [[(a, Y[k]) for k, a in enumerate(row) if a] for row in X]
    return [[sum((a * row[j] for a, row in terms), Fraction(0)) for j in range(width)] for terms in live]


def plus(u: Row, v: Row, c: Fraction | int = 1) -> list[Fraction]:
    """The row u + c v."""
    return [a + c * b for a, b in zip(u, v, strict=True)]


def unit(n: int) -> Matrix:
    """The unit matrix."""
    return [[Fraction(int(i == k)) for k in range(n)] for i in range(n)]


def rank(S: Matrix) -> int:
    """The rank of a symmetric matrix that is positive semidefinite, -1 of any other, by elimination."""
    S, live = [list(row) for row in S], list(range(len(S)))
    while live:
        k = max(live, key=lambda i: S[i][i])
        if S[k][k] <= 0:
            return -1 if any(S[i][j] for i in live for j in live) else len(S) - len(live)
        live.remove(k)
        for i in live:
            factor = S[i][k] / S[k][k]
            for j in live if factor else ():
                S[i][j] -= factor * S[k][j]
    return len(S)


class Form:
    """A quadratic form in n vectors plus a linear one in function values; value 0 is the minimum, which is 0."""

    def __init__(self, n: int, values: int) -> None:
        self.n, self.S, self.f = n, [[Fraction(0)] * n for _ in range(n)], [Fraction(0)] * values

    def add(self, c: Fraction, u: Row, v: Row) -> None:
        """Add c <u, v>."""
        for i, j in [(i, j) for i, a in enumerate(u) if a for j, b in enumerate(v) if b]:
            self.S[i][j] += c * u[i] * v[j] / 2
            self.S[j][i] += c * u[i] * v[j] / 2

    def products(self, c: Fraction, U: Sequence[Row], V: Sequence[Row]) -> None:
        """Add c times the sum of all <U_i, V_i>."""
        for i, row in enumerate(times(list(zip(*U, strict=True)), V, self.n)):
            for j, entry in enumerate(row):
                self.S[i][j] += c * entry / 2
                self.S[j][i] += c * entry / 2

    def subtract(self, uses: Any, points: Points, kinds: Sequence[str], m: Fraction, M: Fraction) -> None:  # noqa: N803
        """Subtract inequalities, each times its multiplier >= 0.

        That of i and j is `f_i - f_j - <g_j, d> - (|D|^2 + m M |d|^2 - 2 m <D, d>)/(2 (M - m)) >= 0` with d = x_i - x_j
        and D = g_i - g_j, both points of the smooth function, and `f_i - f_j - <g_j, d> >= 0`, both of the convex one.
        Point 0 is the minimum of both.
        """
        size = len(points)
        bent, slope = ([[Fraction(0)] * size for _ in range(size)] for _ in range(2))
        for use in items(uses):
            i, j, c = items(use, 3)
            i, j, c = position(i, size), position(j, size), number(c)
            functions = {kinds[i], kinds[j]} - {""}
            need(i != j and c >= 0, "an inequality is between two points, its multiplier not negative")
            need(len(functions) == 1, "an inequality is between points of one function")
            self.f[i] -= c
            self.f[j] += c
            slope[j][i] += c
            slope[j][j] -= c
            if functions == {"smooth"}:
                bent[i][i] += c
                bent[j][j] += c
                bent[i][j] -= c
                bent[j][i] -= c
        X, G = [x for x, _ in points], [g for _, g in points]
        k = 1 / (2 * (M - m))
        bent_x, bent_g = times(bent, X, self.n), times(bent, G, self.n)
        self.products(Fraction(1), G, times(slope, X, self.n))
        self.products(k, G, bent_g)
        self.products(k * m * M, X, bent_x)
        self.products(-2 * k * m, G, bent_x)

    def shown(self, what: str, *inequalities: Any) -> None:
        """Reject unless `subtract` with these leaves no function value, and a quadratic form that is nonnegative."""
        self.subtract(*inequalities)
        need(not any(self.f[1:]), f"{what} is not shown: function values are left")
        need(rank(self.S) >= 0, f"{what} is not shown: the form is not positive semidefinite")
