"""Numbers of matrices and square roots, rounded outwards: largest singular values and distances of rows."""

import math
from fractions import Fraction

from flint import arb, arb_mat
from torch import Tensor

from eqt_theory.energies.latent.softmax import row_diameter
from eqt_theory.engines.interval import eigenvalue_bounds
from eqt_theory.engines.interval.interval import fraction, precision

_LARGEST_SPECTRUM = 96
"""Up to this size a largest singular value is bounded through its matrix; above, through row sums and the trace."""
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


def squared_norm(matrix: Tensor, center: bool = False) -> Fraction:
    """An upper bound on the squared largest singular value, by ball arithmetic.

    Args:
        matrix: shape (n, d); its floats count as the binary fractions they are.
        center: whether the mean row is taken off first.

    Returns:
        The bound; tight up to rounding for small matrices.
    """
    rows = matrix.detach().double().cpu()
    n, d = rows.shape
    with precision(96):
        entries = arb_mat(n, d, [arb(x) for x in rows.flatten().tolist()])
        if center:
            means = [sum((entries[i, j] for i in range(n)), arb(0)) / n for j in range(d)]
            entries = arb_mat(n, d, [entries[i, j] - means[j] for i in range(n) for j in range(d)])
        gram = entries.transpose() * entries if d <= n else entries * entries.transpose()
        size = gram.nrows()
        if size <= _LARGEST_SPECTRUM:
            bound = eigenvalue_bounds([[gram[i, j] for j in range(size)] for i in range(size)]).high
            if bound is not None:
                return max(bound, Fraction(0))
        trace = fraction(sum((gram[i, i] for i in range(size)), arb(0)).upper())
        sums = [fraction(sum((abs(gram[i, j]) for j in range(size)), arb(0)).upper()) for i in range(size)]
        return max(Fraction(0), min(trace, max(sums)))


def diameter(rows: Tensor) -> Fraction:
    """D, an upper bound on the largest distance of two rows, shape (n, d)."""
    w = rows.detach().double().cpu()
    if w.shape[0] <= _PAIRS:
        return Fraction(row_diameter(w))
    farthest = float((w - w.mean(0)).norm(dim=-1).max())
    return 2 * Fraction(farthest * (1 + 1e-12))  # twice the radius of a ball that holds all rows
