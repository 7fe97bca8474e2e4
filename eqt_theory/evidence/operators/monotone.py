"""`check_monotone`: is an operator strongly monotone with a stated modulus on a domain?

On a convex domain the greatest modulus is the infimum of the least eigenvalue of the symmetric part of the Jacobian, so
the search descends on that value, and tries pairs of states at many distances. A refutation rests on images alone.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.core.annotated import Cases, Finite, Positive, Seed, checked
from eqt_theory.core.budget import Told, budgeted, look
from eqt_theory.core.domain import Domain
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.evidence.operators.linear import matrix_of, monotone_decided
from eqt_theory.evidence.operators.lipschitz import UNDIRECTED, prepared
from eqt_theory.evidence.operators.search import (
    UNSTEADY,
    Pair,
    Question,
    noise,
    search,
    undirected,
    unsteady,
)
from eqt_theory.operators.affine import as_map
from eqt_theory.operators.derivatives import jacobian, pulled_back, pushed_forward
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion

_DENSE = 64
"""Dimension up to which Jacobians are formed."""
_STEPS = 30
"""Lanczos steps above it."""


@checked
@in_standard_torch
@budgeted
def check_monotone(
    F: FixedPoint | Inclusion | Callable[..., Tensor] | Tensor,  # noqa: N803  the usual name of an operator
    m: Finite,
    domain: Domain,
    seed: Seed = 0,
    *,
    samples: Cases = 128,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> Finding:
    """Whether `<F(x) - F(y), x - y> >= m |x - y|^2` for all states of a convex domain.

    m = 0 is monotone, m > 0 strongly monotone, m < 0 weakly (hypomonotone). The operator is what its code computes, as
    for `check_lipschitz`.

    Args:
        F: the operator, as a function (d,) -> (d,) or a matrix; of an Inclusion its F; of a FixedPoint its map.
        m: the stated modulus.
        domain: Ball, Box or WholeSpace.
        seed: of the search.
        samples: states drawn, fewer in very many dimensions; the search descends from the worst of them.
        seconds: after which it is INCONCLUSIVE and says how far it came; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        CERTIFIED for affine operators in the open (a matrix, `Affine`, a linear layer), decided exactly; REFUTED with
        two states beyond rounding; SUPPORTED with the least modulus found and what was searched; INCONCLUSIVE where an
        image is not finite, where the search has no derivatives to go by, or where only the Jacobian or rounding speak
        against it.

    Raises:
        UsageError: no operator or domain, other dimensions, a batch, or what the operator itself raised.
    """
    given = FixedPoint(F.F, F.dim) if isinstance(F, Inclusion) else as_map(F, "F")
    map_, states, generator = prepared(given, domain, seed, samples)
    said = f"<F(x) - F(y), x - y> >= {float(m):.9g} |x - y|^2"
    matrix = matrix_of(map_)
    decided = None if matrix is None else monotone_decided(matrix, m, domain, said)
    if decided is not None:
        return decided
    if unsteady(map_, states):
        return inconclusive(Method.SAMPLING, UNSTEADY)
    if not bool(torch.isfinite(map_(states.detach())).all()):
        return inconclusive(Method.SAMPLING, "the operator is not finite at a state of the domain")
    question = Question(
        map_,
        lambda h: _lowest(map_, h, generator),
        lambda x, v: -(pushed_forward(map_.image, x, v, graph=True) * v).sum(),
        lambda x, y: _pair(map_, x, y, m),
    )
    found = search(question, states, domain, generator)
    if found.worst is None:
        return inconclusive(Method.SAMPLING, f"{said}: the domain holds no two states that can be told apart")
    if found.worst.excess > 0:
        refuted = _refuted(map_, found.worst, m, domain, said, found.pairs)
        if refuted is not None:
            return refuted
    measured = (
        f"{said}: the worst of {found.pairs} pairs has {-found.ratio:.9g} or less, the lowest Jacobian "
        f"{-found.steepest:.9g}"
    )
    allowed = 1e-9 * max(abs(m), abs(found.steepest))
    if -found.steepest < m - allowed or found.worst.excess > 0:
        return inconclusive(Method.SAMPLING, f"{measured}, but no pair shows it beyond rounding")
    if found.holes:
        return inconclusive(Method.SAMPLING, f"{measured}; {found.holes} pairs have images that are not finite")
    if undirected(map_, states, generator):
        return inconclusive(Method.SAMPLING, f"{measured}; {UNDIRECTED}")
    return Finding(Verdict.SUPPORTED, Method.SAMPLING, f"{measured}; {found.searched}", examples=found.pairs)


def _lowest(map_: FixedPoint, h: Tensor, generator: torch.Generator) -> tuple[float, Tensor]:
    """Minus the least eigenvalue of the symmetric part of the Jacobian, never above the truth, and its direction."""
    h = h.detach()
    if len(h) <= _DENSE:
        matrix = jacobian(map_.image, h)
        if not bool(torch.isfinite(matrix).all()):
            return -math.inf, torch.nn.functional.normalize(torch.ones_like(h), dim=0)
        values, vectors = torch.linalg.eigh((matrix + matrix.mT).double() / 2)  # half precision has none
        return -float(values[0]), vectors[:, 0].to(h)

    def product(v: Tensor) -> Tensor:
        return (pushed_forward(map_.image, h, v) + pulled_back(map_.image, h, v)) / 2

    return _ritz(product, torch.randn(len(h), generator=generator, dtype=torch.float64).to(h))


def _ritz(product: Callable[[Tensor], Tensor], start: Tensor) -> tuple[float, Tensor]:
    """Minus the lowest Ritz value of a symmetric operator over a Krylov space, and its vector."""
    basis = [torch.nn.functional.normalize(start, dim=0)]
    images: list[Tensor] = []
    for _ in range(min(_STEPS, len(start))):
        look()
        w = product(basis[-1])
        if not bool(torch.isfinite(w).all()):
            return -math.inf, basis[0]
        images.append(w)
        for _ in range(2):
            for b in basis:
                w = w - (w @ b) * b
        if float(w.norm()) <= 1e-12 * float(images[-1].norm()):
            break
        basis.append(torch.nn.functional.normalize(w, dim=0))
    V = torch.stack(basis[: len(images)])
    small = V @ torch.stack(images).mT
    values, vectors = torch.linalg.eigh((small + small.mT) / 2)
    v = torch.nn.functional.normalize(vectors[:, 0] @ V, dim=0)
    return -float(v @ product(v)), v


def _pair(map_: FixedPoint, x: Tensor, y: Tensor, m: float) -> Pair:
    d = x.double() - y.double()
    a, b = map_.image(x).detach().double(), map_.image(y).detach().double()
    square, inner = float(d @ d), float(d @ (a - b))
    if square == 0 or not math.isfinite(inner):
        return Pair(x, y, math.nan if square == 0 else math.inf, math.nan, math.nan)
    unit = 2.0**-52
    rounding = (len(x) + 8) * unit * float(d.abs() @ (a.abs() + b.abs()) + abs(m) * square)
    slack = float(d.norm()) * (noise(map_, x, a) + noise(map_, y, b)) + rounding
    return Pair(x, y, -(inner + slack) / square, slack, m * square - inner - slack)


def _refuted(map_: FixedPoint, pair: Pair, m: float, domain: Domain, said: str, tried: int) -> Finding | None:
    """The finding, where the two images, computed afresh from plain numbers, violate the modulus again."""
    x, y = (torch.tensor(h.tolist(), dtype=h.dtype, device=h.device) for h in (pair.x, pair.y))
    again = _pair(map_, x, y, m)
    inside = [ReplayLine(f"{name} lies in the domain", domain.contains(h.tolist())) for name, h in (("x", x), ("y", y))]
    square = math.dist(x.tolist(), y.tolist()) ** 2
    line = ReplayLine.compared(said, m * square - again.excess - again.slack, ">=", m * square, again.slack)
    if not again.excess > 0 or line.holds or not all(line.holds for line in inside):
        return None
    return Finding(
        Verdict.REFUTED,
        Method.SAMPLING,
        f"{said} fails: two states have the modulus {-again.ratio:.9g}",
        witness={"x": x.tolist(), "y": y.tolist(), "modulus": -again.ratio},
        replay=Replay(Arithmetic.FLOAT, tuple(inside), (line,)),
        examples=tried,
    )
