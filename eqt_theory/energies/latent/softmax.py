"""Softmax cross-entropy on logits: bounds on its curvature through a linear map, rounded upwards."""

import torch
from torch import Tensor

from eqt_theory.energies.linear import squared_singular_range

_PAIRWISE_ROWS = 2048
"""Largest number of rows for which all distances are computed; above it only the singular value is used."""


def softmax_upper_curvature(weight: Tensor) -> float:
    """An upper bound on the curvature of `log sum_j exp(w_j . h + b_j)`, for all offsets b.

    The Hessian is the covariance of the rows under the softmax. A variance is at most a quarter of a squared range,
    which gives D^2/4 with D the largest distance of two rows; and `diag(p) - p p^T <= I/2`, which gives
    sigma_max^2/2, where the rows may be centred first. The smaller of the two is returned.

    Args:
        weight: rows w_j, shape (..., V, d); over a batch the greatest bound counts.

    Returns:
        The bound, rounded upwards.
    """
    w = weight.detach().double()
    _, square = squared_singular_range(w - w.mean(-2, keepdim=True))
    # Centring rounds each entry by at most u |entry|; the allowance covers it many times over.
    rounding = 1 + 1e-12
    bound = square / 2 * rounding + 1e-13 * float(w.abs().max()) ** 2 * w.shape[-1]
    if w.shape[-2] <= _PAIRWISE_ROWS:
        bound = min(bound, row_diameter(w) ** 2 / 4 * rounding)
    return bound


def row_diameter(weight: Tensor) -> float:
    """D, the largest Euclidean distance of two rows, shape (..., V, d), rounded upwards; the greatest over a batch."""
    w = weight.detach().double()
    largest = 0.0
    for rows in w.reshape(-1, *w.shape[-2:]):
        if rows.shape[0] > 1:
            # pdist subtracts entry by entry; a Gram-matrix formula would cancel.
            largest = max(largest, float(torch.pdist(rows).max()))
    return largest * (1 + 4 * w.shape[-1] * torch.finfo(torch.float64).eps)
