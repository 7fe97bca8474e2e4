"""Confirming a suspicious pair of states from function values alone, without the gradient that raised the suspicion.

On a segment [a, b] with midpoint c, a function of curvature at least mu has
`e(a) + e(b) - 2 e(c) >= mu |a - b|^2 / 4`, and the reverse with L for curvature at most L. The left side is a mean of
second differences on the halves, so one of the three half-length segments inside violates at least as strongly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.curvature.search import Segment
from eqt_theory.evidence.sampling import chord, pulled_in

_HALVINGS = 16
_SAFETY = 256  # units in the last place of the values that the energy may be off by
_CLEAR = 4.0  # margin over the rounding error at which no clearer pair is looked for
_BESIDE, _AGREEING = 8, 6  # segments beside a violating one, and how many must violate: noise does not repeat
_NODES = 65
_AROUND = (1e-2, 1e-1, 1.0)  # in sizes of a state: how far around it values are looked at for the size of their terms


@dataclass(frozen=True)
class Confirmed:
    """A violating segment with the replay that confirms it."""

    a: Tensor
    b: Tensor
    curvature: float
    replay: Replay


def replay_segments(
    energy: Energy, domain: Domain, segments: Sequence[Segment], bound: float, sign: float
) -> Confirmed | None:
    """The clearest violation on several suspicious segments; the first that is clear is taken.

    Args:
        energy: one energy.
        domain: where the segments lie.
        segments: the suspicious pairs, the worst first.
        bound: the curvature bound.
        sign: 1 for a lower bound, -1 for an upper bound.

    Returns:
        A violation that stands beyond rounding, or None.
    """
    best: tuple[float, Confirmed] | None = None
    for segment in segments:
        found = _clearest(energy, domain, segment, bound, sign)
        if found is not None and (best is None or found[0] > best[0]):
            best = found
        if best is not None and best[0] > _CLEAR:
            break
    return None if best is None else best[1]


def replay_segment(energy: Energy, domain: Domain, segment: Segment, bound: float, sign: float) -> Confirmed | None:
    """As `replay_segments`, for one segment."""
    return replay_segments(energy, domain, [segment], bound, sign)


def _clearest(
    energy: Energy, domain: Domain, segment: Segment, bound: float, sign: float
) -> tuple[float, Confirmed] | None:
    """Second differences on, around and inside a segment: the one that violates most clearly, and by what margin."""
    a, b = segment.a.detach(), segment.b.detach()
    length = float((b - a).double().norm())
    if length == 0:
        return None
    direction = ((b - a).double() / length).to(a)
    reaches = torch.tensor([[length / 2 * 4.0**k] for k in range(1, 25)], dtype=torch.float64, device=a.device)
    longer = chord(domain, ((a + b) / 2).expand(len(reaches), -1), direction.expand(len(reaches), -1), reaches)
    size = _size_around(energy, domain, a, direction)
    best: tuple[float, Tensor, Tensor, float, float] | None = None
    for level in range(_HALVINGS):
        quarters = [a + (b - a) * k / 4 for k in range(5)]
        p, q = torch.stack([*quarters[:3], a]), torch.stack([*quarters[2:], b])
        if level == 0:
            p, q = torch.cat([p, longer[0]]), torch.cat([q, longer[1]])
        curvature, error = _second_differences(energy, p, q, size)
        violation = sign * (bound - curvature)
        margin = torch.where(violation > error, violation / error.clamp_min(1e-300), 0.0).nan_to_num(0.0)
        pick = int(margin.argmax())
        if float(margin[pick]) > 1 and (best is None or float(margin[pick]) > best[0]):
            best = (float(margin[pick]), p[pick], q[pick], float(curvature[pick]), float(error[pick]))
        inside = sign * curvature[:3]
        if not bool(inside.isfinite().any()):
            break
        worst = int(inside.nan_to_num(torch.inf).argmin())
        a, b = p[worst], q[worst]
    if best is None:
        return None
    confirmed = _confirmed(energy, domain, best[1], best[2], bound, sign)
    return None if confirmed is None else (best[0], confirmed)


def _confirmed(energy: Energy, domain: Domain, a: Tensor, b: Tensor, bound: float, sign: float) -> Confirmed | None:
    """The pair inside the domain, measured once more, if it and most segments beside it violate the bound strictly."""
    ends = [pulled_in(domain, x) for x in (a, b)]
    if ends[0] is None or ends[1] is None:
        return None
    a, b = ends[0], ends[1]
    size = _size_around(energy, domain, a, ((b - a).double() / (b - a).double().norm()).to(a))
    (curvature,), (error,) = (x.tolist() for x in _second_differences(energy, a.unsqueeze(0), b.unsqueeze(0), size))
    if not sign * (bound - curvature) > error:
        return None
    # What is printed must violate the bound as well.
    printed = next((text for n in range(9, 18) if sign * (bound - float(text := f"{curvature:.{n}g}")) > 0), None)
    if printed is None or not _repeats(energy, domain, a, b, bound, sign):
        return None
    relation = ">=" if sign > 0 else "<="
    text = f"curvature of the segment {relation} {bound!r}, by second differences of the values"
    line = ReplayLine.compared(text, curvature, relation, bound, error)
    if line.holds:
        return None
    return Confirmed(a, b, float(printed), Replay(Arithmetic.FLOAT, (), (line,)))


def _repeats(energy: Energy, domain: Domain, a: Tensor, b: Tensor, bound: float, sign: float) -> bool:
    """Whether segments a thousandth of its length beside it violate the bound too: values that cancel do not."""
    shift = torch.linspace(-1e-3, 1e-3, _BESIDE, dtype=torch.float64, device=a.device).unsqueeze(-1)
    span = (b - a).double()
    length = span.norm()
    middle = ((a + b).double() / 2 + shift * span).to(a)
    direction = (span / length).to(a).expand(_BESIDE, -1)
    p, q = chord(domain, middle, direction, (1 - shift.abs()) * length / 2)
    curvature, _ = _second_differences(energy, p, q, 0.0)
    return int((sign * (bound - curvature) > 0).sum()) >= _AGREEING


def _size_around(energy: Energy, domain: Domain, state: Tensor, direction: Tensor) -> float:
    """How large values are around a state: terms that cancel there, as in 1 - cos h at 0, are as large."""
    reaches = torch.tensor(_AROUND, dtype=torch.float64, device=state.device).unsqueeze(-1)
    reaches = reaches * max(1.0, float(state.double().norm()))
    n = len(_AROUND)
    ends = chord(domain, state.expand(n, -1), direction.expand(n, -1), reaches)
    values = energy.value(torch.cat([state.unsqueeze(0), *ends])).detach().double()
    return float(values[values.isfinite()].abs().max()) if bool(values.isfinite().any()) else 0.0


def _second_differences(energy: Energy, a: Tensor, b: Tensor, size: float) -> tuple[Tensor, Tensor]:
    """Curvatures of segments from values, (n,), and bounds on their rounding error; nan where they mean nothing."""
    middle = (a + b) / 2
    ends = energy.value(torch.cat([a, b, middle])).detach().double().reshape(3, -1)
    # The rounded midpoint is a little off the segment; measure from where it really is.
    left, right = (a - middle).double(), (b - middle).double()
    skew, square = (left + right).norm(dim=-1), (a - b).double().square().sum(-1)
    length = square.sqrt()
    second = ends[0] + ends[1] - 2 * ends[2]
    # The slope from values: a gradient that is wrong has no say here.
    slope = torch.maximum((ends[0] - ends[2]).abs(), (ends[1] - ends[2]).abs()) / (length / 2)
    slope = torch.maximum(slope, energy.gradient(middle).detach().double().norm(dim=-1).nan_to_num(0.0))
    # Values may be sums of terms as large as values are around them.
    rounding = _SAFETY * torch.finfo(a.dtype).eps * (ends.abs().sum(0) + size) + 2 * skew * slope
    unusable = (square == 0) | (skew > 1e-6 * length)
    curvature = torch.where(unusable, torch.nan, 4 * second / square)
    return curvature, torch.where(unusable, torch.nan, 4 * rounding / square)


def disagreement(energy: Energy, segment: Segment) -> str:
    """How the gradient disagrees with the values along a segment; empty where it does not, beyond rounding.

    Args:
        energy: one energy.
        segment: a suspicious pair.

    Returns:
        The difference in words: the integral of the gradient, with its error between two grids, against the values.
    """
    a, b = segment.a.double(), segment.b.double()
    for start, end in ((a, b), (a, (a + b) / 2), ((a + b) / 2, b)):
        share = torch.linspace(0, 1, _NODES, dtype=torch.float64, device=a.device).unsqueeze(-1)
        states = (start + share * (end - start)).to(segment.a)
        along = (energy.gradient(states).detach().double() * (end - start)).sum(-1)
        fine, coarse = (float(torch.trapezoid(along[::k], share[::k, 0])) for k in (1, 2))
        values = energy.value(states[[0, -1]]).detach().double()
        rise = float(values[1] - values[0])
        rounding = _SAFETY * torch.finfo(segment.a.dtype).eps * (float(values.abs().sum()) + float(along.abs().max()))
        if abs(rise - fine) > 8 * abs(fine - coarse) + rounding and math.isfinite(fine):
            return f"from one end to the other the values rise by {rise:.6g}, the gradient by {fine:.6g}"
    return ""
