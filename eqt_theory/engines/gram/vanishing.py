"""Vectors that inequalities say are zero, as D - m d where a class with m = L asks |D - m d|^2 <= 0.

No multipliers need show what follows of such inequalities: they would be infinite. Without those vectors they may.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.combine import Zero
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.space import Product, Space, Vector
from eqt_theory.engines.rational import factored, vanishes


@dataclass(frozen=True)
class _Gone:
    """A basis vector that is a combination of others: what is zero, with its place as the first that occurs in it."""

    place: int
    zero: Vector
    made_of: tuple[sp.Expr, ...]
    """With which factors the vectors that inequalities say are zero add up to `zero`."""


@dataclass(frozen=True)
class Vanishing:
    """Vectors that inequalities of a goal say are zero.

    Args:
        goal: the conclusion and the inequalities.
        zeros: the vectors, each times itself.
    """

    goal: Goal
    zeros: tuple[Zero, ...]

    @classmethod
    def of(cls, goal: Goal) -> "Vanishing | None":
        """What is plainly zero.

        Args:
            goal: the conclusion and the inequalities.

        Returns:
            The vectors; None where there are none.
        """
        if type(goal.space) is not Space:
            return None  # products that are equal are not known to be, below
        zeros = tuple(zero for r in goal.inequalities if (zero := _zero(goal.space, r)) is not None)
        return cls(goal, zeros) if zeros else None

    @property
    def note(self) -> str:
        """What is zero, in words."""
        return ", ".join(f"{row.zero} = 0" for row in self.gone)

    @cached_property
    def gone(self) -> list[_Gone]:
        """The basis vectors that are combinations of the others."""
        rows: list[_Gone] = []
        for k, known in enumerate(self.zeros):
            entries, made_of = list(known.vector.coefficients), list(sp.eye(len(self.zeros)).row(k))
            for row in rows:
                factor = entries[row.place]
                entries = [sp.cancel(a - factor * b) for a, b in zip(entries, row.zero.coefficients, strict=True)]
                made_of = [sp.cancel(a - factor * b) for a, b in zip(made_of, row.made_of, strict=True)]
            # The last one that has a number before it: what is divided by is then not 0.
            places = [i for i, a in enumerate(entries) if a.is_number and not a.is_zero]
            if places:
                place, one = places[-1], entries[places[-1]]
                zero = Vector(self.goal.space, tuple(a / one for a in entries))
                rows.append(_Gone(place, zero, tuple(a / one for a in made_of)))
        return rows

    @cached_property
    def smaller(self) -> tuple[Goal, list[int]]:
        """The goal without those vectors, and which inequalities are left in it."""
        lefts = [self.goal.conclusion.lhs, *(r.lhs for r in self.goal.inequalities)]
        for row in self.gone:
            lefts = [self._without(left, row) for left in lefts]
        kept = [i for i, left in enumerate(lefts[1:]) if left != 0]
        conclusion, *inequalities = (
            sp.Ge(left, 0, evaluate=False) for left in (lefts[0], *(lefts[1 + i] for i in kept))
        )
        return Goal(conclusion, tuple(inequalities), self.goal.space, self.goal.values), kept

    def lifted(self, weights: dict[int, sp.Expr]) -> list[Zero]:
        """The products that are 0 and are left of the goal itself, with multipliers of its inequalities.

        Args:
            weights: with which the smaller goal holds, by the place of the inequality in the goal.

        Returns:
            The products.
        """
        left = self.goal.conclusion.lhs - sum(w * self.goal.inequalities[i].lhs for i, w in weights.items())
        found: list[Zero] = []
        for row in self.gone:
            times = self._beside(left, row)
            left = self._without(left, row)
            for factor, zero in zip(row.made_of, self.zeros, strict=True):
                u = factor * times
                if factor != 0 and any(a != 0 for a in u.coefficients):
                    found.append(replace(zero, times=u))
        return found

    def whole(self, point: dict[sp.Symbol, sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
        """A point of the smaller goal with the products of the vectors that are gone."""
        there = list(self.goal.space.vectors)
        for row in reversed(self.gone):
            made_of = (there[row.place] - row.zero).coefficients
            there[row.place] = sum((a * v for a, v in zip(made_of, there, strict=True)), 0 * there[0])
        gram = self.goal.space.gram
        n = len(there)
        return {**point, **{gram[i, j]: (there[i] @ there[j]).subs(point) for i in range(n) for j in range(i + 1)}}

    def _without(self, left: sp.Expr, row: _Gone) -> sp.Expr:
        """The same where the vector is put as what it is a combination of."""
        space, basis = self.goal.space, self.goal.space.vectors
        there = basis[row.place] - row.zero
        put = {}
        for s in left.free_symbols:
            if isinstance(s, Product) and row.place in s.pair:
                u, v = (there if k == row.place else basis[k] for k in s.pair)
                put[s] = u @ v
        assert all(s.structure is space for s in put)
        return _collected(left.subs(put, simultaneous=True)) if put else left

    def _beside(self, left: sp.Expr, row: _Gone) -> Vector:
        """The u with left = <zero, u> + what it is without the vector."""
        basis, k = self.goal.space.vectors, row.place
        there, total = basis[k] - row.zero, 0 * basis[k]
        for s in sorted((s for s in left.free_symbols if isinstance(s, Product) and k in s.pair), key=str):
            factor = sp.expand(left).coeff(s, 1)
            (i, j) = s.pair
            # <e, e> = <z, z + 2 r> + <r, r> and <e, v> = <z, v> + <r, v>, where e = z + r
            total += factor * (row.zero + 2 * there if i == j else basis[j if i == k else i])
        return Vector(total.space, tuple(factored(sp.cancel(a)) for a in total.coefficients))


def _zero(space: Space, relation: Boolean) -> Zero | None:
    """The vector v of a relation that reads -c |v|^2 >= 0, c a positive number."""
    left = sp.expand(relation.lhs)
    products = [s for s in left.free_symbols if isinstance(s, Product)]
    if not products or not left.is_polynomial(*products):
        return None
    for i in sorted({i for s in products for i in s.pair}, reverse=True):
        square = left.coeff(space.gram[i, i], 1)
        if not (square.is_Rational and square < 0):
            continue
        row = [left.coeff(space.gram[i, j], 1) / (1 if i == j else 2) / square for j in range(len(space.names))]
        vector = Vector(space, tuple(sp.cancel(a) for a in row))
        return Zero(vector, relation, vector, -square) if vanishes(left - square * vector.norm2) else None
    return None


def _collected(left: sp.Expr) -> sp.Expr:
    """A sum with one simple coefficient for each product and value."""
    left = sp.expand(left)
    products = sorted((s for s in left.free_symbols if isinstance(s, Product)), key=str)
    parts: Sequence[sp.Expr] = [factored(left.coeff(s, 1)) * s for s in products]
    rest = left.subs(dict.fromkeys(products, 0))
    return sp.Add(*parts, sp.expand(sp.simplify(rest)))
