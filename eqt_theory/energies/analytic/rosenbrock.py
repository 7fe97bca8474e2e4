"""Rosenbrock's valley: the classical curved, badly scaled test function."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.base import Energy

if TYPE_CHECKING:
    import sympy


@checked
class Rosenbrock(Energy):
    """`sum_i s (h_{i+1} - h_i^2)^2 + (1 - h_i)^2`, d >= 2, with minimum 0 at (1, ..., 1).

    It declares no curvature: the Hessian is unbounded on both sides.

    Args:
        steepness: s, positive.

    Raises:
        UsageError: the steepness is not positive, or (on use) d < 2.
    """

    def __init__(self, steepness: float = 100.0) -> None:
        self.steepness = positive_number("steepness", steepness)

    def value(self, h: Tensor) -> Tensor:
        x, y = self._neighbours(h)
        return (self.steepness * (y - x.square()).square() + (1 - x).square()).sum(-1)

    def gradient(self, h: Tensor) -> Tensor:
        x, y = self._neighbours(h)
        gap = 2 * self.steepness * (y - x.square())
        left = -2 * gap * x - 2 * (1 - x)
        end = torch.zeros_like(h[..., :1])
        return torch.cat([left, end], -1) + torch.cat([end, gap], -1)

    def hessian(self, h: Tensor) -> Tensor:
        x, y = self._neighbours(h)
        s = self.steepness
        end = torch.zeros_like(h[..., :1])
        own = torch.cat([12 * s * x.square() - 4 * s * y + 2, end], -1) + torch.cat(
            [end, torch.full_like(y, 2 * s)], -1
        )
        across = torch.diag_embed(-4 * s * x, offset=1)
        return torch.diag_embed(own) + across + across.mT

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        s = sympy.Rational(self.steepness)
        return sympy.Add(*(s * (y - x**2) ** 2 + (1 - x) ** 2 for x, y in zip(h, h[1:], strict=False)))

    def _neighbours(self, h: Tensor) -> tuple[Tensor, Tensor]:
        if self.checked(h).shape[-1] < 2:
            raise UsageError(f"h must have at least two entries for Rosenbrock, got shape {tuple(h.shape)}")
        return h[..., :-1], h[..., 1:]
