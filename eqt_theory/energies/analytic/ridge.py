"""RidgeSum: sums of one scalar profile over affine functions of the state, the shape of most analytic energies."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.energies.arguments import broadcast_batch, float_tensor, last_sizes, positive_number, same_place
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature, add_down
from eqt_theory.energies.linear import exact, matvec, squared_singular_range
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy


class RidgeSum(Energy):
    """`sum_i profile(a_i . h + b_i) + ridge/2 |h|^2`; a subclass says what the profile is.

    The Hessian is `A^T diag(profile'') A + ridge I`, so bounds on profile'' and the singular values of A bound it.

    Args:
        A: rows a_i, shape (..., n, d); the identity if None, and then n = d.
        b: shape (..., n); zero if None.
        ridge: weight of the quadratic term, not negative.

    Raises:
        UsageError: A or b has a wrong shape, dtype or device, both are missing, or ridge is negative.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"A": 2, "b": 1}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, A: Tensor | None, b: Tensor | None, ridge: float) -> None:
        self.A: Tensor | None = None if A is None else last_sizes("A", float_tensor("A", A), [None, None])
        self.b: Tensor | None = None if b is None else last_sizes("b", float_tensor("b", b), [None])
        if self.A is not None:
            self.dim = self.A.shape[-1]
            if self.b is not None:
                last_sizes("b", self.b, [self.A.shape[-2]])
                same_place("b", self.b, "A", self.A)
                broadcast_batch({"A": self.A.shape[:-2], "b": self.b.shape[:-1]})
        elif self.b is not None:
            self.dim = self.b.shape[-1]
        self.ridge = positive_number("ridge", ridge, zero=True)

    @abstractmethod
    def profile(self, t: Tensor) -> Tensor:
        """The scalar profile, entry by entry."""

    @abstractmethod
    def slope(self, t: Tensor) -> Tensor:
        """Its first derivative, entry by entry."""

    @abstractmethod
    def bend(self, t: Tensor) -> Tensor:
        """Its second derivative, entry by entry."""

    @abstractmethod
    def bend_range(self) -> tuple[float, float]:
        """Lower and upper bound on the second derivative over all reals."""

    @abstractmethod
    def symbolic_profile(self, t: "sympy.Expr") -> "sympy.Expr":
        """The profile as a SymPy expression."""

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._remembered(self._bounds, self.A)

    def _bounds(self) -> Curvature:
        low, high = self.bend_range()
        smallest, largest = (1.0, 1.0) if self.A is None else squared_singular_range(self.A)
        # The least of low * sigma^2 is at the smallest sigma for low >= 0, at the largest below; and so for high.
        mu = _plus(self.ridge, low, smallest if low >= 0 else largest)
        upper = _plus(-self.ridge, -high, largest if high >= 0 else smallest)
        return Curvature(mu, -upper)

    def value(self, h: Tensor) -> Tensor:
        return self.profile(self._features(self.checked(h))).sum(-1) + 0.5 * self.ridge * h.square().sum(-1)

    def gradient(self, h: Tensor) -> Tensor:
        slope = self.slope(self._features(self.checked(h)))
        pulled = slope if self.A is None else matvec(self.A.mT, slope)
        return pulled + self.ridge * h

    def hessian(self, h: Tensor) -> Tensor:
        bend = self.bend(self._features(self.checked(h)))
        if self.A is None:
            return torch.diag_embed(bend + self.ridge)
        eye = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device)
        return self.A.mT @ (bend.unsqueeze(-1) * self.A) + self.ridge * eye

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of |A|^T (|slope| + max|bend| (|A| |h| + |b|)) + ridge |h|, with n more roundings for n rows."""
        size, A = self.checked(h).abs(), None if self.A is None else self.A.abs()
        reach = size if A is None else matvec(A, size)
        reach = reach if self.b is None else reach + self.b.abs()
        slopes = self.slope_terms(self._features(h)) + max(map(abs, self.bend_range())) * reach
        pulled = slopes if A is None else matvec(A.mT, slopes)
        terms = norm(pulled + self.ridge * size + torch.finfo(h.dtype).tiny)
        return terms if A is None else (1 + A.shape[-2] / (h.shape[-1] + 8)) * terms

    def slope_terms(self, t: Tensor) -> Tensor:
        """The size of the terms that the slope is computed from, entry by entry."""
        return self.slope(t).abs()

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        x = sympy.Matrix(list(h))
        features = (x if self.A is None else sympy.Matrix(exact(self.A)) * x).flat()
        if self.b is not None:
            features = [t + c for t, c in zip(features, exact(self.b), strict=True)]
        squares = sympy.Rational(self.ridge) / 2 * sympy.Add(*(s**2 for s in h))
        return sympy.Add(*(self.symbolic_profile(t) for t in features)) + squares

    def _features(self, h: Tensor) -> Tensor:
        t = h if self.A is None else matvec(self.A, h)
        return t if self.b is None else t + self.b


def _plus(offset: float, factor: float, square: float) -> float:
    total = add_down([(Fraction(1), offset), (Fraction(square), factor)])
    assert isinstance(total, float)
    return total
