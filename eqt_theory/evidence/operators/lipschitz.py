"""`check_lipschitz`: is a map Lipschitz with a stated constant on a domain?

On a convex domain the least constant is the supremum of the largest singular value of the Jacobian, so the search
climbs on that value, and tries pairs of states at many distances, which also see kinks and jumps. A refutation rests
on images alone: two states whose images lie too far apart.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Cases, Positive, Seed, checked
from eqt_theory.core.budget import Told, budgeted, look
from eqt_theory.core.domain import Ball, Box, Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.arguments import require_one
from eqt_theory.evidence.operators.certify_lipschitz import certify_lipschitz
from eqt_theory.evidence.operators.linear import lipschitz_decided, matrix_of
from eqt_theory.evidence.operators.search import (
    UNSTEADY,
    Pair,
    Question,
    noise,
    search,
    undirected,
    unsteady,
)
from eqt_theory.evidence.sampling import affordable, draw
from eqt_theory.operators.affine import as_map
from eqt_theory.operators.derivatives import jacobian, pulled_back, pushed_forward
from eqt_theory.operators.fixed_point import FixedPoint

_DENSE = 64
"""Dimension up to which Jacobians are formed."""
_PRODUCTS = 40
"""Rounds of the power iteration above it."""
_ISOMETRY = 1e-12
"""A slope so near to 1 may be that of a rotation, which contracts nothing."""
UNDIRECTED = "derivatives by autograd are not those of the images, so that no search can be directed"


@checked
@in_standard_torch
@budgeted
def check_lipschitz(
    T: FixedPoint | Callable[..., Tensor] | Tensor,  # noqa: N803  the usual name of a map
    L: Positive,  # noqa: N803  and of its constant
    domain: Domain,
    seed: Seed = 0,
    *,
    samples: Cases = 128,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Whether `|T(x) - T(y)| <= L |x - y|` for all states of a convex domain.

    The map is what its code computes: rounding inside of it that is larger than units in the last place of states and
    images (terms that cancel) is not told from the map itself.

    Args:
        T: the map, as a `FixedPoint`, a function (d,) -> (d,) or a matrix; float64 unless a module's parameters say
            otherwise.
        L: the stated constant; below 1 it is a contraction.
        domain: Ball, Box or WholeSpace.
        seed: of the search.
        samples: states drawn, fewer in very many dimensions; the search climbs from the worst of them.
        seconds: after which it is INCONCLUSIVE and says how far it came; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        CERTIFIED for affine maps in the open (a matrix, `Affine`, a linear layer), decided exactly, and for networks
        whose weights show it, see `certify_lipschitz`; REFUTED with two
        states whose images lie farther apart, beyond rounding; SUPPORTED with the largest factor found and what was
        searched; INCONCLUSIVE where an image is not finite, where the search has no derivatives to go by, or where
        only the Jacobian or rounding speak against it.

    Raises:
        UsageError: no map or domain, other dimensions, a batch of maps, or what the map itself raised.
    """
    map_, states, generator = prepared(as_map(T), domain, seed, samples)
    said = f"|T(x) - T(y)| <= {float(L):.9g} |x - y|"
    matrix = matrix_of(map_)
    decided = None if matrix is None else lipschitz_decided(matrix, L, domain, said)
    if decided is not None:
        return decided
    if unsteady(map_, states):
        return inconclusive(Method.SAMPLING, UNSTEADY)
    if not bool(torch.isfinite(map_(states.detach())).all()):
        return inconclusive(Method.SAMPLING, "the map is not finite at a state of the domain")
    question = Question(
        map_,
        lambda h: steepest(map_, h, generator),
        lambda x, v: pushed_forward(map_.image, x, v, graph=True).norm(),
        lambda x, y: _pair(map_, x, y, L),
    )
    found = search(question, states, domain, generator)
    if found.worst is None:
        return inconclusive(Method.SAMPLING, f"{said}: the domain holds no two states that can be told apart")
    if found.worst.excess > 0:
        refuted = _refuted(map_, found.worst, L, domain, said, found.pairs)
        if refuted is not None:
            return refuted
    measured = (
        f"{said}: the worst of {found.pairs} pairs has {found.ratio:.9g} or more, the steepest Jacobian "
        f"{found.steepest:.9g}"
    )
    if found.steepest > L * (1 + 1e-9) or found.worst.excess > 0:
        return inconclusive(Method.SAMPLING, f"{measured}, but no pair shows it beyond rounding")
    if L < 1 and found.steepest >= 1 - _ISOMETRY:
        return inconclusive(Method.SAMPLING, f"{measured}, which cannot be told from 1")
    if found.holes:
        return inconclusive(Method.SAMPLING, f"{measured}; {found.holes} pairs have images that are not finite")
    if undirected(map_, states, generator):
        return inconclusive(Method.SAMPLING, f"{measured}; {UNDIRECTED}")
    return _certified(map_, L, domain) or Finding(
        Verdict.SUPPORTED, Method.SAMPLING, f"{measured}; {found.searched}", examples=found.pairs
    )


