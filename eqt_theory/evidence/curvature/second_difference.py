"""Confirming a suspicious pair of states from function values alone, without the gradient that raised the suspicion.

On a segment [a, b] with midpoint c, a function of curvature at least mu has
`e(a) + e(b) - 2 e(c) >= mu |a - b|^2 / 4`, and the reverse with L for curvature at most L. The left side is a mean of
second differences on the halves, so one of the three half-length segments inside violates at least as strongly.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.curvature.search import Segment
from eqt_theory.evidence.sampling import project

_HALVINGS = 16
_SAFETY = 256  # units in the last place of the values that the energy may be off by


@dataclass(frozen=True)
class Confirmed:
    """A violating segment with the replay that confirms it."""

    a: Tensor
    b: Tensor
    curvature: float
    replay: Replay


def replay_segment(energy: Energy, domain: Domain, segment: Segment, bound: float, sign: float) -> Confirmed | None:
    """Look at second differences on, around and inside a segment for one that violates the bound beyond rounding.

    Args:
        energy: one energy.
        domain: where longer segments may be looked for; on short ones rounding hides everything.
        segment: the suspicious pair.
        bound: the curvature bound.
        sign: 1 for a lower bound, -1 for an upper bound.

    Returns:
        The clearest violation, or None where rounding could explain every one.
    """
    a, b = segment.a.detach(), segment.b.detach()
    best: tuple[float, Tensor, Tensor, float, float] | None = None
    middle, half = (a + b) / 2, (b - a) / 2
    longer = [(project(domain, middle - 4**k * half), project(domain, middle + 4**k * half)) for k in range(1, 7)]
    for _ in range(_HALVINGS):
        quarters = [a + (b - a) * k / 4 for k in range(5)]
        inner = [(quarters[0], quarters[2]), (quarters[1], quarters[3]), (quarters[2], quarters[4])]
        candidates = [(a, b), *inner, *longer]
        longer = []
        scored = [(*_curvature(energy, p, q), p, q) for p, q in candidates]
        scored = [s for s in scored if math.isfinite(s[0]) and math.isfinite(s[1])]
        if not scored:
            break
        for curvature, error, p, q in scored:
            margin = sign * (bound - curvature) / error if error > 0 else math.inf
            if margin > 1 and (best is None or margin > best[0]):
                best = (margin, p, q, curvature, error)
        inside = [s for s in scored if any(s[2] is p for p, _ in inner)]
        _, _, a, b = min(inside or scored, key=lambda s: sign * s[0])
    if best is None:
        return None
    _, a, b, curvature, error = best
    relation = "curvature of the segment >= " if sign > 0 else "curvature of the segment <= "
    line = ReplayLine(
        f"{relation}{bound:.12g}, by second differences of the values",
        False,
        f"{curvature:.9g}, off by at most {error:.1e}",
    )
    return Confirmed(a, b, curvature, Replay(Arithmetic.FLOAT, (), (line,)))


def _curvature(energy: Energy, a: Tensor, b: Tensor) -> tuple[float, float]:
    """Curvature from values, and a bound on its rounding error."""
    middle = (a + b) / 2
    values = energy.value(torch.stack([a, b, middle])).detach().double()
    # The rounded midpoint is a little off the segment; measure from where it really is.
    left, right = (a - middle).double(), (b - middle).double()
    skew = float((left + right).norm())
    square = float((a - b).double().square().sum())
    if square == 0 or skew > 1e-6 * math.sqrt(square):
        return math.nan, math.nan
    second = float(values[0] + values[1] - 2 * values[2])
    unit = torch.finfo(a.dtype).eps
    slope = float(energy.gradient(middle).detach().double().norm())
    rounding = _SAFETY * unit * float(values.abs().sum()) + 2 * skew * slope
    return 4 * second / square, 4 * rounding / square
