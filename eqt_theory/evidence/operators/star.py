"""The solution of a problem given by maps, found without its solver: Newton's method on the residual, in float64."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.energies.norm import norm
from eqt_theory.operators.derivatives import jacobian
from eqt_theory.operators.problem import MapProblem

_LARGEST = 512
"""Dimension up to which the Jacobian of the residual is formed."""
_ROUNDS = 60
_HALVINGS = 25
_SAFETY = 8


@dataclass(frozen=True)
class Root:
    """A state at which the residual vanishes up to rounding.

    Args:
        h: shape (d,), float64.
        error: about how far it may be from the exact one; infinite where the Jacobian of the residual is singular.
        steepness: the smallest singular value of the Jacobian of the residual there.
    """

    h: Tensor
    error: float
    steepness: float


def find_root(problem: Any, start: Tensor) -> Root | None:
    """A solution near a start.

    Args:
        problem: a FixedPoint or an Inclusion, for one state.
        start: shape (d,).

    Returns:
        The solution, or None where none was found or the dimension is above 512.
    """
    assert isinstance(problem, MapProblem)
    reference = problem.reference()
    if len(start) > _LARGEST or not bool(torch.isfinite(start).all()):
        return None
    # A module in single precision answers in single precision only; its root is as good as its rounding.
    h = start.detach().double() if reference is None or reference.dtype == torch.float64 else start.detach()

    def residual(x: Tensor) -> Tensor:
        return problem.residual(x.reshape(*problem.batch_shape, -1)).reshape(-1)

    now = residual(h).detach()
    for _ in range(_ROUNDS):
        look()
        matrix = jacobian(residual, h)
        step = _solved(matrix, now)
        if step is None:
            break
        trial, length = h, 1.0
        for _ in range(_HALVINGS):
            trial = h - length * step
            after = residual(trial).detach()
            if bool(norm(after) < norm(now)):
                break
            length /= 2
        else:
            break
        h, now = trial, after
    rounding = _SAFETY * (len(h) + 8) * torch.finfo(h.dtype).eps * float(problem.residual_terms(
        h.reshape(*problem.batch_shape, -1)).detach().reshape(-1)[0])  # fmt: skip
    if not float(norm(now)) <= rounding:
        return None
    matrix = jacobian(residual, h)
    smallest = float(torch.linalg.svdvals(matrix.double())[-1]) if bool(torch.isfinite(matrix).all()) else 0.0
    error = (float(norm(now)) + rounding) / smallest if smallest > 1e-12 else math.inf
    return Root(h.double().cpu(), error, smallest)


def _solved(matrix: Tensor, right: Tensor) -> Tensor | None:
    try:
        step = np.linalg.solve(matrix.double().cpu().numpy(), right.double().cpu().numpy())
    except np.linalg.LinAlgError:
        return None
    return torch.as_tensor(step).to(right) if np.isfinite(step).all() else None
