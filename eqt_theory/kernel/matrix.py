"""Matrices of fractions, and quadratic forms in vectors and function values that are to be shown nonnegative."""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

from eqt_theory.kernel.reading import items, need, number, position

Row = Sequence[Fraction]
Matrix = list[list[Fraction]]
Points = Sequence[tuple[Row, Row]]


def matrix(value: Any, rows: int | None, columns: int) -> Matrix:
    """A matrix of texts "p/q" of that shape."""
    return [[number(entry) for entry in items(row, columns)] for row in items(value, rows)]


def whole(X: Sequence[Sequence[Fraction | int]]) -> tuple[list[list[int]], int]:
    """Whole numbers, and by what they are to be divided."""
    scale = lcm(*(x.denominator for row in X for x in row))
    return [[x.numerator * (scale // x.denominator) for x in row] for row in X], scale


def times(X: Sequence[Row], Y: Sequence[Row], width: int) -> Matrix:
    """X Y, where Y has that many columns."""
    (X_, p), (Y_, q) = whole(X), whole(Y)
    live = [[(a, Y_[k]) for k, a in enumerate(row) if a] for row in X_]
    return [[Fraction(sum(a * row[j] for a, row in terms), p * q) for j in range(width)] for terms in live]


def plus(u: Row, v: Row, c: Fraction | int = 1) -> list[Fraction]:
    """The row u + c v."""
    return [a + c * b if b else a for a, b in zip(u, v, strict=True)]


def unit(n: int) -> Matrix:
    """The unit matrix."""
    return [[Fraction(int(i == k)) for k in range(n)] for i in range(n)]


def rank(S: Matrix) -> int:
    """The rank of a symmetric matrix that is positive semidefinite, -1 of any other, by elimination (Bareiss 1968)."""
    R, last, live = whole(S)[0], 1, list(range(len(S)))
    while live:
        k = max(live, key=lambda i: R[i][i])
        pivot = R[k][k]
        if pivot <= 0:
            return -1 if any(R[i][j] for i in live for j in live) else len(S) - len(live)
        live.remove(k)
        for n, i in enumerate(live):
            for j in live[n:]:
                R[i][j] = R[j][i] = (R[i][j] * pivot - R[i][k] * R[k][j]) // last  # a minor of S: nothing is left over
        last = pivot
    return len(S)


def semidefinite(S: Matrix) -> bool:
    """Whether a symmetric matrix is positive semidefinite."""
    # Where there is room, that is seen in short numbers: rounded down, S loses less than a matrix of norm n units.
    n, unit = len(S), sum(S[i][i] for i in range(len(S))) / 2**96
    short = [[Fraction(x // unit - n * (i == j)) for j, x in enumerate(row)] for i, row in enumerate(S)] if unit else S
    return unit >= 0 and (rank(short) >= 0 or rank(S) >= 0)


class Form:
    """A quadratic form in n vectors plus a linear one in function values; value 0 is the minimum, which is 0."""

    def __init__(self, n: int, values: int) -> None:
        self.n, self.S, self.f = n, [[Fraction(0)] * n for _ in range(n)], [Fraction(0)] * values

    def add(self, c: Fraction | int, U: Sequence[Row], V: Sequence[Row]) -> None:
        """Add c times the sum of all <U_i, V_i>."""
        UV = times(list(zip(*U, *V, strict=True)) or [()] * self.n, [*V, *U], self.n)
        self.S = [plus(row, more, Fraction(c, 2)) for row, more in zip(self.S, UV, strict=True)]

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
                for a, b in ((i, i), (j, j), (i, j), (j, i)):
                    bent[a][b] += c if a == b else -c
        X, G = zip(*points, strict=True)
        k, none = 1 / (2 * (M - m)), [Fraction(0)] * size
        with_g = [[*(k * b for b in B), *plus(s, B, -2 * k * m)] for B, s in zip(bent, slope, strict=True)]
        with_x = [[*none, *(k * m * M * b for b in B)] for B in bent]
        self.add(1, [*G, *X], times([*with_g, *with_x], [*G, *X], self.n))

    def shown(self, what: str, *inequalities: Any) -> None:
        """Reject unless `subtract` with these leaves no function value, and a quadratic form that is nonnegative."""
        self.subtract(*inequalities)
        need(not any(self.f[1:]), f"{what} is not shown: function values are left")
        need(semidefinite(self.S), f"{what} is not shown: the form is not positive semidefinite")
