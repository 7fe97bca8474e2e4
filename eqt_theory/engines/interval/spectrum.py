"""Bounds on the eigenvalues of every symmetric matrix whose entries lie in given balls."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb, arb_mat

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.expression import number
from eqt_theory.engines.interval.interval import UNKNOWN, Interval, fraction, precision
from eqt_theory.engines.interval.values import Value

Matrix = list[list[Interval]]
Balls = list[list[arb]]


@dataclass(frozen=True)
class EigenvalueBounds:
    """An interval that holds every eigenvalue of every symmetric matrix in an interval matrix.

    Args:
        low: no eigenvalue is below; None where no bound is known.
        high: no eigenvalue is above; None where no bound is known.
    """

    low: Fraction | None
    high: Fraction | None


def eigenvalue_bounds(matrix: Sequence[Sequence[Value]], *, bits: int = 96) -> EigenvalueBounds:
    """Rigorous bounds on the spectrum of every symmetric matrix with entries in the balls.

    Two bounds, the better counts: Gershgorin's discs after a congruence with approximate eigenvectors Q, corrected by
    |Q^T Q - I|; and the spectrum of the middle widened by the spectral radius of the radii (Rohn 1994).

    Args:
        matrix: numbers, balls, Enclosures or ranges, shape (d, d).
        bits: working precision.

    Returns:
        The bounds.

    Raises:
        UsageError: the matrix is empty, not square, or holds no symmetric matrix.
    """
    with precision(bits):
        entries = symmetric(matrix)
        if not _known(entries):
            return EigenvalueBounds(None, None)
        if len(entries) == 1:
            return EigenvalueBounds(*entries[0][0].ends)
        low = _least(_balls(entries))
        high = _least(_balls([[-x for x in row] for row in entries]))
        return EigenvalueBounds(None if low is None else fraction(low), None if high is None else -fraction(high))


def positive_definite(matrix: Matrix) -> bool:
    """Whether every symmetric matrix with entries in the balls is certainly positive definite.

    The congruence with an approximate inverse Cholesky factor of the middle brings the matrix near the identity, where
    Gershgorin's discs decide. A factor F with `F A F^T` positive definite is invertible, so A is positive definite too.

    Args:
        matrix: shape (d, d).

    Returns:
        False also where it is not certain.
    """
    if not _known(matrix):
        return False
    d = len(matrix)
    if d == 1:
        return matrix[0][0].positive
    balls = _balls(matrix)
    middle = _middle(balls)
    if middle is None:
        return False
    try:
        inverse = np.linalg.inv(np.linalg.cholesky(middle))
    except np.linalg.LinAlgError:
        return False
    if not np.isfinite(inverse).all():
        return False
    factor = _floats(inverse)
    near = factor * _matrix(balls) * factor.transpose()
    return all(_disc(near, i) > 0 for i in range(d))


def symmetric(matrix: Sequence[Sequence[Value]]) -> Matrix:
    """The intervals of the symmetric matrices in an interval matrix, at the current precision.

    Args:
        matrix: numbers, enclosures or ranges, shape (d, d).

    Returns:
        Shape (d, d).

    Raises:
        UsageError: the matrix is empty, not square, or holds no symmetric matrix.
    """
    rows = [[number(entry) for entry in row] for row in matrix]
    if not rows or any(len(row) != len(rows) for row in rows):
        raise UsageError(f"expected a square matrix, got rows of lengths {[len(row) for row in rows]}")
    for i, row in enumerate(rows):
        for j in range(i):
            if not (row[j].known and rows[j][i].known):
                row[j] = rows[j][i] = UNKNOWN
            elif row[j].hi < rows[j][i].lo or row[j].lo > rows[j][i].hi:
                raise UsageError(f"no symmetric matrix: entries ({i}, {j}) and ({j}, {i}) exclude each other")
            else:
                row[j] = rows[j][i] = row[j].intersection(rows[j][i])
    return rows


def _least(matrix: Balls) -> arb | None:
    """A lower bound on every eigenvalue, from the better of the two methods."""
    middle = _middle(matrix)
    if middle is None:
        return None
    vectors = np.linalg.eigh(middle)[1]
    exact_middle = [[entry.mid() for entry in row] for row in matrix]
    bounds = [_rotated(matrix, vectors)]
    at_middle = _rotated(exact_middle, vectors)
    if at_middle is not None:
        bounds.append((at_middle - _radius_norm(matrix)).lower())
    known = [bound for bound in bounds if bound is not None]
    return None if not known else known[0] if len(known) == 1 else known[0].max(known[1])


def _rotated(matrix: Balls, vectors: np.ndarray) -> arb | None:
    """Gershgorin's bound for `B = Q^T A Q`, and what it says of A: w^T B w >= beta |w|^2 with |Q w|^2 near |w|^2."""
    d = len(matrix)
    basis = _floats(vectors)
    rotated = basis.transpose() * _matrix(matrix) * basis
    beta = _smallest([_disc(rotated, i) for i in range(d)])
    gram = basis.transpose() * basis
    rows = [sum((abs(gram[i, j] - (1 if i == j else 0)) for j in range(d)), arb(0)) for i in range(d)]
    error = _largest(rows)
    if not error < 1:
        return None
    return (beta / (1 + error)).min(beta / (1 - error)).lower()


def _radius_norm(matrix: Balls) -> arb:
    """An upper bound on the spectral radius of the radii (Collatz, Wielandt): max (R x)_i / x_i for a positive x."""
    radii = [[entry.rad() for entry in row] for row in matrix]
    floats = np.array([[float(x) for x in row] for row in radii])
    scale = floats.max()
    if not scale > 0 or not np.isfinite(scale):
        return sum((x for row in radii for x in row), arb(0)).upper()
    vector = np.linalg.eigh(floats / scale)[1][:, -1]
    weights = [arb(float(x)) for x in np.maximum(np.abs(vector), 1e-6)]
    ratios = [
        sum((r * w for r, w in zip(row, weights, strict=True)), arb(0)) / own
        for row, own in zip(radii, weights, strict=True)
    ]
    return _largest(ratios)


def _disc(matrix: arb_mat, i: int) -> arb:
    """The lower end of Gershgorin's disc of row i, exact."""
    others = sum((abs(matrix[i, j]) for j in range(matrix.ncols()) if j != i), arb(0))
    return (matrix[i, i] - others).lower()


def _smallest(values: Sequence[arb]) -> arb:
    least = values[0]
    for value in values[1:]:
        least = least.min(value)
    return least.lower()


def _largest(values: Sequence[arb]) -> arb:
    return -_smallest([-value for value in values])


def _middle(matrix: Balls) -> np.ndarray | None:
    """The midpoints, rounded to float64: they only guide the search, what is found is shown in balls."""
    middle = np.array([[float(entry.mid()) for entry in row] for row in matrix])
    return (middle + middle.T) / 2 if np.isfinite(middle).all() and np.abs(middle).max() < 1e150 else None


def _floats(values: np.ndarray) -> arb_mat:
    return arb_mat(len(values), len(values), [arb(float(x)) for x in values.flatten()])


def _matrix(balls: Balls) -> arb_mat:
    return arb_mat(len(balls), len(balls), [entry for row in balls for entry in row])


def _balls(matrix: Matrix) -> Balls:
    return [[entry.ball for entry in row] for row in matrix]


def _known(matrix: Matrix) -> bool:
    return all(entry.known for row in matrix for entry in row)
