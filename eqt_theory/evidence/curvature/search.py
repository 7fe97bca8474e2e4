"""Adversarial search for the segments of a domain along which an energy curves least, or most.

The directional curvature of a segment [a, b] is `<grad e(a) - grad e(b), a - b> / |a - b|^2`, the mean of the second
derivative along it. One half of a segment curves at least as extremely as the whole, so halving closes in on the worst
place, also where the gradient jumps and no Hessian exists.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import NoSecondDerivative
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.curvature.ascent import climb
from eqt_theory.evidence.sampling import affordable, draw, project

_HALVINGS = 24
_IDLE = 2  # halvings in a row that find nothing worse: of two bends each half may hold one
_SHARES = (1e-1, 1e-3, 1e-5)
_FEW = 8
_STRETCHES = 24  # doublings of a short segment


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
    """The least and the most curved segments found.

    Args:
        lows: the least curved first; of several lengths, and those that the values single out.
        highs: likewise, the most curved first.
        examples: how many states and pairs were looked at.
        states: a few of those looked at, shape (n, d).
        settled: whether both ends rest on eigenvectors, not on random pairs alone.
    """

    lows: tuple[Segment, ...]
    highs: tuple[Segment, ...]
    examples: int
    states: Tensor
    settled: bool = True

    @property
    def least(self) -> Segment:
        """The least curved."""
        return self.lows[0]

    @property
    def most(self) -> Segment:
        """The most curved."""
        return self.highs[0]


def search_curvature(energy: Energy, domain: Domain, samples: int, seed: int) -> Extremes | None:
    """Look for the extreme curvatures of an energy on a domain.

    Random states and pairs at several distances first; the Hessian's extreme eigenvectors at the states then start a
    projected gradient search on the Rayleigh quotient; the worst segments are halved towards their worst part.

    Args:
        energy: one energy, not a batch.
        domain: where to look.
        samples: number of random states; fewer in very many dimensions.
        seed: of the randomness.

    Returns:
        What was found; a measurement, never a bound. None where value or gradient is not finite at some state.
    """
    generator = torch.Generator().manual_seed(seed)
    reference = energy.reference()
    like = torch.zeros((), dtype=torch.float64) if reference is None else reference.detach()
    samples = max(2, affordable(samples, domain.dim))
    states = draw(domain, samples, generator, like)
    others = draw(domain, samples, generator, like).roll(1, 0)
    value, gradient = energy.value(states).detach(), energy.gradient(states).detach()
    defined = value.isfinite() & gradient.isfinite().all(-1)
    if not bool(defined.all()):
        return None
    groups = [(states, others)]
    groups += [(states, project(domain, states + share * (others - states))) for share in _SHARES]
    examples = len(groups) * samples
    ascents = climb(energy, domain, states)
    groups += [(found.a, found.b) for found in ascents if found.settled]
    examples += sum(found.examples for found in ascents)
    lows, highs = [], []
    for a, b in groups:
        for found, sign in ((lows, 1.0), (highs, -1.0)):
            found += _picked(energy, a, b, sign)
    if not lows or not highs:
        return None
    settled = all(found.settled for found in ascents)
    return Extremes(
        _ordered(energy, domain, lows, 1.0), _ordered(energy, domain, highs, -1.0), examples, states[:_FEW], settled
    )


def mean_curvature(energy: Energy, a: Tensor, b: Tensor) -> Tensor:
    """Mean curvature of segments by gradients, (n, d), (n, d) -> (n,); nan for segments too short to tell."""
    d = (a - b).double()
    slope = (energy.gradient(a) - energy.gradient(b)).detach().double()
    length = d.square().sum(-1)
    size = torch.maximum(a.double().norm(dim=-1), b.double().norm(dim=-1))
    short = length.sqrt() <= 1e4 * torch.finfo(a.dtype).eps * size
    return torch.where(short, torch.nan, (slope * d).sum(-1) / length)


def stretched(energy: Energy, domain: Domain, segment: Segment) -> list[Segment]:
    """Longer segments with the same middle, as far as the domain goes: of a short one rounding may be all there is.

    Args:
        energy: one energy, not a batch.
        domain: where the segments lie.
        segment: one of them.

    Returns:
        The segments, the longest last.
    """
    middle, half = (segment.a + segment.b) / 2, (segment.a - segment.b) / 2
    lengths = 2.0 ** torch.arange(1, _STRETCHES + 1, dtype=half.dtype, device=half.device).unsqueeze(-1)
    a, b = (project(domain, middle + sign * lengths * half) for sign in (1, -1))
    curvature = mean_curvature(energy, a, b)
    each = zip(a.detach(), b.detach(), curvature.tolist(), strict=True)
    return [Segment(x, y, c) for x, y, c in each if math.isfinite(c)]


def gradient_sizes(energy: Energy, states: Tensor) -> Tensor:
    """The size of what the gradients are summed up from, float64.

    Args:
        energy: one energy, not a batch.
        states: shape (n, d).

    Returns:
        Sizes, shape (n,); where a second derivative is missing those of the gradients, which may be too small: what is
        held against their rounding is then suspected sooner, never later.
    """
    try:
        return energy.gradient_terms(states).detach().double()
    except NoSecondDerivative:
        return energy.gradient(states).detach().double().norm(dim=-1)


def rounding_of(energy: Energy, segment: Segment) -> float:
    """How far the curvature of a segment may be off by the rounding of its two gradients."""
    ends = torch.stack([segment.a, segment.b])
    terms = gradient_sizes(energy, ends)
    length = float((segment.a - segment.b).double().norm())
    return 4 * (ends.shape[-1] + 8) * torch.finfo(ends.dtype).eps * float(terms.sum()) / length


def _by_values(energy: Energy, a: Tensor, b: Tensor) -> Tensor:
    """The same by second differences of values; nan where rounding may be a large part of it."""
    values = [energy.value(x).detach().double() for x in (a, (a + b) / 2, b)]
    length = (a - b).double().square().sum(-1)
    second = values[0] + values[2] - 2 * values[1]
    rounding = 64 * torch.finfo(a.dtype).eps * torch.stack(values).abs().sum(0)
    return torch.where(second.abs() > rounding, 4 * second / length, torch.nan)


def _picked(energy: Energy, a: Tensor, b: Tensor, sign: float) -> list[Segment]:
    """Of one group of segments the worst by gradients, and the worst by values."""
    kept = []
    for measure in (mean_curvature, _by_values):
        curvature = sign * measure(energy, a, b)
        usable = curvature.isfinite()
        if bool(usable.any()):
            worst = int(torch.where(usable, curvature, torch.inf).argmin())
            kept.append(Segment(a[worst].detach(), b[worst].detach(), float(sign * curvature[worst])))
    return kept


def _ordered(energy: Energy, domain: Domain, segments: list[Segment], sign: float) -> tuple[Segment, ...]:
    """The worst, halved, before all others, the worst of them first."""
    by_curvature = sorted(segments, key=lambda s: sign * s.curvature)
    halved = _halve(energy, domain, by_curvature[0], sign)
    return (
        (halved, *by_curvature)
        if sign * halved.curvature <= sign * by_curvature[0].curvature
        else (*by_curvature, halved)
    )


def _halve(energy: Energy, domain: Domain, segment: Segment, sign: float) -> Segment:
    """Go to the worst part again and again while its curvature can still be told from rounding."""
    # Besides both halves: the middle, as the halves curve like the whole where the worst place is between them; and a
    # segment turned to where the gradient changes, as at a bend that lies askew.
    best, idle = segment, 0
    a, b = segment.a, segment.b
    for _ in range(_HALVINGS):
        middle = (a + b) / 2
        turned = _turned(energy, a, b)
        starts = torch.stack([a, middle, (a + middle) / 2, project(domain, middle - turned)])
        ends = torch.stack([middle, b, (middle + b) / 2, project(domain, middle + turned)])
        worse = sign * mean_curvature(energy, starts, ends)
        if not bool(torch.isfinite(worse[:2]).all()):
            break
        pick = int(torch.where(worse.isfinite(), worse, torch.inf).argmin())
        a, b, value = starts[pick], ends[pick], float(sign * worse[pick])
        if sign * value < sign * best.curvature - 1e-6 * abs(best.curvature):
            best, idle = Segment(a, b, value), 0
        elif idle == _IDLE:
            break
        else:
            idle += 1
    return best


def _turned(energy: Energy, a: Tensor, b: Tensor) -> Tensor:
    """A quarter of the segment from a to b, turned to how the gradient changes along it, shape (d,)."""
    change = torch.nan_to_num((energy.gradient(b) - energy.gradient(a)).detach())
    length = change.norm()
    return (b - a).norm() / 4 * change / length if length > 0 else (b - a) / 4
