"""RationalQuadratic: a quadratic energy in d dimensions with rational coefficients."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact.matrix import Matrix, Vector, dot, semidefinite, solve, times
from eqt_theory.engines.exact.piecewise import Number

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class RationalQuadratic:
    """`0.5 h^T A h + b^T h`, in exact fractions.

    Args:
        A: symmetric, shape (d, d).
        b: shape (d,); zero if empty.

    Raises:
        UsageError: A is not square and symmetric, or b does not fit it.
    """

    A: Matrix
    b: Vector

    def __init__(self, A: Sequence[Sequence[Number]], b: Sequence[Number] = ()) -> None:
        rows = tuple(tuple(Fraction(x) for x in row) for row in A)
        if not rows or any(len(row) != len(rows) for row in rows):
            raise UsageError(f"A must be square, got rows of lengths {[len(row) for row in rows]}")
        if any(rows[i][j] != rows[j][i] for i in range(len(rows)) for j in range(i)):
            raise UsageError(f"A must be symmetric, got {_rows(rows)}")
        linear = tuple(Fraction(x) for x in b) or (Fraction(0),) * len(rows)
        if len(linear) != len(rows):
            raise UsageError(f"b must have {len(rows)} entries, as A has rows, got {len(linear)}")
        object.__setattr__(self, "A", rows)
        object.__setattr__(self, "b", linear)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.A)

    def value(self, h: Sequence[Number]) -> Fraction:
        """The energy at h, shape (d,)."""
        state = self._state("h", h)
        return dot(state, times(self.A, state)) / 2 + dot(self.b, state)

    def gradient(self, h: Sequence[Number]) -> Vector:
        """`A h + b`, shape (d,)."""
        return tuple(x + y for x, y in zip(times(self.A, self._state("h", h)), self.b, strict=True))

    def curvature_in(self, mu: Number | None, L: Number | None) -> bool:
        """Whether every eigenvalue of A lies in [mu, L], exactly; None leaves a side open."""
        above = mu is None or semidefinite(self._shifted(-Fraction(mu)))
        below = L is None or semidefinite([[-x for x in row] for row in self._shifted(-Fraction(L))])
        return above and below

    def plus(self, curvature: Number, center: Sequence[Number]) -> "RationalQuadratic":
        """This function plus `curvature |h - center|^2 / 2`, without the constant."""
        c = Fraction(curvature)
        linear = tuple(b - c * x for b, x in zip(self.b, self._state("center", center), strict=True))
        return RationalQuadratic(self._shifted(c), linear)

    def minimiser(self) -> Vector:
        """The only minimiser.

        Raises:
            UsageError: A is not positive definite.
        """  # noqa: DOC201
        if not semidefinite(self.A, strictly=True):
            raise UsageError(f"expected a positive definite A, got {self}")
        return solve(self.A, tuple(-x for x in self.b))

    def equilibrium(self, proposal: Sequence[Number], gamma: Number) -> Vector:
        """The only minimiser of Phi (Eq. 1)."""
        return self.plus(1 / _positive(gamma), proposal).minimiser()

    def descent(self, proposal: Sequence[Number], gamma: Number, alpha: Number, steps: int) -> list[Vector]:
        """The states h_0 = proposal, .., h_steps of gradient descent on Phi (Eq. 8)."""
        phi, a = self.plus(1 / _positive(gamma), proposal), Fraction(alpha)
        states = [self._state("proposal", proposal)]
        for _ in range(steps):
            states.append(tuple(x - a * y for x, y in zip(states[-1], phi.gradient(states[-1]), strict=True)))
        return states

    def symbolic(self, symbols: Sequence["sympy.Symbol"]) -> "sympy.Expr":
        """The function as a SymPy expression of d symbols."""
        import sympy

        A, b = (sympy.Matrix(x).applyfunc(sympy.Rational) for x in (self.A, self.b))
        h = sympy.Matrix(symbols)
        return sympy.expand((h.T * A * h / 2 + b.T * h)[0, 0])

    def __str__(self) -> str:
        linear = f" + b^T h, b = ({', '.join(str(x) for x in self.b)})" if any(self.b) else ""
        return f"h^T A h/2{linear}, A = {_rows(self.A)}"

    def _shifted(self, shift: Fraction) -> Matrix:
        return tuple(tuple(x + (shift if i == j else 0) for j, x in enumerate(row)) for i, row in enumerate(self.A))

    def _state(self, name: str, h: Sequence[Number]) -> Vector:
        state = tuple(Fraction(x) for x in h)
        if len(state) != self.dim:
            raise UsageError(f"{name} must have {self.dim} entries, got {len(state)}")
        return state


def _rows(matrix: Matrix) -> str:
    lines = [f"({', '.join(map(str, row))})" for row in matrix]
    return f"({', '.join(lines)})"


def _positive(gamma: Number) -> Fraction:
    number = Fraction(gamma)
    if number <= 0:
        raise UsageError(f"gamma must be positive, got {gamma}")
    return number
