"""The equilibria that descent leads to, found by smaller steps than the model takes and checked by another gradient."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.curvature.measure import Eigenvalues, measure_curvature
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.newton import Newton
from eqt_theory.solvers.newton_cg import NewtonCG
from eqt_theory.solvers.solution import Status
from eqt_theory.solvers.solve import solve

_TOLERANCE = 1e-9
_ROUNDS = 4
_LARGEST = 2000
_STEPS = 400
"""Descent steps of a round, each of half of 1/max|eigenvalue| seen at the proposal and where the round starts."""


@dataclass(frozen=True)
class Stars:
    """Equilibria, and what is known of them.

    Args:
        h: shape (T, d); meaningless where not found.
        found: whether h is a minimum to the accuracy below, bool, (T,).
        accuracy: |grad Phi(h)| / lambda_min(h), about how far the minimum is from h, (T,); infinite if not found.
        lambda_min: of Phi at h, (T,); nan where not found.
        lambda_max: likewise.
    """

    h: Tensor
    found: Tensor
    accuracy: Tensor
    lambda_min: Tensor
    lambda_max: Tensor


def find_stars(objective: Objective) -> Stars:
    """The minimum that small descent steps from each proposal lead to; nothing says that it is the global one.

    Gradient descent with small steps, then Newton's method where that was not enough. A state counts as found where
    the gradient of `value` by automatic differentiation, not the energy's own formula, is at most 1e-8 (1 + |h|)
    and all eigenvalues of the Hessian are positive.

    Args:
        objective: Phi in float64, batch shape (T,).

    Returns:
        The Stars.
    """
    h = objective.proposal.detach().clone()
    steepest = torch.zeros_like(h[:, 0])
    left = torch.arange(len(h), device=h.device)
    for _ in range(_ROUNDS):
        part = objective.select(left)
        low, high = _ends(part, h[left])
        steepest[left] = torch.stack([steepest[left], low.abs(), high.abs()]).amax(0)
        # A flat Phi asks for no more than a step of moderate length.
        step = 0.5 / steepest[left].clamp(min=1e-6)
        solution = solve(part, GradientDescent(step), start=h[left], tolerance=_TOLERANCE, max_steps=_STEPS)
        statuses = np.asarray(solution.status, dtype=object).reshape(-1)
        lost = torch.tensor([s in (Status.DIVERGED, Status.NONFINITE) for s in statuses], device=h.device)
        h[left] = torch.where(lost.unsqueeze(-1), h[left], solution.h)
        left = left[~lost & ~solution.converged]
        if len(left) > 0:
            left = left[~_polish(objective, h, left)]
        if len(left) == 0:
            break
    return _checked(objective, h)


def _polish(objective: Objective, h: Tensor, left: Tensor) -> Tensor:
    """Newton's method on some states, in place; returns which of them it brought to a minimum of their own valley."""
    part, start = objective.select(left), h[left]
    # Above, no Hessian is formed.
    newton = Newton() if h.shape[-1] <= _LARGEST else NewtonCG()
    polished = solve(part, newton, start=start, tolerance=_TOLERANCE, max_steps=20)
    # A Newton step may lead to a saddle or over a ridge: it must start where Phi is convex, and not climb.
    good = polished.converged & (_ends(part, start)[0] > 0) & (part.value(polished.h) <= part.value(start))
    h[left[good]] = polished.h[good]
    return good


def _ends(objective: Objective, at: Tensor) -> tuple[Tensor, Tensor]:
    """Certainly below the smallest and certainly above the largest eigenvalue at the states, up to rounding, (T,)."""
    curvature = measure_curvature(objective, at)
    assert isinstance(curvature.lambda_min, Eigenvalues) and isinstance(curvature.lambda_max, Eigenvalues)
    return curvature.lambda_min.low.to(at), curvature.lambda_max.high.to(at)


def _checked(objective: Objective, h: Tensor) -> Stars:
    finite = torch.isfinite(h).all(-1)
    residual = torch.linalg.vector_norm(Energy.gradient(objective, h).detach(), dim=-1)
    found = finite & (residual <= 1e-8 * (1 + torch.linalg.vector_norm(h, dim=-1)))
    low, high, accuracy = (torch.full_like(residual, value) for value in (torch.nan, torch.nan, torch.inf))
    index = found.nonzero().squeeze(-1)
    if len(index):
        curvature = measure_curvature(objective.select(index), h[index])
        assert isinstance(curvature.lambda_min, Eigenvalues) and isinstance(curvature.lambda_max, Eigenvalues)
        positive = curvature.lambda_min.low > 0
        found[index[~positive]] = False
        index = index[positive]
        low[index] = curvature.lambda_min.values[positive].to(low)
        high[index] = curvature.lambda_max.values[positive].to(high)
        accuracy[index] = residual[index] / curvature.lambda_min.low[positive].to(low)
    return Stars(h, found, accuracy, low, high)
