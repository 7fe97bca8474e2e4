"""Edges of a range, as m = L of m <= L: where multipliers divide by 0, a statement is shown inside and on the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.multipliers import Combination, Failure
from eqt_theory.engines.region import tied_by
from eqt_theory.engines.smt.signs import declared


@dataclass(frozen=True)
class Edge:
    """Where the two sides of a hypothesis are equal.

    Args:
        relation: the hypothesis, `left <= right` or `left >= right`; or an equation, which lets nothing else.
    """

    relation: Boolean

    @classmethod
    def of(cls, given: Sequence[Boolean], found: Combination | Failure) -> "Edge | None":
        """The edge that keeps multipliers from being a proof: they divide by 0 there, or there are none there alone.

        Args:
            given: what is assumed of the parameters, their signs included.
            found: the multipliers, or that there are none.

        Returns:
            The first such edge; None where no hypothesis has one.
        """
        for h in given:
            if not isinstance(h, sp.Ge | sp.Le):
                continue
            gap = h.lhs - h.rhs
            if isinstance(found, Combination):
                below = [f for w in found.weights.values() for f, _ in sp.factor_list(sp.denom(sp.together(w)))[1]]
                met = any(sp.cancel(gap / f).is_number for f in below)
            else:
                met = bool(found.beyond) and all(gap.subs(_rationals(at)) == 0 for _, at in found.beyond)
            if met and cls(h).inside not in given:
                return cls(h)
        return None

    @classmethod
    def pinned(cls, given: Sequence[Boolean]) -> "Edge | None":
        """The edge that two hypotheses leave alone, as m <= L and m >= L leave m = L.

        Args:
            given: what is assumed of the parameters.

        Returns:
            The first that tells a symbol; None where there is none.
        """
        gaps = {h: sp.expand(h.gts - h.lts) for h in given if isinstance(h, sp.Ge | sp.Le)}
        opposite = {-gap for gap in gaps.values()}
        return next((cls(h) for h, gap in gaps.items() if gap in opposite and cls(h).tied is not None), None)

    def __str__(self) -> str:
        return f"{self.relation.lhs} = {self.relation.rhs}"

    @property
    def inside(self) -> Boolean:
        """That it is not reached."""
        strict = sp.Gt if isinstance(self.relation, sp.Ge) else sp.Lt
        return strict(self.relation.lhs, self.relation.rhs, evaluate=False)

    @property
    def reached(self) -> Boolean:
        """That it is."""
        return sp.Eq(self.relation.lhs, self.relation.rhs, evaluate=False)

    @property
    def hint(self) -> str:
        """What somebody can do about it."""
        return (
            f"{self.relation} lets {self}, where the inequalities of a class may say less; "
            f"assume {self.inside}, and show that case apart"
        )

    @cached_property
    def tied(self) -> tuple[sp.Symbol, sp.Expr] | None:
        """A symbol and what it is on the edge; None where no symbol is told by the equation."""
        return tied_by(self.relation.lhs - self.relation.rhs)

    def put(self, relations: Sequence[Boolean]) -> list[Boolean]:
        """Relations on the edge, without the symbol that is tied there.

        Args:
            relations: some.

        Returns:
            As many; some may be the literal true or false.
        """
        assert self.tied is not None
        return [r.subs(*self.tied) for r in relations]

    @property
    def signs(self) -> list[Boolean]:
        """What the tied symbol is declared to be, of its value."""
        return [] if self.tied is None else self.put(declared([self.tied[0]]))

    def whole(self, point: Mapping[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
        """A point of the edge with the symbol that is tied there."""
        assert self.tied is not None
        symbol, value = self.tied
        point = {**{s: sp.Integer(1) for s in value.free_symbols}, **point}  # of these nothing else is said
        return {**point, symbol: value.subs(point)}


def _rationals(at: Mapping[sp.Symbol, Fraction]) -> dict[sp.Symbol, sp.Expr]:
    return {s: sp.Rational(x.numerator, x.denominator) for s, x in at.items()}
