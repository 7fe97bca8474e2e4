"""Declared curvature: two bounds on the Hessian of an energy, and their arithmetic, rounded outwards."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked, is_number, shown
from eqt_theory.core.display import span, table
from eqt_theory.core.domain import Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import broadcast_batch, float_tensor, holds_everywhere

Constant = float | Tensor
"""A number for every state, or a float64 tensor with one number per state."""


def round_down(exact: Fraction) -> float:
    """The largest float that is not above the exact number."""
    try:
        nearest = float(exact)
    except OverflowError:
        return math.nextafter(math.inf, 0.0) if exact > 0 else -math.inf
    top, bottom = nearest.as_integer_ratio()
    # By integers, as a Fraction takes longer to be made than to be compared.
    above = top * exact.denominator > exact.numerator * bottom
    return math.nextafter(nearest, -math.inf) if above else nearest


def round_up(exact: Fraction) -> float:
    """The smallest float that is not below the exact number."""
    return -round_down(-exact)


@checked
@dataclass(frozen=True)
class Curvature:
    """`mu |d|^2 <= <grad e(h) - grad e(h'), h - h'> <= lipschitz |d|^2` with d = h - h', for all pairs in the domain.

    For a twice differentiable energy these bound the Hessian's eigenvalues. A negative `mu` is weak convexity.
    `lipschitz` is the upper curvature: where `mu >= -lipschitz` it is a Lipschitz constant of the gradient, otherwise
    that constant is `gradient_lipschitz`. A side that is not known is infinite: `mu = -inf` or `lipschitz = inf`.

    Declared curvature is an assumption until it is checked.

    Args:
        mu: lower bound; a float, or a tensor with one number per state.
        lipschitz: upper bound, not below mu; same.
        domain: convex set on which both hold; None is the whole space.

    Raises:
        UsageError: a bound is nan, or mu exceeds lipschitz.
    """

    mu: Constant
    lipschitz: Constant = math.inf
    domain: Domain | None = None

    def __post_init__(self) -> None:
        for name in ("mu", "lipschitz"):
            value = getattr(self, name)
            scalar = not isinstance(value, Tensor) and is_number(value)
            value = float(value) if scalar else float_tensor(name, value).detach().double()
            object.__setattr__(self, name, value)
            if not holds_everywhere(~value.isnan()) if isinstance(value, Tensor) else math.isnan(value):
                raise UsageError(f"{name} must be a number, got nan")
        sides = (self.mu, self.lipschitz)
        devices = {side.device for side in sides if isinstance(side, Tensor)}
        if len(devices) > 1:
            raise UsageError(f"mu and lipschitz must be on one device, got {' and '.join(sorted(map(str, devices)))}")
        broadcast_batch({f"side {i}": side.shape for i, side in enumerate(sides) if isinstance(side, Tensor)})
        ordered = self.mu <= self.lipschitz
        if not (holds_everywhere(ordered) if isinstance(ordered, Tensor) else ordered):
            raise UsageError(
                f"mu must not exceed lipschitz, got mu={shown(self.mu)} and lipschitz={shown(self.lipschitz)}"
            )

    def _repr_html_(self) -> str:
        """For notebooks."""
        sides = (("mu", self.mu), ("L", self.lipschitz))
        return table(
            {
                **{
                    name: span(side.reshape(-1).tolist() if isinstance(side, Tensor) else [side])
                    for name, side in sides
                },
                "holds on": "the whole space" if self.domain is None else str(self.domain),
                "how it is known": "declared; an assumption until it is checked",
            }
        )

    @property
    def lowest(self) -> float:
        """The least mu over the batch."""
        return _least(self.mu)

    @property
    def highest(self) -> float:
        """The greatest lipschitz over the batch."""
        return -_least(-self.lipschitz)

    @property
    def gradient_lipschitz(self) -> float:
        """A Lipschitz constant of the gradient on the domain, for every state of the batch."""
        return max(abs(self.lowest), abs(self.highest))

    @property
    def everywhere(self) -> bool:
        """Whether the bounds hold on the whole space."""
        return self.domain is None or isinstance(self.domain, WholeSpace)


def _least(value: Constant) -> float:
    if not isinstance(value, Tensor):
        return value
    if value.numel() == 0:
        return math.inf
    return float(value.min())


def combine(weights: Sequence[float], parts: Sequence[Curvature | None]) -> Curvature | None:
    """Curvature of `sum_i weights[i] * e_i`, or None where a part declares none or the domains differ.

    Domains combine only if they are equal or the whole space; any other pair gives None, which claims nothing.

    Args:
        weights: numbers, not 0; where one is negative, the bounds of its part change places.
        parts: declared curvature of each e_i.

    Returns:
        The sums of the lower and of the upper bounds, rounded outwards.
    """
    domain: Domain | None = None
    known: list[tuple[Fraction, Curvature]] = []
    for weight, part in zip(weights, parts, strict=True):
        if part is None:
            return None
        if not part.everywhere:
            if domain is not None and domain != part.domain:
                return None
            domain = part.domain
        known.append((Fraction(weight), part))
    mu = add_down([(w, part.mu) if w > 0 else (-w, -part.lipschitz) for w, part in known])
    upper = add_down([(w, -part.lipschitz) if w > 0 else (-w, part.mu) for w, part in known])
    return Curvature(mu, -upper, domain)


def add_down(terms: Sequence[tuple[Fraction, Constant]]) -> Constant:
    """A number, or a tensor of numbers, not above `sum_i w_i c_i`; the sum itself where it is a float of floats."""
    floats = [(w, c) for w, c in terms if not isinstance(c, Tensor)]
    tensors = [(w, c) for w, c in terms if isinstance(c, Tensor)]
    if any(math.isinf(c) for _, c in floats):
        total = -math.inf
    else:
        total = round_down(sum((w * Fraction(c) for w, c in floats), Fraction(0)))
    if not tensors:
        return total
    products = [round_down(w) * c for w, c in tensors]
    result = torch.stack(torch.broadcast_tensors(*products)).sum(0) + total
    # One rounding for each weight, product and addition, each relative to a partial sum of at most `size`.
    size = torch.stack(torch.broadcast_tensors(*[p.abs() for p in products])).sum(0) + abs(total)
    exact = len(tensors) == 1 and total == 0.0 and tensors[0][0] == 1
    slack = 0.0 if exact else (2 * len(tensors) + 2) * torch.finfo(torch.float64).eps
    # Each product and the sum may besides lose half of the smallest float there is.
    lowered = result if exact else result - slack * size - (len(tensors) + 1) * math.ulp(0.0)
    return torch.where(lowered.isnan(), -math.inf, lowered)
