"""Quadratic energies: dense, diagonal, or with a prescribed spectrum."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import (
    broadcast_batch,
    finite_tensor,
    float_tensor,
    holds_everywhere,
    last_sizes,
    same_place,
)
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.linear import exact, symmetric_matvec
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy


@checked
class Quadratic(Energy):
    """`0.5 h^T A h + b^T h`, so the gradient is `A h + b` and the Hessian A.

    Curvature is declared on the whole space: the extreme eigenvalues of A, rounded outwards by more than the
    error of the eigenvalue solver, or exactly where A was given by its diagonal.

    Args:
        A: symmetric, shape (..., d, d); entries of A and A^T may differ by rounding, and are then averaged.
        b: shape (..., d); zero if None.

    Raises:
        UsageError: A is not square, not symmetric or not finite, or b does not fit it in shape, dtype or device.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"A": 2, "b": 1}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, A: Tensor, b: Tensor | None = None) -> None:
        A = finite_tensor("A", A)
        if A.ndim < 2 or A.shape[-1] != A.shape[-2] or A.shape[-1] == 0:
            raise UsageError(f"A must have shape (..., d, d) with d >= 1, got {tuple(A.shape)}")
        d = A.shape[-1]
        tolerance = 16 * d * torch.finfo(A.dtype).eps * A.detach().abs().amax((-2, -1), keepdim=True)
        skew = (A - A.mT).detach().abs()
        if not holds_everywhere(skew <= tolerance):
            raise UsageError(f"A must be symmetric, got |A - A^T| up to {float(skew.max()):.3g}; use (A + A^T)/2")
        self.A: Tensor = (A + A.mT) / 2
        self.b: Tensor = torch.zeros(d, dtype=A.dtype, device=A.device) if b is None else float_tensor("b", b)
        last_sizes("b", self.b, [d])
        same_place("b", self.b, "A", A)
        finite_tensor("b", self.b)
        broadcast_batch({"A": A.shape[:-2], "b": self.b.shape[:-1]})
        self.dim = d

    @classmethod
    @checked
    def diagonal(cls, eigenvalues: Tensor, b: Tensor | None = None) -> "Quadratic":
        """The quadratic whose A is diagonal.

        Args:
            eigenvalues: shape (..., d).
            b: shape (..., d); zero if None.

        Returns:
            The energy, whose declared curvature is the exact extremes of the eigenvalues.
        """
        spectrum = last_sizes("eigenvalues", float_tensor("eigenvalues", eigenvalues), [None])
        return cls(torch.diag_embed(spectrum), b)

    @classmethod
    @checked
    def with_spectrum(cls, eigenvalues: Tensor, seed: Seed, b: Tensor | None = None) -> "Quadratic":
        """The quadratic with these eigenvalues, up to rounding, in randomly rotated axes.

        Args:
            eigenvalues: shape (..., d); each state gets a rotation of its own.
            seed: of the rotations, which are uniformly distributed.
            b: shape (..., d); zero if None.

        Returns:
            The energy, in the precision of the eigenvalues.
        """
        spectrum = last_sizes("eigenvalues", float_tensor("eigenvalues", eigenvalues), [None])
        generator = torch.Generator().manual_seed(seed)
        d = spectrum.shape[-1]
        normal = torch.randn(*spectrum.shape[:-1], d, d, generator=generator, dtype=torch.float64)
        q, r = torch.linalg.qr(normal)
        q = (q * r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)).to(spectrum)
        A = (q * spectrum.unsqueeze(-2)) @ q.mT
        return cls((A + A.mT) / 2, b)

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._remembered(lambda: _extremes(self.A.detach().double()), self.A)

    def require_parameters(self) -> None:
        for name in ("A", "b"):
            if not holds_everywhere(torch.isfinite(getattr(self, name))):
                raise UsageError(f"{name} must be finite, got nan or inf; it was edited after the energy was made")
        if not holds_everywhere(self.A.mT == self.A):
            skew = float((self.A - self.A.mT).detach().abs().max())
            raise UsageError(
                f"A must be symmetric, got |A - A^T| up to {skew:.3g}; it was edited after the energy was made"
            )

    def value(self, h: Tensor) -> Tensor:
        h = self.checked(h)
        return (h * (0.5 * symmetric_matvec(self.A, h) + self.b)).sum(-1)

    def gradient(self, h: Tensor) -> Tensor:
        return symmetric_matvec(self.A, self.checked(h)) + self.b

    def hessian(self, h: Tensor) -> Tensor:
        return self.A.expand(*self.checked(h).shape[:-1], *self.A.shape[-2:])

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        return symmetric_matvec(self.A, v)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of |A| |h| + |b|, a true bound for any order of summation (Higham 2002, Eq. 3.11)."""
        return norm(symmetric_matvec(self.A.abs(), self.checked(h).abs()) + self.b.abs() + torch.finfo(h.dtype).tiny)

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        A, b = sympy.Matrix(exact(self.A)), sympy.Matrix(exact(self.b))
        x = sympy.Matrix(list(h))
        return sympy.expand((x.T * A * x / 2 + b.T * x)[0, 0])


def _extremes(A: Tensor) -> Curvature:
    """Extreme eigenvalues, float64, rounded outwards; exact for a diagonal matrix."""
    d = A.shape[-1]
    diagonal = A.diagonal(dim1=-2, dim2=-1)
    if bool((torch.diag_embed(diagonal) == A).all()):
        low, high = diagonal.amin(-1), diagonal.amax(-1)
    else:
        values = torch.linalg.eigvalsh(A)
        # LAPACK's symmetric solvers are backward stable: the error is at most p(d) u |A| with p a modest polynomial.
        slack = 4 * d * torch.finfo(torch.float64).eps * A.abs().sum(-1).amax(-1)
        low, high = values[..., 0] - slack, values[..., -1] + slack
    if low.ndim == 0:
        return Curvature(float(low), float(high))
    return Curvature(low, high)
