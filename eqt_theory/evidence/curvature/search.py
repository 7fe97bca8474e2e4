"""Adversarial search for the segment of a domain along which an energy curves least, or most.

The directional curvature of a segment [a, b] is `<grad e(a) - grad e(b), a - b> / |a - b|^2`, the mean of the second
derivative along it. One half of a segment curves at least as extremely as the whole, so halving closes in on the worst
place, also where the gradient jumps and no Hessian exists.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.sampling import draw, project

_DENSE = 64  # up to this dimension Hessians of all samples are formed
_CLIMBERS = 8
_CLIMB_STEPS = 40
_HALVINGS = 24


@dataclass(frozen=True)
class Segment:
    """A pair of states and the mean curvature along the segment between them.

    Args:
        a: one end, shape (d,).
        b: the other end, shape (d,).
        curvature: `<grad e(a) - grad e(b), a - b> / |a - b|^2`, measured.
    """

    a: Tensor
    b: Tensor
    curvature: float


@dataclass(frozen=True)
class Extremes:
    """The least and the most curved segment found, and how many states and pairs were looked at."""

    least: Segment
    most: Segment
    examples: int


def search_curvature(energy: Energy, domain: Domain, samples: int, seed: int) -> Extremes | None:
    """Look for the extreme curvatures of an energy on a domain.

    Random states and pairs at several distances first; the Hessian's extreme eigenvectors at the states then start a
    projected gradient search on the Rayleigh quotient; the worst segments are halved towards their worst part.

    Args:
        energy: one energy, not a batch.
        domain: where to look.
        samples: number of random states.
        seed: of the randomness.

    Returns:
        What was found; a measurement, never a bound. None where the energy is not finite on the domain.
    """
    generator = torch.Generator().manual_seed(seed)
    reference = energy.reference()
    like = torch.zeros((), dtype=torch.float64) if reference is None else reference.detach()
    states = draw(domain, max(2, samples), generator, like)
    others = draw(domain, states.shape[0], generator, like).roll(1, 0)
    ends = [(states, others)]
    for share in (1e-1, 1e-3, 1e-5):
        ends.append((states, project(domain, states + share * (others - states))))
    examples = sum(a.shape[0] for a, _ in ends)
    if states.shape[-1] <= _DENSE:
        for sign in (1.0, -1.0):
            ends.append(_climb(energy, domain, states, sign))
        examples += 2 * states.shape[0]
    a, b = (torch.cat(side) for side in zip(*ends, strict=True))
    curvature = _curvature(energy, a, b)
    usable = curvature.isfinite()
    value, gradient = energy.value(states), energy.gradient(states)
    if not bool(value.isfinite().all() and gradient.isfinite().all()) or not bool(usable.any()):
        return None
    lowest = torch.where(usable, curvature, torch.inf).argmin()
    highest = torch.where(usable, curvature, -torch.inf).argmax()
    least = _halve(energy, a[lowest], b[lowest], 1.0)
    most = _halve(energy, a[highest], b[highest], -1.0)
    return Extremes(least, most, examples)


def _curvature(energy: Energy, a: Tensor, b: Tensor) -> Tensor:
    """Mean curvature of segments, (n, d), (n, d) -> (n,); nan for segments too short to tell."""
    d = (a - b).double()
    slope = (energy.gradient(a) - energy.gradient(b)).detach().double()
    length = d.square().sum(-1)
    size = torch.maximum(a.double().norm(dim=-1), b.double().norm(dim=-1))
    short = length.sqrt() <= 1e4 * torch.finfo(a.dtype).eps * size
    return torch.where(short, torch.nan, (slope * d).sum(-1) / length)


def _climb(energy: Energy, domain: Domain, states: Tensor, sign: float) -> tuple[Tensor, Tensor]:
    """Short segments along the extreme eigenvector, at states that a projected gradient search reached."""

    def rayleigh(h: Tensor, v: Tensor) -> Tensor:
        return (v * energy.hessian_vector(h, v)).sum(-1)

    hessian = torch.nan_to_num(energy.hessian(states).detach())
    values, vectors = torch.linalg.eigh(sign * (hessian + hessian.mT) / 2)
    best = values[:, 0].argsort()[:_CLIMBERS]
    h, v = states[best], vectors[best, :, 0]
    value = sign * rayleigh(h, v).detach()
    step = 0.1 * (1 + h.norm(dim=-1, keepdim=True))
    for _ in range(_CLIMB_STEPS):
        slope = torch.func.grad(lambda x, v=v: sign * rayleigh(x, v).sum())(h).detach()
        slope = torch.nan_to_num(slope)
        trial = project(domain, h - step * slope / slope.norm(dim=-1, keepdim=True).clamp_min(1e-300))
        tried, turned = torch.linalg.eigh(_symmetric(sign * torch.nan_to_num(energy.hessian(trial).detach())))
        better = tried[:, 0] < value
        h = torch.where(better.unsqueeze(-1), trial, h)
        v = torch.where(better.unsqueeze(-1), turned[:, :, 0], v)
        value = torch.where(better, tried[:, 0], value)
        step = torch.where(better.unsqueeze(-1), step * 1.5, step * 0.5)
    reach = 1e-3 * (1 + h.norm(dim=-1, keepdim=True))
    ahead, behind = project(domain, h + reach * v), project(domain, h - reach * v)
    return ahead.detach(), behind.detach()


def _symmetric(matrix: Tensor) -> Tensor:
    return (matrix + matrix.mT) / 2


def _halve(energy: Energy, a: Tensor, b: Tensor, sign: float) -> Segment:
    """Go to the worse half again and again while its curvature can still be told from rounding."""
    value = float(_curvature(energy, a[None], b[None])[0])
    for _ in range(_HALVINGS):
        middle = (a + b) / 2
        halves = torch.stack([a, middle]), torch.stack([middle, b])
        worse = sign * _curvature(energy, *halves)
        if not bool(torch.isfinite(worse).all()) or float(worse.min()) >= sign * value - 1e-6 * abs(value):
            break
        pick = int(worse.argmin())
        a, b, value = halves[0][pick], halves[1][pick], float(sign * worse[pick])
    return Segment(a, b, value)
