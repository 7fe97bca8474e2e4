"""Numbers of matrices and square roots, rounded outwards: largest singular values and distances of rows."""

import math
from fractions import Fraction

import torch
from flint import fmpz_mat
from torch import Tensor

from eqt_theory.core.budget import look, looked
from eqt_theory.energies.latent.softmax import row_diameter

LARGEST_SPECTRUM = 384
"""Up to this size eigenvalues are bounded by a congruence in integers; above, through sums of rows."""
EPS = 2.0**-52
_BITS = 52  # of the eigenvectors
_PAIRS = 4096
"""Most rows for which all distances are computed."""


def root_down(square: Fraction | int) -> Fraction:
    """A fraction not above the square root, and hardly below it."""
    scale = 2**120
    square = Fraction(square)
    return Fraction(math.isqrt(square.numerator * scale**2 // square.denominator), scale)


def root_up(square: Fraction | int) -> Fraction:
    """A fraction not below the square root, and hardly above it."""
    return root_down(square) + (Fraction(1, 2**119) if square else 0)


def gram_spectrum(matrix: Tensor) -> tuple[Fraction, Fraction]:
    """Bounds on the eigenvalues of `W^T W`, the squares of the singular values on all of R^d, rounded outwards.

    Args:
        matrix: W, shape (n, d), finite.

    Returns:
        Lower bound, 0 where W has fewer rows than columns or more than 384 columns; and upper bound.
    """
    rows = matrix.detach().double().cpu()
    n, d = rows.shape
    if n < d or not d or d > LARGEST_SPECTRUM:
        return Fraction(0), squared_norm(rows)
    exact, shift = integers(rows)
    lower, upper = _enclosed(exact.transpose() * exact, rows.mT @ rows)
    scale = Fraction(2) ** (2 * shift)
    return max(Fraction(0), lower * scale), max(Fraction(0), upper * scale)


def squared_norm(matrix: Tensor, center: bool = False) -> Fraction:
    """An upper bound on the squared largest singular value; never below the truth.

    Args:
        matrix: shape (n, d), finite; its floats count as the binary fractions they are.
        center: whether the mean row is taken off first.

    Returns:
        The bound; tight up to rounding up to 384 rows or columns.
    """
    rows = matrix.detach().double().cpu()
    n, d = rows.shape
    if not n or not d:
        return Fraction(0)
    if min(n, d) > LARGEST_SPECTRUM:
        return _by_sums(rows, center)
    exact, shift = integers(rows)
    scale = Fraction(2) ** (2 * shift)
    if center:  # n times the rows less their mean, which are integers again
        totals = [sum(int(exact[i, j]) for i in range(n)) for j in range(d)]
        exact = fmpz_mat(n, d, [n * int(exact[i, j]) - totals[j] for i in range(n) for j in range(d)])
        scale /= n * n
        rows = rows - rows.mean(0)
    gram, near = (exact.transpose() * exact, rows.mT @ rows) if d <= n else (exact * exact.transpose(), rows @ rows.mT)
    _, upper = _enclosed(gram, near)
    return max(Fraction(0), upper * scale)


def spectrum(matrix: Tensor) -> tuple[Fraction, Fraction]:
    """Bounds on all eigenvalues of a symmetric matrix, rounded outwards.

    Args:
        matrix: shape (d, d), finite and exactly symmetric; its floats count as the binary fractions they are.

    Returns:
        Lower and upper bound; tight up to rounding for d up to 384, and by the rows' sums beyond.
    """
    A = matrix.detach().double().cpu()  # noqa: N806
    if len(A) > LARGEST_SPECTRUM:
        diagonal = A.diagonal()
        off = (A.abs().sum(-1) - diagonal.abs()).clamp(min=0) + 8 * len(A) * EPS * A.abs().sum(-1)
        pairs = list(zip(diagonal.tolist(), off.tolist(), strict=True))
        return min(Fraction(a) - Fraction(r) for a, r in pairs), max(Fraction(a) + Fraction(r) for a, r in pairs)
    exact, shift = integers(A)
    lower, upper = _enclosed(exact, A)
    return lower * Fraction(2) ** shift, upper * Fraction(2) ** shift


def integers(matrix: Tensor) -> tuple[fmpz_mat, int]:
    """Integers and an exponent e with `matrix = integers 2^e`, exactly."""
    parts = [math.frexp(x) for x in matrix.flatten().tolist()]
    shift = min((e - 53 for m, e in parts if m), default=0)
    entries = [int(math.ldexp(m, 53)) << (e - 53 - shift) if m else 0 for m, e in parts]
    rows, columns = matrix.shape
    return fmpz_mat(rows, columns, entries), shift


def _enclosed(S: fmpz_mat, near: Tensor) -> tuple[Fraction, Fraction]:  # noqa: N803
    """Bounds on the eigenvalues of S, an integer matrix that `near` is an approximation of but for a factor."""
    # With any regular Q, S - s I is positive semidefinite where Q^T S Q - s Q^T Q is, which diagonal dominance shows.
    # Q holds rounded eigenvectors: all that follows is worked out in integers, and a bad Q gives bad bounds only.
    n = S.nrows()
    size = float(near.abs().max())
    vectors = torch.linalg.eigh(near / size)[1] if 0 < size < math.inf else torch.eye(n)
    if not bool(torch.isfinite(vectors).all()):
        vectors = torch.eye(n)
    Q = fmpz_mat(n, n, [round(x * 2**_BITS) for x in vectors.flatten().tolist()])  # noqa: N806
    B, G = looked(Q.transpose() * S) * Q, looked(Q.transpose() * Q)  # noqa: N806
    turned, lengths = _centres_and_radii(B), _centres_and_radii(G)
    if not all(length > rest for length, rest in lengths):  # Q might be singular
        turned, lengths = _centres_and_radii(S), [(1, 0)] * n
    return _lowest(turned, lengths), -_lowest([(-b, r) for b, r in turned], lengths)


def _centres_and_radii(matrix: fmpz_mat) -> list[tuple[int, int]]:
    look()
    rows = [[int(x) for x in row] for row in matrix.tolist()]
    return [(row[i], sum(map(abs, row)) - abs(row[i])) for i, row in enumerate(rows)]


def _lowest(turned: list[tuple[int, int]], lengths: list[tuple[int, int]]) -> Fraction:
    """The largest s with `s G_ii + |s| g_i <= B_ii - b_i` in every row: there `B - s G` is diagonally dominant."""
    room = [(b - r, g, rest) for (b, r), (g, rest) in zip(turned, lengths, strict=True)]
    return min(Fraction(c, g + rest if c >= 0 else g - rest) for c, g, rest in room)


def _by_sums(rows: Tensor, center: bool) -> Fraction:
    """The lesser of |W|_1 |W|_inf and the squared Frobenius norm, in floats that are rounded up."""
    n, d = rows.shape
    size = (rows - rows.mean(0)).abs() if center else rows.abs()
    if center:  # the mean and the difference are rounded
        size = size + 4 * n * EPS * rows.abs().amax(0)
    slack = Fraction(1 + 8 * (n + d) * EPS)
    sums = [float(size.sum(0).max()), float(size.sum(1).max()), float(size.square().sum())]
    if not all(map(math.isfinite, sums)):
        return Fraction(float(size.max())) ** 2 * n * d * slack
    tiny = n * d * Fraction(math.ulp(0.0))  # squares that underflow
    return min(Fraction(sums[0]) * Fraction(sums[1]), Fraction(sums[2]) + tiny) * slack


def diameter(rows: Tensor) -> Fraction:
    """D, an upper bound on the largest distance of two rows, shape (n, d)."""
    look()
    w = rows.detach().double().cpu()
    if w.shape[0] <= _PAIRS:
        return Fraction(row_diameter(w))
    farthest = float((w - w.mean(0)).norm(dim=-1).max())
    return 2 * Fraction(farthest * (1 + 1e-12))  # twice the radius of a ball that holds all rows
