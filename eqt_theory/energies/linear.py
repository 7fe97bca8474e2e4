"""Linear maps of states: applied to batches, written exactly, and their singular values rounded outwards."""

import math
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import float_tensor, last_sizes
from eqt_theory.energies.autograd import unfollowed

_SIZES = range(64, 8193)
"""Entries of matrices for which NumPy's products are faster; for larger ones OpenBLAS takes threads of its own."""


def matvec(A: Tensor, v: Tensor) -> Tensor:
    """`A v` for each state: (..., n, d), (..., d) -> (..., n)."""
    return v @ A.mT if A.ndim == 2 else _rows(v, A.mT)


def symmetric_matvec(A: Tensor, v: Tensor) -> Tensor:
    """`A v` for symmetric A, (..., d, d), (..., d) -> (..., d), which reads A in the order in which it is stored."""
    return v @ A if A.ndim == 2 else _rows(v, A)


def _rows(v: Tensor, A: Tensor) -> Tensor:
    """Each state as a row times its matrix, in torch four times as fast as a matrix times a column."""
    # NumPy is twice as fast again on a thread or two: one product of BLAS a state, where torch's batches are made for
    # matrices.
    if (
        unfollowed(A, v)  # first, since of what is traced the sizes are no numbers
        and A.shape[-2] * A.shape[-1] in _SIZES
        and 1 in A.stride()[-2:]
        and v.dtype is A.dtype
        and v.dtype in (torch.float64, torch.float32)
        and v.is_cpu
        and A.is_cpu
        and torch.get_num_threads() <= 2
    ):
        with np.errstate(all="ignore"):  # states that diverge are no news here
            product = np.matmul(_array(v)[..., None, :], _array(A))
        return torch.from_numpy(product[..., 0, :])
    return (v.unsqueeze(-2) @ A).squeeze(-2)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().resolve_neg().numpy()  # the imaginary part of a conjugate keeps its sign apart


def exact(tensor: Tensor) -> Any:
    """The entries of a tensor as SymPy rationals, in nested lists."""
    import sympy

    if tensor.ndim == 0:
        return sympy.Rational(tensor.item())
    return [exact(row) for row in tensor.detach()]


def squared_singular_range(A: Tensor) -> tuple[float, float]:
    """Squares of the smallest and largest singular value of A on R^d, rounded outwards.

    Args:
        A: shape (..., n, d).

    Returns:
        The least and the greatest square over the batch; the least is 0 where A has fewer rows than columns.
    """
    n, d = A.shape[-2:]
    values = torch.linalg.svdvals(A.detach().double())
    if values.numel() == 0:
        return 0.0, 0.0
    # Backward stability: |error| <= p(n, d) u sigma_max, with p a modest polynomial.
    slack = 8 * max(n, d) * torch.finfo(torch.float64).eps * float(values.max())
    top, bottom = float(values.max()) + slack, max(0.0, float(values.min()) - slack)
    # A square may leave the range of floats on either side.
    largest = math.nextafter(top * top * (1 + 1e-15), math.inf) if top else 0.0
    smallest = 0.0 if n < d else min(bottom * bottom * (1 - 1e-15), sys.float_info.max)
    return smallest, largest


def nonempty_rows(name: str, rows: Tensor) -> Tensor:
    """The rows (..., n, d) as a float tensor.

    Args:
        name: of the argument, for the error.
        rows: what was given.

    Returns:
        The tensor.

    Raises:
        UsageError: it is no float tensor of that shape, or has no row or no column.
    """
    rows = last_sizes(name, float_tensor(name, rows), [None, None])
    if rows.shape[-2] == 0 or rows.shape[-1] == 0:
        raise UsageError(f"{name} must have at least one row and one column, got {tuple(rows.shape)}")
    return rows
