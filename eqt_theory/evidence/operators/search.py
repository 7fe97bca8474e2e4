"""The directed search behind checks of maps: climb where the Jacobian is worst, then compare pairs of states."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.budget import stage, tick, ticked
from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import NoDerivative
from eqt_theory.energies.autograd import differentiating
from eqt_theory.energies.differences import derivative_differs
from eqt_theory.evidence.sampling import project
from eqt_theory.evidence.steady import steady
from eqt_theory.operators.derivatives import pushed_forward
from eqt_theory.operators.fixed_point import FixedPoint

UNSTEADY = (
    "a state has another image when it is asked about again: noise, dropout or memory, and no map; modules must be in "
    "evaluation mode (.eval())"
)
CLIMBERS = 6
_CLIMBS = 25
_DISTANCES = (1.0, 0.3, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)
"""Between the states of a pair, in sizes of the domain."""
_HALVED = 4
"""Pairs that are halved towards their worse half,"""
_IDLE = 2
"""until so many halvings in a row have found nothing worse."""
_SAFETY = 16
_PROBES = 8


@dataclass(frozen=True)
class Pair:
    """Two states and what their images say.

    Args:
        x: shape (d,).
        y: shape (d,).
        ratio: what is bounded, as far as rounding leaves it certain; in the sense in which more is worse. Infinite
            where an image is not finite, nan where the states are the same; the excess is nan in both cases.
        slack: how far what is compared may be off.
        excess: by how much the pair breaks the statement beyond the slack; positive refutes.
    """

    x: Tensor
    y: Tensor
    ratio: float
    slack: float
    excess: float


@dataclass(frozen=True)
class Question:
    """What is asked of the Jacobian at each state, and of each pair.

    Args:
        map: the map.
        steepest: at a state: the number that should not be large, never above the truth, and its direction.
        along: the same number along a fixed direction, which can be differentiated in the state.
        pair: of two states.
    """

    map: FixedPoint
    steepest: Callable[[Tensor], tuple[float, Tensor]]
    along: Callable[[Tensor, Tensor], Tensor]
    pair: Callable[[Tensor, Tensor], Pair]


@dataclass(frozen=True)
class Found:
    """What the search came to.

    Args:
        steepest: the largest number found in a Jacobian.
        worst: the pair with the largest excess; None where no two states can be told apart.
        ratio: the largest over the pairs.
        pairs: how many were compared.
        holes: how many others had an image that is not finite.
        searched: what was done, in words.
    """

    steepest: float
    worst: Pair | None
    ratio: float
    pairs: int
    holes: int
    searched: str


def search(question: Question, states: Tensor, domain: Domain, generator: torch.Generator) -> Found:
    """Climb from the worst of the states, then compare pairs along the directions found, and random ones.

    Args:
        question: what is looked for.
        states: of the domain, shape (n, d).
        domain: where.
        generator: of random directions.

    Returns:
        What was found.
    """
    stage("looking at Jacobians", len(states))
    found = [ticked(question.steepest(h)) for h in states]
    order = sorted(range(len(found)), key=lambda i: -found[i][0])[:CLIMBERS]
    best, at, along = -math.inf, [], []
    stage("climbing", len(order))
    for i in order:
        slope, direction, state = _climb(question, states[i], *found[i], domain)
        tick()
        best = max(best, slope)
        at.append(state)
        along.append(direction)
    tried = _pairs(question, states, torch.stack(along), torch.stack(at), domain, generator)
    pairs = [pair for pair in tried if not math.isnan(pair.excess)]
    drawn, halved = len(pairs), sorted(pairs, key=lambda pair: -pair.ratio)[:_HALVED]
    stage("halving the worst pairs", len(halved))
    for pair in halved:
        pairs += ticked(_halves(question, pair, extent(domain)))
    holes = sum(pair.ratio == math.inf for pair in tried if math.isnan(pair.excess))
    worst = max(pairs, key=lambda pair: pair.excess, default=None)
    searched = (
        f"searched: the Jacobian at {len(states)} states, ascent on it from the {len(order)} worst, {drawn} pairs "
        f"at {len(_DISTANCES)} distances, the {len(halved)} worst of them halved"
    )
    return Found(best, worst, max((pair.ratio for pair in pairs), default=math.nan), len(pairs), holes, searched)


def _halves(question: Question, pair: Pair, size: float) -> list[Pair]:
    """The worse half of the segment between two states, its worse half, and so on, as long as they get worse."""
    # One half is at least as bad as the whole. Only so is a jump seen for what it is: no Jacobian knows of it.
    found: list[Pair] = []
    worst, idle = pair.ratio, 0
    # On shorter ones what is rounded inside of a map looks like jumps.
    shortest = torch.finfo(pair.x.dtype).eps ** 0.5 * (size + float(pair.x.norm()))
    while float((pair.x - pair.y).norm()) > 2 * shortest:
        middle = (pair.x + pair.y) / 2
        halves = [question.pair(pair.x, middle), question.pair(middle, pair.y)]
        if any(math.isnan(half.excess) for half in halves):
            break
        pair = max(halves, key=lambda half: half.ratio)
        found.append(pair)
        if pair.ratio > worst + 1e-6 * abs(worst):
            worst, idle = pair.ratio, 0
        elif idle == _IDLE:
            break
        else:
            idle += 1
    return found


def unsteady(map_: FixedPoint, states: Tensor) -> bool:
    """Whether a state has another image when it is asked about again, after others: then it is no map.

    Args:
        map_: the map.
        states: shape (n, d); the first few are looked at.

    Returns:
        Whether that is so.
    """
    return not steady(map_.image, list(states[:_PROBES].detach()))


def undirected(map_: FixedPoint, states: Tensor, generator: torch.Generator) -> bool:
    """Whether the search has nothing to go by: derivatives by autograd are not those of the images, at most states.

    A map that leaves autograd (`detach`, NumPy) has a Jacobian of zeros, in which nothing can be climbed.

    Args:
        map_: the map.
        states: shape (n, d); the first few are looked at.
        generator: of the directions.

    Returns:
        Whether that is so.
    """
    wrong = judged = 0
    for h in states[:_PROBES]:
        v = torch.nn.functional.normalize(torch.randn(len(h), generator=generator, dtype=torch.float64), dim=0).to(h)
        found = derivative_differs(map_.image, h, v, pushed_forward(map_.image, h, v))
        judged += found is not None
        wrong += bool(found)
    return judged > 0 and 2 * wrong > judged


def noise(map_: FixedPoint, x: Tensor, image: Tensor) -> float:
    """How far an image may be off: what it moves when the state moves by units in the last place, and its own size."""
    unit = torch.finfo(x.dtype).eps
    nearby = [map_.image(x * (1 + sign * unit)).detach().double() for sign in (1, -1)]
    moved = max(float((other - image).norm()) for other in nearby)
    return _SAFETY * (moved + (len(x) + 8) * unit * float(image.norm()))


def _climb(
    question: Question, h: Tensor, slope: float, direction: Tensor, domain: Domain
) -> tuple[float, Tensor, Tensor]:
    """Ascent along the state, with lengths halved until it rises; ends where it does not."""
    length = extent(domain) / 4
    for _ in range(_CLIMBS):
        x = h.detach().requires_grad_(True)
        try:
            with differentiating():
                (uphill,) = torch.autograd.grad(question.along(x, direction), x, allow_unused=True)
        except NoDerivative:  # no second derivative: the samples have to do
            break
        if uphill is None or not bool(torch.isfinite(uphill).all()) or float(uphill.norm()) == 0:
            break
        uphill = torch.nn.functional.normalize(uphill, dim=0)
        while length > 1e-6 * extent(domain):
            trial = project(domain, h + length * uphill)
            higher, along = question.steepest(trial)
            if higher > slope + 1e-12 * abs(slope):
                break
            length /= 2
        else:
            break
        h, slope, direction, length = trial, higher, along, 2 * length
    return slope, direction, h.detach()


def _pairs(
    question: Question, states: Tensor, directions: Tensor, at: Tensor, domain: Domain, generator: torch.Generator
) -> list[Pair]:
    """Pairs along the steepest directions, along random ones, and of the samples themselves, at many distances."""
    size = extent(domain)
    found: list[Pair] = []
    random = torch.nn.functional.normalize(
        torch.randn(len(states), states.shape[-1], generator=generator, dtype=torch.float64).to(states), dim=-1
    )
    centers = [*zip(at, directions, strict=True), *zip(states, random, strict=True)]
    stage("comparing pairs of states", len(centers) * len(_DISTANCES) + len(states))
    for center, along in centers:
        for distance in _DISTANCES:
            x, y = (project(domain, center + sign * distance * size / 2 * along) for sign in (1, -1))
            found.append(ticked(question.pair(x, y)))
    found += [ticked(question.pair(x, y)) for x, y in zip(states, states.roll(1, 0), strict=True)]
    return found


def extent(domain: Domain) -> float:
    """The length over which states of the domain differ; 1 for the whole space."""
    if isinstance(domain, Ball):
        return 2 * domain.radius
    if isinstance(domain, Box):
        return math.dist(domain.low, domain.high) or 1.0
    return 1.0
