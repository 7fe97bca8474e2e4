"""log cosh along an axis: with formulas for its derivatives, and, of one number, as users write energies."""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.energies.analytic.function import FunctionEnergy
from eqt_theory.energies.analytic.ridge import RidgeSum
from eqt_theory.energies.autograd import unfollowed, untransformed
from eqt_theory.energies.curvature import Curvature

if TYPE_CHECKING:
    import sympy


class LogCosh(RidgeSum):
    """`sum_i log cosh(a_i . h + b_i)`."""

    def profile(self, t: Tensor) -> Tensor:
        return _log_cosh(t)

    def slope(self, t: Tensor) -> Tensor:
        return torch.tanh(t)

    def bend(self, t: Tensor) -> Tensor:
        return 4 * torch.sigmoid(2 * t) * torch.sigmoid(-2 * t)  # 1 - tanh(t)^2 cancels far out

    def bend_range(self) -> tuple[float, float]:
        return 0.0, 1.0

    def symbolic_profile(self, t: "sympy.Expr") -> "sympy.Expr":
        import sympy

        return sympy.log(sympy.cosh(t))


def function_of_one(rows: Tensor, offset: Tensor, stretch: float) -> FunctionEnergy:
    """The same of a state of one number, a function whose derivatives are left to torch.

    Args:
        rows: shape (1, 1).
        offset: shape (1,).
        stretch: |rows|.

    Returns:
        The energy, with its curvature declared.
    """

    def log_cosh(h: Tensor) -> Tensor:
        return _log_cosh(rows @ h + offset).sum()

    return _Function(log_cosh, Curvature(0.0, stretch**2 * (1 + 1e-12)), dim=1)


class _Function(FunctionEnergy):
    """A function that does not leave torch: of one state autograd alone tells the derivatives, to the same bits.

    `torch.func`, which holds a user's function to that, takes twice as long, and seconds to be loaded.
    """

    def gradient(self, h: Tensor) -> Tensor:
        if h.ndim == 1 and torch.is_grad_enabled() and untransformed(h) and h.requires_grad:
            return torch.autograd.grad(self.value(h), h, create_graph=True)[0]
        return self._slope(h)[1] if h.ndim == 1 and unfollowed(h) else super().gradient(h)

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        return self._slope(h) if h.ndim == 1 and unfollowed(h) else super().value_and_gradient(h)

    def hessian(self, h: Tensor) -> Tensor:
        return self.hessian_vector(h, torch.ones_like(h)).unsqueeze(-1) if h.shape == (1,) else super().hessian(h)

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        if h.shape != v.shape or h.ndim != 1 or not unfollowed(h, v):
            return super().hessian_vector(h, v)
        with torch.enable_grad():
            x = h.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.value(x), x, create_graph=True)
            return torch.autograd.grad(slope, x, v)[0]

    def _slope(self, h: Tensor) -> tuple[Tensor, Tensor]:
        with torch.enable_grad():
            x = h.detach().requires_grad_()
            value = self.value(x)
            return value.detach(), torch.autograd.grad(value, x)[0]


def _log_cosh(t: Tensor) -> Tensor:
    # Its second derivative stays finite far out, where that of logaddexp does not; the default threshold is coarse.
    return torch.nn.functional.softplus(2 * t, threshold=60.0) - t - math.log(2)
