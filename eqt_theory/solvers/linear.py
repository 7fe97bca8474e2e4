"""Conjugate gradients for symmetric linear systems, one per state, with products only."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LinearSolution:
    """What came of the systems A x = b.

    Args:
        x: shape (..., d).
        residual: |b - A x|, shape (...), as the recursion has it.
        definite: whether no direction with <p, A p> <= 0 was met, shape (...); x is from before such a direction.
        first: the first search direction's multiple of b where that one already failed; else x. Shape (..., d).
    """

    x: Tensor
    residual: Tensor
    definite: Tensor
    first: Tensor


def conjugate_gradients(
    product: Callable[[Tensor], Tensor], b: Tensor, tolerance: "float | Tensor", max_steps: int
) -> LinearSolution:
    """Solve A x = b for symmetric positive definite A (Hestenes and Stiefel 1952), starting at 0.

    A state is done once its residual is at most `tolerance * |b|`; it then no longer changes, whatever the others do.

    Args:
        product: v -> A v, (..., d) -> (..., d).
        b: right-hand sides, shape (..., d).
        tolerance: relative; a number or shape (...).
        max_steps: products at most.

    Returns:
        A LinearSolution.
    """
    x, residual, direction = torch.zeros_like(b), b, b
    square = (b * b).sum(-1)
    target = tolerance**2 * square
    definite = torch.ones_like(square, dtype=torch.bool)
    active = square > target
    for _ in range(max_steps):
        if not bool(active.any()):
            break
        image = product(direction)
        curvature = (direction * image).sum(-1)
        definite = definite & ~(active & ~(curvature > 0))
        active = active & definite
        length = torch.where(active, square / torch.where(active, curvature, 1.0), 0.0).unsqueeze(-1)
        x = x + length * direction
        residual = residual - length * image
        new_square = torch.where(active, (residual * residual).sum(-1), square)
        ratio = torch.where(active, new_square / torch.where(active, square, 1.0), 0.0).unsqueeze(-1)
        direction = torch.where(active.unsqueeze(-1), residual + ratio * direction, direction)
        square = new_square
        active = active & (square > target)
    untouched = (~definite & (x == 0).all(-1)).unsqueeze(-1)
    return LinearSolution(x, square.sqrt(), definite, torch.where(untouched, b, x))
