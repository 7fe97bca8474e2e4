"""States drawn from a domain, and the way back into it."""

import math

import torch
from torch import Tensor

from eqt_theory.core.domain import Ball, Box, Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.arguments import require_one
from eqt_theory.energies.base import Energy

_ENTRIES, _FEWEST = 2**22, 8
_SCALES = (1e-2, 1.0, 1e2)  # the whole space has no scale of its own


def affordable(samples: int, d: int) -> int:
    """So many of the samples that are asked for as memory should hold in many dimensions: 8 of them at least.

    Args:
        samples: asked for.
        d: the dimension.

    Returns:
        The number to draw.
    """
    return min(samples, max(_FEWEST, _ENTRIES // d))


def draw(domain: Domain, count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """States of a domain.

    A ball is sampled half uniformly and half on its sphere, a box uniformly with a quarter in its corners, the
    whole space normally at several scales. The centre comes first.

    Args:
        domain: where to draw.
        count: how many, at least 1.
        generator: the source of randomness, on the CPU.
        like: a tensor whose dtype and device the states take.

    Returns:
        States in the domain, shape (count, d).
    """
    d = domain.dim
    refuse_beyond_memory("the sample", count, d)
    normal = torch.randn(count, d, generator=generator, dtype=torch.float64)
    uniform = torch.rand(count, 1, generator=generator, dtype=torch.float64)
    if isinstance(domain, Ball):
        radii = uniform ** (1 / d)
        radii[count // 2 :] = 1.0
        states = _center(domain) + domain.radius * radii * normal / normal.norm(dim=-1, keepdim=True)
    elif isinstance(domain, Box):
        low, high = (torch.tensor(side, dtype=torch.float64) for side in (domain.low, domain.high))
        shares = torch.rand(count, d, generator=generator, dtype=torch.float64)
        shares[3 * count // 4 :] = shares[3 * count // 4 :].round()
        states = low + (high - low) * shares
    else:
        scales = torch.tensor(_SCALES, dtype=torch.float64).repeat(math.ceil(count / len(_SCALES)))[:count]
        states = normal * scales.unsqueeze(-1)
    states[0] = _center(domain)
    return project(domain, states.to(like))


def project(domain: Domain, states: Tensor) -> Tensor:
    """The nearest states of the domain, shape (..., d); a hair inside, so that no rounding leaves it."""
    if isinstance(domain, Ball):
        center = _center(domain).to(states.device)
        offset = states.double() - center
        # The state is rounded once more, by half a unit in the last place of its own size, and its norm is a sum of d.
        hair = (8 + 2 * domain.dim**0.5) * torch.finfo(states.dtype).eps * (domain.radius + float(center.norm()))
        radius = max(domain.radius - hair, 0.0)
        scale = radius / offset.norm(dim=-1, keepdim=True).clamp_min(max(radius, torch.finfo(torch.float64).tiny))
        return torch.where(scale < 1, (center + offset * scale).to(states), states)
    if isinstance(domain, Box):
        return states.clamp(_rounded(domain.low, states, math.inf), _rounded(domain.high, states, -math.inf))
    return states


def chord(domain: Domain, middle: Tensor, direction: Tensor, reach: Tensor) -> tuple[Tensor, Tensor]:
    """Segments of a domain in given directions: a middle may be moved inwards and a reach be cut, no direction turned.

    Args:
        domain: where.
        middle: shape (n, d), in the domain.
        direction: unit vectors, shape (n, d), zero along the flat sides of a box.
        reach: half the lengths wanted, shape (n, 1).

    Returns:
        Both ends of each segment, shape (n, d) each, up to rounding `middle -+ reach direction`.
    """
    m, v, r = middle.double(), direction.double(), reach.double()
    if isinstance(domain, Ball):
        center = _center(domain).to(m.device)
        r = r.clamp(max=domain.radius * (1 - 1e-9))
        offset = m - center
        along = (offset * v).sum(-1, keepdim=True)
        across = offset - along * v
        room = (domain.radius**2 - r.square()).sqrt()
        across = across * (room / across.norm(dim=-1, keepdim=True).clamp_min(1e-300)).clamp(max=1)
        half = (domain.radius**2 - across.square().sum(-1, keepdim=True)).clamp_min(0).sqrt() - r
        m = center + across + torch.minimum(torch.maximum(along, -half.clamp_min(0)), half.clamp_min(0)) * v
    elif isinstance(domain, Box):
        low, high = (torch.tensor(side, dtype=torch.float64, device=m.device) for side in (domain.low, domain.high))
        widths = torch.where(v == 0, torch.inf, (high - low) / (2 * v.abs()).clamp_min(1e-300))
        r = torch.minimum(r, widths.amin(-1, keepdim=True))
        m = torch.minimum(torch.maximum(m, low + r * v.abs()), high - r * v.abs())
    return project(domain, (m - r * v).to(middle)), project(domain, (m + r * v).to(middle))


def free_axes(domain: Domain) -> Tensor:
    """The axes along which a domain extends, a boolean per dimension: a box may have flat sides."""
    if isinstance(domain, Box):
        return torch.tensor([a < b for a, b in zip(domain.low, domain.high, strict=True)])
    return torch.ones(domain.dim, dtype=torch.bool)


def pulled_in(domain: Domain, state: Tensor) -> Tensor | None:
    """A state as `domain.contains` has it: itself, or a few roundings nearer to the centre; None if it is further out.

    Args:
        domain: where it must lie.
        state: shape (d,).

    Returns:
        The state, shape (d,), or None.
    """
    center = _center(domain).to(state.device)
    for ulps in (0, *(2**k for k in range(12))):
        share = 1 - ulps * torch.finfo(state.dtype).eps
        nearer = state if ulps == 0 else (center + share * (state.double() - center)).to(state)
        if domain.contains(nearer.tolist()):
            return nearer
    return None


def require_dimension(domain: Domain, energy: Energy) -> None:
    """Require that the energy takes states of the domain, and is one energy, not a batch.

    Raises:
        UsageError: domain is no domain, the dimensions differ, the energy carries a batch of parameters, or its
            parameters were edited into what its constructor refuses.
    """
    if not isinstance(domain, Ball | Box | WholeSpace):
        raise UsageError(f"domain must be a Ball, a Box or WholeSpace, got {domain!r}")
    if energy.dim is not None and energy.dim != domain.dim:
        raise UsageError(f"domain has dimension {domain.dim}, the energy takes states of dimension {energy.dim}")
    require_one("energy", energy.batch_shape)
    energy.require_parameters()


def _center(domain: Domain) -> Tensor:
    if isinstance(domain, Ball):
        return torch.tensor(domain.center, dtype=torch.float64)
    if isinstance(domain, Box):
        low, high = (torch.tensor(side, dtype=torch.float64) for side in (domain.low, domain.high))
        return (low + high) / 2
    return torch.zeros(domain.dim, dtype=torch.float64)


def _rounded(corner: tuple[float, ...], like: Tensor, towards: float) -> Tensor:
    """A corner in the type of the states, no entry on the wrong side of it."""
    exact = torch.tensor(corner, dtype=torch.float64, device=like.device)
    near = exact.to(like)
    wrong = near.double() < exact if towards > 0 else near.double() > exact
    return torch.where(wrong, torch.nextafter(near, torch.full_like(near, towards)), near)
