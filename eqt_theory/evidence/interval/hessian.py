"""Interval Hessians: curvature bounds that hold at every point of a box."""

import heapq
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb, arb_mat

from eqt_theory.evidence.interval.ball import Value, ball, evaluate, precision
from eqt_theory.evidence.interval.enclosure import fraction

Matrix = list[list[arb]]


@dataclass(frozen=True)
class CurvatureOnBox:
    """What is known of the Hessian's eigenvalues on a box.

    Args:
        holds: True when they lie within the bounds everywhere; False when one certainly does not at `point`.
        boxes: pieces looked at.
        point: where it fails, `{symbol: exact value}`.
        direction: a vector v there with `v^T H v` outside the bounds times |v|^2, exact.
        reason: why it was not decided.
    """

    holds: bool | None
    boxes: int
    point: dict[sp.Symbol, Fraction] | None = None
    direction: tuple[Fraction, ...] = ()
    reason: str = ""


def hessian_of(expr: sp.Expr, symbols: Sequence[sp.Symbol]) -> sp.Matrix:
    """The symbolic Hessian, entry by entry, shape (d, d)."""
    return sp.hessian(expr, list(symbols))


def positive_definite(matrix: Matrix) -> bool:
    """Whether every symmetric matrix with entries in the balls is certainly positive definite.

    The congruence with an approximate inverse Cholesky factor of the midpoints brings the matrix near the identity,
    where Gershgorin's discs decide; a congruence with an invertible matrix keeps definiteness.
    """
    d = len(matrix)
    if not all(entry.is_finite() for row in matrix for entry in row):
        return False
    if d == 1:
        return bool(matrix[0][0] > 0)
    middle = np.array([[float(entry.mid()) for entry in row] for row in matrix])
    try:
        inverse = np.linalg.inv(np.linalg.cholesky((middle + middle.T) / 2))
    except np.linalg.LinAlgError:
        return False
    if not np.isfinite(inverse).all() or not np.diag(inverse).all():
        return False
    factor = arb_mat(d, d, [arb(float(x)) for x in inverse.flatten()])
    near = factor * arb_mat(d, d, [entry for row in matrix for entry in row]) * factor.transpose()
    # The factor is triangular with a nonzero diagonal, so it is invertible exactly as it stands.
    return all(near[i, i] - sum((abs(near[i, j]) for j in range(d) if j != i), arb(0)) > 0 for i in range(d))


def certify_curvature(
    expr: sp.Expr,
    ranges: Mapping[sp.Symbol, tuple[Value, Value]],
    *,
    mu: Fraction | None = None,
    lipschitz: Fraction | None = None,
    max_boxes: int = 2000,
    bits: int = 64,
) -> CurvatureOnBox:
    """Whether all eigenvalues of the Hessian lie in [mu, lipschitz] everywhere on a box.

    A piece is done when `H - mu I` and `lipschitz I - H` are positive definite on all of it; it is cut otherwise. A bound
    that is reached inside the box is not decided.

    Args:
        expr: twice continuously differentiable in the symbols.
        ranges: `{symbol: (low, high)}`, finite.
        mu: lower bound, exact; None for none.
        lipschitz: upper bound, exact; None for none.
        max_boxes: pieces to look at before giving up.
        bits: working precision.

    Returns:
        The outcome.
    """
    symbols = list(ranges)
    entries = hessian_of(expr, symbols)
    with precision(bits):
        start = [(fraction(ball(a).lower()), fraction(ball(b).upper())) for a, b in ranges.values()]
        counter = itertools.count()
        queue = [(0.0, next(counter), start)]
        looked = 0
        while queue:
            _, _, box = heapq.heappop(queue)
            looked += 1
            if looked > max_boxes:
                return CurvatureOnBox(None, looked - 1, reason=f"{max_boxes} pieces were not enough")
            if _within(_balls(entries, symbols, box), mu, lipschitz):
                continue
            center = [((a + b) / 2,) * 2 for a, b in box]
            direction = _violation(_balls(entries, symbols, center), mu, lipschitz)
            if direction:
                point = {s: side[0] for s, side in zip(symbols, center, strict=True)}
                return CurvatureOnBox(False, looked, point, direction)
            widest = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
            a, b = box[widest]
            if b - a <= Fraction(1, 2**40):
                return CurvatureOnBox(None, looked, reason="the bound is reached, or nearly so, inside the domain")
            middle = (a + b) / 2
            for part in ((a, middle), (middle, b)):
                heapq.heappush(queue, (-float(b - a), next(counter), [*box[:widest], part, *box[widest + 1 :]]))
        return CurvatureOnBox(True, looked)


def _balls(entries: sp.Matrix, symbols: Sequence[sp.Symbol], box: Sequence[tuple[Fraction, Fraction]]) -> Matrix:
    env = {s: ball(side) for s, side in zip(symbols, box, strict=True)}
    d = len(symbols)
    upper = {(i, j): evaluate(entries[i, j], env) for i in range(d) for j in range(i, d)}
    return [[upper[min(i, j), max(i, j)] for j in range(d)] for i in range(d)]


def _shifted(matrix: Matrix, factor: int, shift: Fraction) -> Matrix:
    return [
        [factor * entry + (ball(shift) if i == j else 0) for j, entry in enumerate(row)] for i, row in enumerate(matrix)
    ]


def _within(matrix: Matrix, mu: Fraction | None, lipschitz: Fraction | None) -> bool:
    above = mu is None or positive_definite(_shifted(matrix, 1, -mu))
    return above and (lipschitz is None or positive_definite(_shifted(matrix, -1, lipschitz)))


def _violation(matrix: Matrix, mu: Fraction | None, lipschitz: Fraction | None) -> tuple[Fraction, ...]:
    """A vector whose Rayleigh quotient certainly lies outside the bounds; empty where none is seen."""
    if not all(entry.is_finite() for row in matrix for entry in row):
        return ()
    middle = np.array([[float(entry.mid()) for entry in row] for row in matrix])
    _, vectors = np.linalg.eigh((middle + middle.T) / 2)
    for bound, column, sign in ((mu, 0, 1), (lipschitz, -1, -1)):
        if bound is None:
            continue
        v = [Fraction(float(x)).limit_denominator(10**6) for x in vectors[:, column]]
        rows = [sum((ball(x) * entry for x, entry in zip(v, row, strict=True)), arb(0)) for row in matrix]
        quotient = sum((ball(x) * entry for x, entry in zip(v, rows, strict=True)), arb(0))
        gap = sign * (quotient - ball(bound * sum(x * x for x in v)))
        if gap < 0:
            return tuple(v)
    return ()
