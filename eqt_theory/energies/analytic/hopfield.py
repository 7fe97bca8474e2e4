"""The modern Hopfield energy: retrieval of stored patterns as descent, weakly convex by how far they lie apart."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.softmax import softmax_upper_curvature
from eqt_theory.energies.linear import exact, matvec, nonempty_rows
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy


@checked
class Hopfield(Energy):
    """`|h|^2/2 - log sum_i exp(beta x_i . h)/beta` (Ramsauer et al. 2021), x_i the stored patterns.

    The gradient is `h - X^T softmax(beta X h)`: a gradient step of size 1 is one read of attention with query h. The
    Hessian is I less beta times the covariance of the patterns under the softmax, so the curvature lies between
    `1 - beta D^2/4` and 1, D the largest distance of two patterns: strongly convex, with one memory, for
    beta D^2 < 4. Two patterns attain the bound.

    Args:
        patterns: x_i, shape (..., n, d).
        beta: inverse temperature, positive.

    Raises:
        UsageError: a shape or dtype does not fit, or beta is not positive.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"patterns": 2}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, patterns: Tensor, beta: float = 1.0) -> None:
        self.patterns: Tensor = nonempty_rows("patterns", patterns)
        self.beta = positive_number("beta", beta)
        self.dim = self.patterns.shape[-1]

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        def bounds() -> Curvature:
            below = self.beta * softmax_upper_curvature(self.patterns) * (1 + 1e-15)
            return Curvature(1 - below - 4e-16 * (1 + below), 1.0)

        return self._remembered(bounds, self.patterns)

    def value(self, h: Tensor) -> Tensor:
        return 0.5 * h.square().sum(-1) - torch.logsumexp(self._logits(h), -1) / self.beta

    def gradient(self, h: Tensor) -> Tensor:
        return h - self.read(h)

    def read(self, h: Tensor) -> Tensor:
        """One read of the memory, `X^T softmax(beta X h)`, (..., d) -> (..., d); its fixed points are stationary."""
        return matvec(self.patterns.mT, torch.softmax(self._logits(h), -1))

    def hessian(self, h: Tensor) -> Tensor:
        p = torch.softmax(self._logits(h), -1)
        mean = matvec(self.patterns.mT, p)
        second = self.patterns.mT @ (p.unsqueeze(-1) * self.patterns)
        eye = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device)
        return eye - self.beta * (second - mean.unsqueeze(-1) * mean.unsqueeze(-2))

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of |h| + (2 + 3 r) |X|^T p, r the largest beta |X| |h|; 2 n more roundings for n patterns."""
        size, patterns = self.checked(h).abs(), self.patterns.abs()
        reach = self.beta * matvec(patterns, size).amax(-1, keepdim=True)
        pulled = (2 + 3 * reach) * matvec(patterns.mT, torch.softmax(self._logits(h), -1))
        terms = norm(size + pulled + torch.finfo(h.dtype).tiny)
        return (1 + 2 * patterns.shape[-2] / (h.shape[-1] + 8)) * terms

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        beta = sympy.Rational(self.beta)
        logits = sympy.Matrix(exact(self.patterns)) * sympy.Matrix(list(h))
        squares = sympy.Add(*(x**2 for x in h)) / 2
        return squares - sympy.log(sympy.Add(*(sympy.exp(beta * z) for z in logits))) / beta

    def _logits(self, h: Tensor) -> Tensor:
        return self.beta * matvec(self.patterns, self.checked(h))
