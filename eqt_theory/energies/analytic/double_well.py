"""The double well: two minima for each coordinate, weakly convex, with unbounded upper curvature."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.domain import Ball, Box
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature

if TYPE_CHECKING:
    import sympy


@checked
class DoubleWell(Energy):
    """`depth sum_i ((h_i/width)^2 - 1)^2`: minima 0 where every coordinate is -width or width.

    The declared lower curvature, `-4 depth / width^2`, holds everywhere and is attained at 0. The upper one is
    finite only on a bounded domain.

    Args:
        depth: height of the barrier, positive.
        width: distance of the minima from 0, positive.
        domain: a Ball or Box on which to declare the upper curvature; None declares it infinite.

    Raises:
        UsageError: depth or width is not positive, or the domain is of another kind.
    """

    def __init__(self, depth: float = 1.0, width: float = 1.0, domain: Ball | Box | None = None) -> None:
        self.depth = positive_number("depth", depth)
        self.width = positive_number("width", width)
        square = self.width * self.width
        self.scale = self.depth / square if 0 < square < math.inf else math.nan
        if not 0 < self.scale < math.inf:
            raise UsageError(f"depth / width^2 must be a positive finite float, got {depth!r} / {width!r}^2")
        below = math.nextafter(-4 * self.scale * (1 + 1e-15), -math.inf)
        if domain is None:
            self.curvature = Curvature(-4.0 if self.scale == 1 else below)
        elif isinstance(domain, (Ball, Box)):
            if isinstance(domain, Ball):
                furthest = max(abs(c) for c in domain.center) + domain.radius
            else:
                furthest = max(abs(c) for c in (*domain.low, *domain.high))
            upper = 4 * self.scale * (3 * (furthest / self.width) ** 2 - 1)
            self.curvature = Curvature(below, upper + 1e-14 * self.scale * (1 + (furthest / self.width) ** 2), domain)
            self.dim = domain.dim
        else:
            raise UsageError(f"domain must be a Ball, a Box or None, got {type(domain).__name__}")

    def value(self, h: Tensor) -> Tensor:
        return self.depth * ((self.checked(h) / self.width).square() - 1).square().sum(-1)

    def gradient(self, h: Tensor) -> Tensor:
        return 4 * self.scale * ((self.checked(h) / self.width).square() - 1) * h

    def hessian(self, h: Tensor) -> Tensor:
        return torch.diag_embed(4 * self.scale * (3 * (self.checked(h) / self.width).square() - 1))

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        width = sympy.Rational(self.width)
        return sympy.Rational(self.depth) * sympy.Add(*(((x / width) ** 2 - 1) ** 2 for x in h))
