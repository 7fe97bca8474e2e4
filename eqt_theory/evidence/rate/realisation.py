"""The smallest recurrence with given queries and states: what no query can see, or no run can reach, is divided out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from eqt_theory.core.annotated import checked

Matrix = list[list[Fraction]]
_EVEN = 10
"""Bits by which the factor of a state may be away from 1."""


@checked
@dataclass(frozen=True)
class Recurrence:
    """A first-order method: `xi+ = A xi + B u` with queries `y = C xi + D u`, `u_j = grad Phi(y_j)`, and `h = H xi`.

    Exact. Every entry stands for that multiple of the identity in R^d, for every d. `xi_0 = start[:, 0] h_0` plus the
    other columns of `start` times the gradients that `init` asks for; query i of `init` is made at row i of `opening`.

    Args:
        A: shape (s, s).
        B: shape (s, q).
        C: shape (q, s).
        D: shape (q, q), strictly lower triangular but for proximal steps.
        H: shape (1, s).
        start: shape (s, 1 + r): columns h_0 and the r gradients of init.
        opening: shape (r, 1 + r): the queries of init over the same columns.
        kinds: for each query of a step, "smooth" (a gradient of Phi's smooth part) or "convex" (a subgradient of the
            convex part, from a proximal step).
        opened: the kinds of the queries of init.
        skipped: how many first steps, which differ from the others, `start` stands for.
        period: how many steps of the solver one step stands for: more than 1 where they repeat themselves only so.
        mended: the largest change to a coefficient, made so that h* is a fixed point in exact arithmetic too; 0 but
            where the code combines rounded numbers before they meet a state.
    """

    A: Matrix
    B: Matrix
    C: Matrix
    D: Matrix
    H: Matrix
    start: Matrix
    opening: Matrix
    kinds: tuple[str, ...]
    opened: tuple[str, ...] = ()
    skipped: int = 0
    mended: Fraction = Fraction(0)
    period: int = 1

    @property
    def states(self) -> int:
        """s, the vectors that are carried from step to step."""
        return len(self.A)

    @property
    def queries(self) -> int:
        """q, the gradients of one step."""
        return len(self.C)

    def __str__(self) -> str:
        def row(coefficients: Sequence[Fraction], letter: str) -> list[str]:
            return [f"{float(c):+.6g} {letter}{i}" for i, c in enumerate(coefficients) if c]

        lines = [
            f"y{j} = {' '.join(row(c, 'x') + row(d, 'u'))}" for j, (c, d) in enumerate(zip(self.C, self.D, strict=True))
        ]
        lines += [
            f"x{i}+ = {' '.join(row(a, 'x') + row(b, 'u')) or '0'}"
            for i, (a, b) in enumerate(zip(self.A, self.B, strict=True))
        ]
        said = [f"each step stands for {self.period} of the solver"] if self.period > 1 else []
        return "\n".join([*lines, f"h = {' '.join(row(self.H[0], 'x'))}", *said])


def reduced(recurrence: Recurrence) -> Recurrence:
    """The recurrence with the fewest states that makes the same queries and reports the same h in every run."""
    seen, pivots = _invariant([*recurrence.C, *recurrence.H], recurrence.A)
    # zeta = seen xi; rows of reduced echelon form are read off at their pivots.
    visible = replace(
        recurrence,
        A=_at(product(seen, recurrence.A), pivots),
        B=product(seen, recurrence.B),
        C=_at(recurrence.C, pivots),
        H=_at(recurrence.H, pivots),
        start=product(seen, recurrence.start),
    )
    reached, pivots = _invariant([*transpose(visible.start), *transpose(visible.B)], transpose(visible.A))
    if len(reached) == visible.states:
        return visible
    basis = transpose(reached)  # xi = basis zeta
    A, B, start = ([rows[p] for p in pivots] for rows in (product(visible.A, basis), visible.B, visible.start))
    return replace(visible, A=A, B=B, C=product(visible.C, basis), H=product(visible.H, basis), start=start)


def product(X: Matrix, Y: Matrix) -> Matrix:
    """X Y."""
    width = len(Y[0]) if Y else 0
    return [
        [sum((a * row[j] for a, row in zip(line, Y, strict=True) if a), Fraction(0)) for j in range(width)]
        for line in X
    ]


def transpose(X: Matrix) -> Matrix:
    """X'."""
    return [list(column) for column in zip(*X, strict=True)]


def _at(rows: Matrix, pivots: Sequence[int]) -> Matrix:
    return [[row[p] for p in pivots] for row in rows]


def echelon(rows: Matrix) -> tuple[Matrix, list[int]]:
    """The reduced row echelon form without zero rows, and its pivots."""
    rows, pivots = [list(row) for row in rows], []
    for j in range(len(rows[0]) if rows else 0):
        top = len(pivots)
        found = next((k for k in range(top, len(rows)) if rows[k][j]), None)
        if found is None:
            continue
        rows[top], rows[found] = rows[found], rows[top]
        lead = rows[top][j]
        rows[top] = [x / lead for x in rows[top]]
        for k, row in enumerate(rows):
            if k != top and row[j]:
                factor = row[j]
                rows[k] = [x - factor * y for x, y in zip(row, rows[top], strict=True)]
        pivots.append(j)
    return rows[: len(pivots)], pivots


def _invariant(rows: Matrix, A: Matrix) -> tuple[Matrix, list[int]]:
    """The smallest row space that holds the rows and is mapped into itself by A from the right, in echelon form."""
    basis, pivots = echelon(rows)
    while True:
        larger, found = echelon([*basis, *product(basis, A)])
        if len(larger) == len(basis):
            return basis, pivots
        basis, pivots = larger, found


def evenly(method: Recurrence) -> Recurrence:
    """The same method, a state that others take with a tiny or a huge factor, as a sum of gradients, counted in units.

    Args:
        method: any.

    Returns:
        It, each such state multiplied by the power of two that brings the largest factor near 1; others as they are.
    """
    s = range(method.states)
    units = []
    for i in s:
        factors = [abs(row[i]) for k, row in enumerate(method.A) if k != i]
        most = max(factors + [abs(row[i]) for row in [*method.C, *method.H]])
        bits = most.numerator.bit_length() - most.denominator.bit_length()
        units.append(Fraction(2) ** bits if most and abs(bits) > _EVEN else Fraction(1))
    divided = [[[x / units[i] for i, x in enumerate(row)] for row in rows] for rows in (method.A, method.C, method.H)]
    A, B, start = (
        [[units[i] * x for x in row] for i, row in enumerate(rows)] for rows in (divided[0], method.B, method.start)
    )
    return replace(method, A=A, B=B, C=divided[1], H=divided[2], start=start)
