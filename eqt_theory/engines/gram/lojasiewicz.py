"""Functions under the Polyak-Lojasiewicz condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.coordinates import Frame
from eqt_theory.engines.gram.family import Family, Point, require_values
from eqt_theory.engines.gram.realise import Located
from eqt_theory.engines.gram.smooth import SmoothClass
from eqt_theory.engines.smt.structure import Realised


@dataclass(frozen=True)
class PolyakLojasiewicz(Family):
    """Functions with `|grad f|^2 >= 2 mu (f - f*)`, f* the least value, of curvature at most L in modulus.

    Args:
        mu: the constant of the condition, positive.
        L: the Lipschitz constant of the gradient.
        least: f*.
    """

    mu: sp.Expr
    L: sp.Expr
    least: sp.Expr

    source = "Polyak 1963; necessary conditions only: no interpolation theorem is known"

    @property
    def limits(self) -> tuple[Boolean, ...]:
        """The condition has a constant, and others than constant functions satisfy it."""
        return sp.Gt(self.mu, 0, evaluate=False), sp.Le(self.mu, self.L, evaluate=False)

    def relations(self, points: Sequence[Point]) -> list[Boolean]:
        """The condition and `f - f* >= |g|^2/(2L)` at each point, and smoothness, all pairs."""
        require_values(points)
        each = [
            relation
            for p in points
            for relation in (
                p.gradient.norm2 - 2 * self.mu * (p.value - self.least) >= 0,
                2 * self.L * (p.value - self.least) - p.gradient.norm2 >= 0,
            )
        ]
        return [*each, *SmoothClass(-self.L, self.L).relations(points)]

    def incomplete(self, points: Sequence[Point]) -> str:
        return "they are necessary, and nobody has shown that they suffice"

    def attained(self, points: Sequence[Located], frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Realised:
        return Realised(reason=self.incomplete(()))
