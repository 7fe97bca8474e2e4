"""Sums of softplus functions."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.analytic.ridge import RidgeSum
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.linear import nonempty_rows

if TYPE_CHECKING:
    import sympy


@checked
class SoftplusSum(RidgeSum):
    """`sum_i log(1 + exp(s (a_i . h + b_i))) / s + ridge/2 |h|^2` with sharpness s: a smooth sum of hinges.

    Args:
        A: rows a_i, shape (..., n, d).
        b: shape (..., n); zero if None.
        sharpness: s, positive; the profile's curvature is at most s/4.
        ridge: weight of the quadratic term; the energy is ridge-strongly convex.

    Raises:
        UsageError: a shape, dtype or device does not fit, or a number is out of range.
    """

    def __init__(self, A: Tensor, b: Tensor | None = None, sharpness: float = 1.0, ridge: float = 0.0) -> None:
        super().__init__(nonempty_rows("A", A), b, ridge)
        self.sharpness = positive_number("sharpness", sharpness)

    def profile(self, t: Tensor) -> Tensor:
        return torch.logaddexp(torch.zeros_like(t), self.sharpness * t) / self.sharpness

    def slope(self, t: Tensor) -> Tensor:
        return torch.sigmoid(self.sharpness * t)

    def bend(self, t: Tensor) -> Tensor:
        return self.sharpness * torch.sigmoid(self.sharpness * t) * torch.sigmoid(-self.sharpness * t)

    def bend_range(self) -> tuple[float, float]:
        return 0.0, self.sharpness / 4

    def symbolic_profile(self, t: "sympy.Expr") -> "sympy.Expr":
        import sympy

        s = sympy.Rational(self.sharpness)
        return sympy.log(1 + sympy.exp(s * t)) / s