def _certified(map_: FixedPoint, constant: float, domain: Domain) -> Finding | None:
    """The finding of `certify_lipschitz`, where the map is a network and that much can be shown of it."""
    if not isinstance(map_.T, nn.Module) or map_.inputs is not None:
        return None
    found = certify_lipschitz(map_.T, constant, domain)
    return found if found.verdict is Verdict.CERTIFIED else None


def prepared(map_: FixedPoint, domain: Domain, seed: int, samples: int) -> tuple[FixedPoint, Tensor, torch.Generator]:
    """The map with states of the domain, where both fit; what the checks of maps begin with.

    Args:
        map_: one map.
        domain: where it is looked at.
        seed: of the states.
        samples: how many; fewer in very many dimensions.

    Returns:
        The map, states of shape (samples, d), and the generator that drew them.

    Raises:
        UsageError: no domain, other dimensions, or a batch of maps.
    """
    if not isinstance(domain, Ball | Box | WholeSpace):
        raise UsageError(f"domain must be a Ball, a Box or WholeSpace, got {domain!r}")
    if map_.dim is not None and map_.dim != domain.dim:
        raise UsageError(f"domain has dimension {domain.dim}, the map takes states of dimension {map_.dim}")
    require_one("map", map_.batch_shape)
    generator = torch.Generator().manual_seed(seed)
    reference = map_.reference()
    like = torch.empty(0, dtype=torch.float64) if reference is None else reference.detach()
    return map_, draw(domain, affordable(samples, domain.dim), generator, like), generator


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
        matrix = jacobian(T.image, h)
        if not bool(torch.isfinite(matrix).all()):
            # An infinite slope is one; nan is the derivative of nothing, as of a norm at 0.
            return math.inf if bool(matrix.isinf().any()) else 0.0, torch.nn.functional.normalize(
                torch.ones_like(h), dim=0
            )
        _, values, vectors = torch.linalg.svd(matrix.double())  # half precision has none
        return float(values[0]), vectors[0].to(h)
    direction = torch.randn(len(h), generator=generator, dtype=torch.float64).to(h)
    value = 0.0
    for _ in range(_PRODUCTS):
        look()
        direction = torch.nn.functional.normalize(direction, dim=0)
        forward = pushed_forward(T.image, h, direction)
        value = float(forward.norm())
        if value == 0 or not math.isfinite(value):
            return 0.0, direction
        back = pulled_back(T.image, h, forward)
        if not bool(torch.isfinite(back).all()) or float(back.norm()) == 0:
            break
        direction = back
    return value, torch.nn.functional.normalize(direction, dim=0)


def _pair(T: FixedPoint, x: Tensor, y: Tensor, constant: float) -> Pair:  # noqa: N803
    apart = float((x.double() - y.double()).norm())
    a, b = T.image(x).detach().double(), T.image(y).detach().double()
    images = float((a - b).norm())
    if apart == 0 or not math.isfinite(images):
        return Pair(x, y, math.nan if apart == 0 else math.inf, math.nan, math.nan)
    slack = noise(T, x, a) + noise(T, y, b)
    unit = torch.finfo(x.dtype).eps / 2
    # The distance of the states is itself rounded.
    return Pair(
        x, y, max(images - slack, 0.0) / apart, slack, images - constant * apart * (1 + 8 * unit * (len(x) + 8)) - slack
    )


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
