"""SeparableSum: a sum of piecewise quadratics, one for each coordinate, in exact fractions."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact.matrix import Vector
from eqt_theory.engines.exact.piecewise import Number, PiecewiseQuadratic
from eqt_theory.engines.exact.trajectory import descent, equilibrium

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class SeparableSum:
    """`e(h) = sum_i e_i(h_i)`: not quadratic, in any dimension, with rational trajectories.

    Args:
        parts: the functions e_i, at least one.

    Raises:
        UsageError: there is no part.
    """

    parts: tuple[PiecewiseQuadratic, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        if not self.parts:
            raise UsageError("parts must hold at least one function, got none")

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.parts)

    @property
    def mu(self) -> Fraction:
        """The least curvature."""
        return min(part.mu for part in self.parts)

    @property
    def L(self) -> Fraction:  # noqa: N802  the paper's letter
        """The greatest curvature."""
        return max(part.L for part in self.parts)

    def value(self, h: Sequence[Number]) -> Fraction:
        """The energy at h, shape (d,)."""
        return sum((part.value(x) for part, x in self._with(h)), Fraction(0))

    def gradient(self, h: Sequence[Number]) -> Vector:
        """The gradient at h, shape (d,)."""
        return tuple(part.derivative(x) for part, x in self._with(h))

    def equilibrium(self, proposal: Sequence[Number], gamma: Number) -> Vector:
        """The only minimiser of Phi (Eq. 1)."""
        return tuple(equilibrium(part, x, gamma) for part, x in self._with(proposal))

    def descent(self, proposal: Sequence[Number], gamma: Number, alpha: Number, steps: int) -> list[Vector]:
        """The states h_0 = proposal, .., h_steps of gradient descent on Phi (Eq. 8)."""
        paths = [descent(part, x, gamma, alpha, steps) for part, x in self._with(proposal)]
        return list(zip(*paths, strict=True))

    def symbolic(self, symbols: Sequence["sympy.Symbol"]) -> "sympy.Expr":
        """The function as a SymPy expression of d symbols."""
        import sympy

        return sympy.Add(*(part.symbolic(s) for part, s in zip(self.parts, symbols, strict=True)))

    def __str__(self) -> str:
        return "; ".join(f"in h_{i + 1}: {part}" for i, part in enumerate(self.parts))

    def _with(self, h: Sequence[Number]) -> list[tuple[PiecewiseQuadratic, Number]]:
        if len(h) != self.dim:
            raise UsageError(f"a state must have {self.dim} entries, got {len(h)}")
        return list(zip(self.parts, h, strict=True))
