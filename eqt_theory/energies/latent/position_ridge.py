"""PositionRidge: convex ridge terms at every position of a sequence, of bounded curvature by construction."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import broadcast_batch, finite_tensor, holds_everywhere, last_sizes, same_place
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature, round_up
from eqt_theory.energies.linear import exact, nonempty_rows, squared_singular_range
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy

LARGEST_WEIGHT, LARGEST_NORM = 4.0, 2.0
"""What v and |W| may be, so that the curvature is at most 4."""


@checked
class PositionRidge(Energy):
    """`sum_t sum_j v_j softplus(w_j . h_t + u_tj)` with 0 <= v_j <= 4 and |W| <= 2 (the spectral norm).

    A state is a whole sequence of n positions in one row of n d numbers, as for `CoupledChain`. The Hessian of a
    position is `W^T diag(v_j s_j (1 - s_j)) W` with s_j in (0, 1), so it lies between 0 and max(v) |W|^2/4 <= 4.

    Args:
        rows: W, shape (k, d).
        weights: v, shape (k,).
        offsets: u, shape (..., n, k).

    Raises:
        UsageError: a weight is outside [0, 4], |W| exceeds 2, or a shape, dtype or device does not fit.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"offsets": 2}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, rows: Tensor, weights: Tensor, offsets: Tensor) -> None:
        self.rows: Tensor = finite_tensor("rows", nonempty_rows("rows", rows))
        if self.rows.ndim != 2:
            raise UsageError(f"rows must have shape (k, d), got {tuple(self.rows.shape)}")
        count, self.width = (int(size) for size in self.rows.shape)
        self.weights: Tensor = last_sizes("weights", finite_tensor("weights", weights), [count])
        if self.weights.ndim != 1:
            raise UsageError(f"weights must have shape (k,), got {tuple(self.weights.shape)}")
        self.offsets: Tensor = last_sizes("offsets", finite_tensor("offsets", offsets), [None, count])
        for name in ("weights", "offsets"):
            same_place(name, getattr(self, name), "rows", self.rows)
        broadcast_batch({"offsets": self.offsets.shape[:-2]})
        self.length = int(self.offsets.shape[-2])
        if not self.length:
            raise UsageError("offsets must have at least one position, got none")
        self.dim = self.length * self.width
        self.require_parameters()

    def require_parameters(self) -> None:
        v = self.weights.detach()
        if not holds_everywhere((v >= 0) & (v <= LARGEST_WEIGHT)):
            raise UsageError(f"weights must be from 0 to {LARGEST_WEIGHT:g}, got {float(v.min())} to {float(v.max())}")
        square = squared_singular_range(self.rows)[1]
        # Rows scaled to norm 2 may be above by their rounding; the declared curvature is that of the rows as they are.
        if not square <= LARGEST_NORM**2 * (1 + 1e-5):
            raise UsageError(f"rows must have a spectral norm of at most {LARGEST_NORM:g}, got {square**0.5:.9g}")

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._remembered(self._bounds, self.rows, self.weights)

    def _bounds(self) -> Curvature:
        largest = Fraction(float(self.weights.detach().max())) * Fraction(squared_singular_range(self.rows)[1]) / 4
        return Curvature(0.0, round_up(largest))

    def sequence(self, h: Tensor) -> Tensor:
        """A state as positions, (..., n d) -> (..., n, d)."""
        return self.checked(h).unflatten(-1, (self.length, self.width))

    def value(self, h: Tensor) -> Tensor:
        features = self._features(h)
        # torch's softplus is cut off at 20, by which its value would be wrong in the tenth digit.
        return (self.weights * torch.logaddexp(torch.zeros_like(features), features)).sum((-2, -1))

    def gradient(self, h: Tensor) -> Tensor:
        return ((self.weights * torch.sigmoid(self._features(h))) @ self.rows).flatten(-2)

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        features = self._features(h)
        bend = torch.sigmoid(features) * torch.sigmoid(-features)
        turned = v.unflatten(-1, (self.length, self.width)) @ self.rows.mT
        return ((self.weights * bend * turned) @ self.rows).flatten(-2)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of |W|^T (v (s + (|W| |h_t| + |u|)/4)), with k more roundings for k rows."""
        rows = self.rows.abs()
        reach = self.sequence(h).abs() @ rows.mT + self.offsets.abs()
        slopes = self.weights * (torch.sigmoid(self._features(h)) + reach / 4)
        terms = norm((slopes @ rows).flatten(-2) + torch.finfo(h.dtype).tiny)
        return (1 + len(rows) / (h.shape[-1] + 8)) * terms

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        rows, weights, offsets = (exact(x) for x in (self.rows, self.weights, self.offsets))
        terms = []
        for t in range(self.length):
            here = h[t * self.width : (t + 1) * self.width]
            for row, v, u in zip(rows, weights, offsets[t], strict=True):
                feature = sympy.Add(u, *(w * x for w, x in zip(row, here, strict=True)))
                terms.append(v * sympy.log(1 + sympy.exp(feature)))
        return sympy.Add(*terms)

    def _features(self, h: Tensor) -> Tensor:
        return self.sequence(h) @ self.rows.mT + self.offsets
