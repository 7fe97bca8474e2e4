"""Log-sum-exp with a quadratic term: smooth, convex, and strongly convex through its ridge."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.arguments import broadcast_batch, float_tensor, last_sizes, positive_number, same_place
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.softmax import softmax_upper_curvature
from eqt_theory.energies.linear import exact, matvec, nonempty_rows
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy


@checked
class LogSumExp(Energy):
    """`log sum_i exp(a_i . h + b_i) + ridge/2 |h|^2`.

    Args:
        A: rows a_i, shape (..., n, d).
        b: shape (..., n); zero if None.
        ridge: weight of the quadratic term; the energy is ridge-strongly convex.

    Raises:
        UsageError: a shape, dtype or device does not fit, or ridge is negative.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"A": 2, "b": 1}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, A: Tensor, b: Tensor | None = None, ridge: float = 0.0) -> None:
        self.A: Tensor = nonempty_rows("A", A)
        n = self.A.shape[-2]
        self.b: Tensor = self.A.new_zeros(n) if b is None else last_sizes("b", float_tensor("b", b), [n])
        same_place("b", self.b, "A", self.A)
        broadcast_batch({"A": self.A.shape[:-2], "b": self.b.shape[:-1]})
        self.ridge = positive_number("ridge", ridge, zero=True)
        self.dim = self.A.shape[-1]

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._remembered(
            lambda: Curvature(self.ridge, (self.ridge + softmax_upper_curvature(self.A)) * (1 + 1e-15)), self.A
        )

    def value(self, h: Tensor) -> Tensor:
        return torch.logsumexp(self._logits(h), -1) + 0.5 * self.ridge * h.square().sum(-1)

    def gradient(self, h: Tensor) -> Tensor:
        p = torch.softmax(self._logits(h), -1)
        return matvec(self.A.mT, p) + self.ridge * h

    def hessian(self, h: Tensor) -> Tensor:
        p = torch.softmax(self._logits(h), -1)
        mean = matvec(self.A.mT, p)
        second = self.A.mT @ (p.unsqueeze(-1) * self.A)
        eye = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device)
        return second - mean.unsqueeze(-1) * mean.unsqueeze(-2) + self.ridge * eye

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of (2 + 3 r) |A|^T p + ridge |h|, r the largest |A| |h| + |b|; 2 n more roundings for n rows."""
        # An error e of the logits changes each p by at most a factor exp(2 e).
        size, A = self.checked(h).abs(), self.A.abs()
        reach = (matvec(A, size) + self.b.abs()).amax(-1, keepdim=True)
        pulled = (2 + 3 * reach) * matvec(A.mT, torch.softmax(self._logits(h), -1))
        terms = norm(pulled + self.ridge * size + torch.finfo(h.dtype).tiny)
        return (1 + 2 * A.shape[-2] / (h.shape[-1] + 8)) * terms

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        logits = sympy.Matrix(exact(self.A)) * sympy.Matrix(list(h)) + sympy.Matrix(exact(self.b))
        squares = sympy.Rational(self.ridge) / 2 * sympy.Add(*(x**2 for x in h))
        return sympy.log(sympy.Add(*(sympy.exp(z) for z in logits))) + squares

    def _logits(self, h: Tensor) -> Tensor:
        return matvec(self.A, self.checked(h)) + self.b
