"""Logistic regression as an energy."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.analytic.ridge import RidgeSum
from eqt_theory.energies.arguments import float_tensor, holds_everywhere, last_sizes, same_place
from eqt_theory.energies.linear import nonempty_rows

if TYPE_CHECKING:
    import sympy


@checked
class Logistic(RidgeSum):
    """`sum_i log(1 + exp(-labels_i rows_i . h)) + ridge/2 |h|^2`.

    Args:
        rows: shape (..., n, d).
        labels: -1 or 1, shape (..., n), floating point.
        ridge: weight of the quadratic term; the energy is ridge-strongly convex.

    Raises:
        UsageError: a label is neither -1 nor 1, or shapes, dtypes or devices do not fit.
    """

    def __init__(self, rows: Tensor, labels: Tensor, ridge: float = 0.0) -> None:
        rows = nonempty_rows("rows", rows)
        labels = last_sizes("labels", float_tensor("labels", labels), [rows.shape[-2]])
        same_place("labels", labels, "rows", rows)
        if not holds_everywhere(labels.abs() == 1):
            raise UsageError(f"labels must be -1 or 1, got {sorted(set(labels.flatten().tolist()))[:8]}")
        super().__init__(-labels.unsqueeze(-1) * rows, None, ridge)

    def profile(self, t: Tensor) -> Tensor:
        return torch.logaddexp(torch.zeros_like(t), t)

    def slope(self, t: Tensor) -> Tensor:
        return torch.sigmoid(t)

    def bend(self, t: Tensor) -> Tensor:
        return torch.sigmoid(t) * torch.sigmoid(-t)

    def bend_range(self) -> tuple[float, float]:
        return 0.0, 0.25

    def symbolic_profile(self, t: "sympy.Expr") -> "sympy.Expr":
        import sympy

        return sympy.log(1 + sympy.exp(t))
