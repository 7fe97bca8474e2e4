"""`check_lipschitz`: is a map Lipschitz with a stated constant on a domain?

On a convex domain the least constant is the supremum of the largest singular value of the Jacobian, so the search
climbs on that value, and tries pairs of states at many distances, which also see kinks and jumps. A refutation rests
on images alone: two states whose images lie too far apart.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.annotated import Cases, Positive, Seed, checked
from eqt_theory.core.domain import Ball, Box, Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.evidence.sampling import draw, project
from eqt_theory.operators.fixed_point import FixedPoint

_DENSE = 64
"""Dimension up to which Jacobians are formed."""
_PRODUCTS = 40
"""Rounds of the power iteration above it."""
_CLIMBERS = 6
_CLIMBS = 25
_DISTANCES = (1.0, 0.3, 0.1, 1e-2, 1e-3, 1e-4, 1e-5)
"""Between the states of a pair, in sizes of the domain."""
_SAFETY = 16


@dataclass(frozen=True)
class Pair:
    """Two states and how far apart their images are.

    Args:
        x: shape (d,).
        y: shape (d,).
        ratio: |T(x) - T(y)| / |x - y|, without the slack.
        slack: how far the distance of the images may be off.
        excess: the distance of the images beyond `constant |x - y|` and the slack; positive refutes.
    """

    x: Tensor
    y: Tensor
    ratio: float
    slack: float
    excess: float


@checked
@in_standard_torch
def check_lipschitz(
    T: FixedPoint,  # noqa: N803  the usual name of a map
    L: Positive,  # noqa: N803  and of its constant
    domain: Domain,
    seed: Seed = 0,
    *,
    samples: Cases = 128,
) -> Finding:
    """Whether `|T(x) - T(y)| <= L |x - y|` for all states of a convex domain.

    The map is what its code computes: rounding inside of it that is larger than units in the last place of states and
    images (terms that cancel) is not told from the map itself.

    Args:
        T: the map, as a `FixedPoint`; float64 unless a module's parameters say otherwise.
        L: the stated constant; below 1 it is a contraction.
        domain: Ball, Box or WholeSpace.
        seed: of the search.
        samples: states drawn; the search climbs from the worst of them.

    Returns:
        REFUTED with two states whose images lie farther apart, beyond rounding; SUPPORTED with the largest factor
        found; INCONCLUSIVE where an image is not finite, or where only the Jacobian or rounding speak against it.

    Raises:
        UsageError: no FixedPoint or domain, other dimensions, or what the map itself raised.
    """
    if not isinstance(domain, Ball | Box | WholeSpace):
        raise UsageError(f"domain must be a Ball, a Box or WholeSpace, got {domain!r}")
    if T.dim is not None and T.dim != domain.dim:
        raise UsageError(f"domain has dimension {domain.dim}, the map takes states of dimension {T.dim}")
    if T.batch_shape:
        raise UsageError(f"expected one map, got a batch of shape {tuple(T.batch_shape)}; select one first")
    generator = torch.Generator().manual_seed(seed)
    reference = T.reference()
    like = torch.empty(0, dtype=torch.float64) if reference is None else reference.detach()
    states = draw(domain, samples, generator, like)
    if not bool(torch.isfinite(T(states.detach())).all()):
        return inconclusive(Method.SAMPLING, "the map is not finite at a state of the domain")
    said = f"|T(x) - T(y)| <= {L:.9g} |x - y|"
    slopes, directions, steepest = _slopes(T, states, domain, generator)
    pairs = _pairs(T, states, directions, steepest, domain, L, generator)
    worst = max(pairs, key=lambda pair: pair.excess, default=None)
    if worst is None:
        return inconclusive(Method.SAMPLING, f"{said}: the domain holds no two states that can be told apart")
    if worst.excess > 0:
        refuted = _refuted(T, worst, L, domain, said, len(pairs))
        if refuted is not None:
            return refuted
    ratio = max(pair.ratio for pair in pairs)
    measured = f"{said}: the worst of {len(pairs)} pairs has {ratio:.9g} or more, the steepest Jacobian {slopes:.9g}"
    if slopes > L * (1 + 1e-9) or worst.excess > 0:
        return inconclusive(Method.SAMPLING, f"{measured}, but no pair shows it beyond rounding")
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, measured, examples=len(pairs))


def _slopes(
    T: FixedPoint,  # noqa: N803
    states: Tensor,
    domain: Domain,
    generator: torch.Generator,
) -> tuple[float, Tensor, Tensor]:
    """The largest singular value of the Jacobian that was found, with directions and the states they belong to."""
    found = [steepest(T, h, generator) for h in states]
    order = sorted(range(len(found)), key=lambda i: -found[i][0])[:_CLIMBERS]
    best, at, along = 0.0, [], []
    for i in order:
        slope, direction, state = _climb(T, states[i], *found[i], domain, generator)
        best = max(best, slope)
        at.append(state)
        along.append(direction)
    return best, torch.stack(along), torch.stack(at)


def steepest(T: FixedPoint, h: Tensor, generator: torch.Generator) -> tuple[float, Tensor]:  # noqa: N803
    """The largest singular value of the Jacobian at one state, never above the truth, and the direction.

    Args:
        T: the map.
        h: a state, shape (d,).
        generator: of the power iteration's start, above 64 dimensions.

    Returns:
        The value and a unit vector, shape (d,).
    """
    h = h.detach()
    if len(h) <= _DENSE:
        jacobian = torch.autograd.functional.jacobian(T.image, h)
        assert isinstance(jacobian, Tensor)
        if not bool(torch.isfinite(jacobian).all()):
            return 0.0, torch.nn.functional.normalize(torch.ones_like(h), dim=0)
        _, values, vectors = torch.linalg.svd(jacobian)
        return float(values[0]), vectors[0]
    direction = torch.randn(len(h), generator=generator, dtype=torch.float64).to(h)
    value = 0.0
    for _ in range(_PRODUCTS):
        direction = torch.nn.functional.normalize(direction, dim=0)
        forward = _image_of_direction(T, h, direction)
        value = float(forward.norm())
        if value == 0 or not math.isfinite(value):
            return 0.0, direction
        back = torch.autograd.functional.vjp(T.image, h, forward)[1]
        assert isinstance(back, Tensor)
        if not bool(torch.isfinite(back).all()) or float(back.norm()) == 0:
            break
        direction = back
    return value, torch.nn.functional.normalize(direction, dim=0)


def _image_of_direction(T: FixedPoint, h: Tensor, direction: Tensor, *, graph: bool = False) -> Tensor:  # noqa: N803
    """The Jacobian times a direction, by two products from the left, which every differentiable map has."""
    found = torch.autograd.functional.jvp(T.image, h, direction, create_graph=graph)[1]
    assert isinstance(found, Tensor)
    return found


def _climb(
    T: FixedPoint,  # noqa: N803
    h: Tensor,
    slope: float,
    direction: Tensor,
    domain: Domain,
    generator: torch.Generator,
) -> tuple[float, Tensor, Tensor]:
    """Ascent of the slope along the state, with lengths halved until it rises; ends where it does not."""
    length = _size(domain) / 4
    for _ in range(_CLIMBS):
        x = h.detach().requires_grad_(True)
        try:
            stretched = _image_of_direction(T, x, direction, graph=True).norm()
            (uphill,) = torch.autograd.grad(stretched, x, allow_unused=True)
        except (RuntimeError, NotImplementedError):  # no second derivative: the samples have to do
            break
        if uphill is None or not bool(torch.isfinite(uphill).all()) or float(uphill.norm()) == 0:
            break
        uphill = torch.nn.functional.normalize(uphill, dim=0)
        while length > 1e-6 * _size(domain):
            trial = project(domain, h + length * uphill)
            higher, along = steepest(T, trial, generator)
            if higher > slope * (1 + 1e-12):
                break
            length /= 2
        else:
            break
        h, slope, direction, length = trial, higher, along, 2 * length
    return slope, direction, h.detach()


def _pairs(
    T: FixedPoint,  # noqa: N803
    states: Tensor,
    directions: Tensor,
    at: Tensor,
    domain: Domain,
    constant: float,
    generator: torch.Generator,
) -> list[Pair]:
    """Pairs along the steepest directions, along random ones, and of the samples themselves, at many distances."""
    size = _size(domain)
    found: list[Pair] = []
    random = torch.nn.functional.normalize(
        torch.randn(len(states), states.shape[-1], generator=generator, dtype=torch.float64).to(states), dim=-1
    )
    for center, along in [*zip(at, directions, strict=True), *zip(states, random, strict=True)]:
        for distance in _DISTANCES:
            x, y = (project(domain, center + sign * distance * size / 2 * along) for sign in (1, -1))
            found.append(_pair(T, x, y, constant))
    found += [_pair(T, x, y, constant) for x, y in zip(states, states.roll(1, 0), strict=True)]
    return [pair for pair in found if not math.isnan(pair.excess)]


def _pair(T: FixedPoint, x: Tensor, y: Tensor, constant: float) -> Pair:  # noqa: N803
    apart = float((x.double() - y.double()).norm())
    a, b = T.image(x).detach().double(), T.image(y).detach().double()
    images = float((a - b).norm())
    if apart == 0 or not math.isfinite(images):
        return Pair(x, y, math.nan, math.nan, math.nan)
    slack = _noise(T, x, a) + _noise(T, y, b)
    unit = torch.finfo(x.dtype).eps / 2
    # The distance of the states is itself rounded.
    return Pair(
        x, y, max(images - slack, 0.0) / apart, slack, images - constant * apart * (1 + 8 * unit * (len(x) + 8)) - slack
    )


def _noise(T: FixedPoint, x: Tensor, image: Tensor) -> float:  # noqa: N803
    """How far an image may be off: what it moves when the state moves by units in the last place, and its own size."""
    unit = torch.finfo(x.dtype).eps
    nearby = [T.image(x * (1 + sign * unit)).detach().double() for sign in (1, -1)]
    moved = max(float((other - image).norm()) for other in nearby)
    return _SAFETY * (moved + (len(x) + 8) * unit * float(image.norm()))


def _refuted(T: FixedPoint, pair: Pair, constant: float, domain: Domain, said: str, tried: int) -> Finding | None:  # noqa: N803
    """The finding, where the two images, computed afresh from plain numbers, violate the constant again."""
    x, y = (torch.tensor(h.tolist(), dtype=h.dtype, device=h.device) for h in (pair.x, pair.y))
    again = _pair(T, x, y, constant)
    inside = [ReplayLine(f"{name} lies in the domain", domain.contains(h.tolist())) for name, h in (("x", x), ("y", y))]
    apart = math.dist(x.tolist(), y.tolist())
    images = again.ratio * apart + again.slack
    line = ReplayLine.compared(said, images, "<=", constant * apart, again.slack)
    if not again.excess > 0 or line.holds or not all(line.holds for line in inside):
        return None
    return Finding(
        Verdict.REFUTED,
        Method.SAMPLING,
        f"{said} fails: two states have the factor {again.ratio:.9g}",
        witness={"x": x.tolist(), "y": y.tolist(), "factor": again.ratio},
        replay=Replay(Arithmetic.FLOAT, tuple(inside), (line,)),
        examples=tried,
    )


def _size(domain: Domain) -> float:
    """The length over which states of the domain differ; 1 for the whole space."""
    if isinstance(domain, Ball):
        return 2 * domain.radius
    if isinstance(domain, Box):
        return math.dist(domain.low, domain.high) or 1.0
    return 1.0
