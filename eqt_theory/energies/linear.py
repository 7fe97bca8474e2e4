"""Linear maps of states: applied to batches, written exactly, and their singular values rounded outwards."""

import math
import sys
from typing import Any

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import float_tensor, last_sizes


def matvec(A: Tensor, v: Tensor) -> Tensor:
    """`A v` for each state: (..., n, d), (..., d) -> (..., n)."""
    return v @ A.mT if A.ndim == 2 else (A @ v.unsqueeze(-1)).squeeze(-1)


def symmetric_matvec(A: Tensor, v: Tensor) -> Tensor:
    """`A v` for symmetric A, (..., d, d), (..., d) -> (..., d): a row times a matrix, the faster layout for batches."""
    return v @ A if A.ndim == 2 else (v.unsqueeze(-2) @ A).squeeze(-2)


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
