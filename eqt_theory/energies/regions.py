"""Where states lie relative to a domain, up to rounding."""

import torch
from torch import Tensor

from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.energies.norm import norm


def ball_inside(domain: Domain, h: Tensor, radius: Tensor) -> Tensor:
    """Whether the ball of the radius around each state lies in the domain, rounded towards no.

    Args:
        domain: where.
        h: states, shape (..., d).
        radius: shape (...).

    Returns:
        bool, shape (...).
    """
    return _room(domain, h, -1.0) >= radius


def inside(domain: Domain, h: Tensor) -> Tensor:
    """Whether states lie in the domain, rounded towards yes, bool, (..., d) -> (...)."""
    return (_room(domain, h, 1.0) >= 0) & torch.isfinite(h).all(-1)


def _room(domain: Domain, h: Tensor, sign: float) -> Tensor:
    """The distance to the border, shape (...), rounded down for sign -1 and up for 1; negative outside."""
    unit = 4 * h.shape[-1] * torch.finfo(h.dtype).eps
    if isinstance(domain, Ball):
        center = torch.as_tensor(domain.center, dtype=h.dtype, device=h.device)
        return domain.radius - norm(h - center) + sign * unit * (norm(h) + norm(center) + domain.radius)
    if isinstance(domain, Box):
        low = torch.as_tensor(domain.low, dtype=h.dtype, device=h.device)
        high = torch.as_tensor(domain.high, dtype=h.dtype, device=h.device)
        below = h - low + sign * unit * (h.abs() + low.abs())
        return torch.minimum(below, high - h + sign * unit * (h.abs() + high.abs())).amin(-1)
    return torch.full_like(h[..., 0], torch.inf)


def project(domain: Domain, h: Tensor) -> Tensor:
    """The nearest point of a domain, (..., d) -> (..., d): clipped to a box, scaled into a ball.

    Args:
        domain: Ball, Box or WholeSpace.
        h: points, shape (..., d).

    Returns:
        Their projections, which carry derivatives.
    """
    if isinstance(domain, Ball):
        center = torch.as_tensor(domain.center, dtype=h.dtype, device=h.device)
        away = h - center
        size = torch.linalg.vector_norm(away, dim=-1, keepdim=True)
        outside = size > domain.radius
        # The inner `where` keeps the derivative finite at the centre.
        return torch.where(outside, center + away * (domain.radius / torch.where(outside, size, 1.0)), h)
    if isinstance(domain, Box):
        low = torch.as_tensor(domain.low, dtype=h.dtype, device=h.device)
        high = torch.as_tensor(domain.high, dtype=h.dtype, device=h.device)
        return torch.minimum(torch.maximum(h, low), high)
    return h
