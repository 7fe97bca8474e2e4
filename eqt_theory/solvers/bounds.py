"""A-posteriori bounds on the distance to the solution, and the rounding error that they carry."""

import math

import torch
from torch import Tensor

from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import Constant
from eqt_theory.energies.objective import Objective


def gradient_rounding(objective: Objective, h: Tensor, quick: bool = False) -> Tensor:
    """How far a computed grad Phi(h) may be from the exact one, in norm.

    u (d + 8) (2 sqrt(d) s + |grad energy(h)| + g (|h| + |f|)), u the unit roundoff, g = 1/gamma and s = max(|mu|,
    |L|) |h|, or |hess energy(h) h| where L is not declared. For quadratics it bounds the error of dense
    matrix-vector products (Higham 2002, Eq. 3.11, with |b| <= s + |grad energy|). For other energies it stands for
    a gradient that is computed to d + 8 roundings of its own terms; one that cancels more inside is outside of it.

    Args:
        objective: Phi.
        h: states, shape (..., d).
        quick: whether to take |hess energy(h) h| in any case: declared constants may be costly to work out.

    Returns:
        Absolute errors, shape (...).
    """
    d = h.shape[-1]
    gamma = objective.gamma
    size, anchor = torch.linalg.vector_norm(h, dim=-1), torch.linalg.vector_norm(objective.proposal, dim=-1)
    curvature = None if quick else objective.energy.curvature
    steepest = torch.tensor(torch.inf)
    if curvature is not None:
        steepest = torch.maximum(_tensor(curvature.mu, h).abs(), _tensor(curvature.lipschitz, h).abs())
    if bool(torch.isfinite(steepest).all()):
        steepness = steepest * size
    else:
        steepness = torch.linalg.vector_norm(objective.energy.hessian_vector(h, h), dim=-1)
    slope = torch.linalg.vector_norm(objective.energy.gradient(h), dim=-1)
    terms = 2 * math.sqrt(d) * steepness + slope + (size + anchor) / gamma
    return (d + 8) * (torch.finfo(h.dtype).eps / 2) * terms


def error_bound(objective: Objective, h: Tensor) -> Tensor | None:
    """An upper bound on |h - h*|: (|grad Phi(h)| + `gradient_rounding`) / m.

    Strong convexity gives m |h - h*| <= |grad Phi(h)|, for any way of having arrived at h. Where the curvature is
    declared on a ball or a box only, the bound is given where the ball of that radius around h lies inside (a
    minimiser of Phi over the domain is then in it), and is infinite elsewhere.

    Args:
        objective: Phi; its declared curvature is taken at its word.
        h: states, shape (..., d).

    Returns:
        Bounds, shape (...), nan-free; infinite where nothing can be said. None where Phi declares no m, or m <= 0
        throughout.
    """
    curvature = objective.curvature
    if curvature is None:
        return None
    m = _tensor(curvature.mu, h)
    if m.numel() > 0 and not bool((m > 0).any()):
        return None
    residual = torch.linalg.vector_norm(objective.gradient(h), dim=-1)
    # The last factor covers the roundings of the norm, the sum and the quotient.
    slack = 1 + (h.shape[-1] + 8) * torch.finfo(h.dtype).eps
    bound = slack * (residual + gradient_rounding(objective, h)) / m
    bound = torch.where((m > 0) & torch.isfinite(bound), bound, torch.inf)
    domain = curvature.domain
    if isinstance(domain, Ball | Box):
        bound = torch.where(_inside(domain, h, bound), bound, torch.inf)
    return bound


def step_bound(move: Tensor, step_size: "float | Tensor", m: "float | Tensor", rate: "float | Tensor") -> Tensor:
    """Gradient descent's contraction bound on |h_{k+1} - h*|: rate |h_{k+1} - h_k| / (step_size m).

    It needs the last step only; |h_k - h*| <= |h_{k+1} - h_k| / (step_size m) comes with it. In exact arithmetic
    |grad Phi(h_{k+1})| / m is never larger. The rounding of the step, about u |h| / (step_size m), is not in it.

    Args:
        move: |h_{k+1} - h_k|, shape (...).
        step_size: the step size; a number or shape (...).
        m: strong convexity of Phi; a number or shape (...).
        rate: max(|1 - step_size m|, |1 - step_size M|); a number or shape (...).

    Returns:
        Bounds, shape (...).

    Raises:
        UsageError: m or the step size is not positive.
    """
    for name, value in (("step_size", step_size), ("m", m)):
        if not bool(torch.as_tensor(value > 0).all()):
            raise UsageError(f"{name} must be positive, got {value!r}")
    return rate * move / (step_size * m)


def _tensor(constant: Constant, h: Tensor) -> Tensor:
    return torch.as_tensor(constant, dtype=h.dtype, device=h.device)


def _inside(domain: Domain, h: Tensor, radius: Tensor) -> Tensor:
    """Whether the ball of the radius around each state lies in the domain, rounded towards no."""
    unit = 4 * h.shape[-1] * torch.finfo(h.dtype).eps
    if isinstance(domain, Ball):
        center = torch.as_tensor(domain.center, dtype=h.dtype, device=h.device)
        distance = torch.linalg.vector_norm(h - center, dim=-1)
        reach = distance + radius + unit * (torch.linalg.vector_norm(h, dim=-1) + torch.linalg.vector_norm(center))
        return reach <= domain.radius
    if isinstance(domain, Box):
        low = torch.as_tensor(domain.low, dtype=h.dtype, device=h.device)
        high = torch.as_tensor(domain.high, dtype=h.dtype, device=h.device)
        room = torch.minimum(h - low - unit * (h.abs() + low.abs()), high - h - unit * (h.abs() + high.abs())).amin(-1)
        return radius <= room
    return torch.ones_like(radius, dtype=torch.bool)
