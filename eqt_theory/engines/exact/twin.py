"""Phi through the symbolic form of its energy: for replays that share no arithmetic with what found a witness."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from eqt_theory.engines.exact.piecewise import PiecewiseQuadratic

if TYPE_CHECKING:
    import sympy


@dataclass(frozen=True)
class Twin:
    """`Phi(h) = energy(h) + (h - proposal)^2 / (2 gamma)`, value and slope by substitution into a SymPy Piecewise.

    Args:
        energy: the energy.
        proposal: f.
        gamma: the damping.
    """

    energy: PiecewiseQuadratic
    proposal: Fraction
    gamma: Fraction

    def value(self, h: Fraction) -> Fraction:
        """`Phi(h)`."""
        return _at(self._phi, self._h, h)

    def slope(self, h: Fraction) -> Fraction:
        """`Phi'(h)`."""
        return _at(self._slope, self._h, h)

    def descent(self, alpha: Fraction, steps: int, start: Fraction | None = None) -> list[Fraction]:
        """The states h_0, .., h_steps of gradient descent; h_0 is the proposal unless given (Eq. 8)."""
        states = [self.proposal if start is None else start]
        for _ in range(steps):
            states.append(states[-1] - alpha * self.slope(states[-1]))
        return states

    @cached_property
    def _h(self) -> "sympy.Symbol":
        import sympy

        return sympy.Symbol("h", real=True)

    @cached_property
    def _phi(self) -> "sympy.Expr":
        import sympy

        return self.energy.symbolic(self._h) + (self._h - sympy.Rational(self.proposal)) ** 2 / (
            2 * sympy.Rational(self.gamma)
        )

    @cached_property
    def _slope(self) -> "sympy.Expr":
        import sympy

        return sympy.diff(self._phi, self._h)


def _at(expr: "sympy.Expr", symbol: "sympy.Symbol", h: Fraction) -> Fraction:
    import sympy

    value: Any = sympy.Rational(expr.subs(symbol, sympy.Rational(h)))
    return Fraction(int(value.p), int(value.q))
