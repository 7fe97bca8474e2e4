"""A conclusion and inequalities, coefficient by coefficient of what they are linear in."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.gram.space import Product, Space
from eqt_theory.engines.smt.structure import structure_of

_CASES = (sp.Max, sp.Min, sp.Abs, sp.Piecewise)
At = Callable[[sp.Expr], Fraction]
"""The value of a coefficient at some values of the parameters."""


@dataclass(frozen=True)
class Numbers:
    """A goal at some values of its parameters, exact.

    Args:
        forms: for the conclusion, then for each inequality: one number for each inner product.
        values: likewise, for each function value and for 1.
        pairs: the place of each inner product in the Gram matrix.
    """

    forms: list[list[Fraction]]
    values: list[list[Fraction]]
    pairs: list[tuple[int, int]]

    def matrices(self, size: int) -> np.ndarray:
        """The symmetric matrices S of the forms `tr(S G)`, in floating point."""
        S = np.zeros((len(self.forms), size, size))
        for k, (i, j) in enumerate(self.pairs):
            S[:, i, j] += [float(row[k]) / 2 for row in self.forms]
            S[:, j, i] += [float(row[k]) / 2 for row in self.forms]
        return S


@dataclass(frozen=True)
class Goal:
    """What is to be shown, and of what.

    Args:
        conclusion: `left >= 0`.
        inequalities: each `left >= 0`.
        space: the vectors whose products occur.
        values: symbols that stand for function values besides those that the space knows.
    """

    conclusion: Boolean
    inequalities: tuple[Boolean, ...]
    space: Space
    values: frozenset[sp.Symbol] = frozenset()

    @classmethod
    def of(
        cls, conclusion: Boolean, given: Sequence[Boolean], space: Space, values: Iterable[sp.Symbol] = ()
    ) -> "Goal":
        """The same with every relation as `left >= 0`, an equation as two.

        Args:
            conclusion: an inequality.
            given: inequalities and equations.
            space: the vectors whose products occur.
            values: symbols that stand for function values besides those that the space knows.

        Returns:
            The goal.

        Raises:
            UsageError: something that is no relation of one of the forms <=, >= and ==, or holds products of another
                space.
        """
        for relation in (conclusion, *given):
            if structure_of(relation.free_symbols) not in (None, space):
                raise UsageError(f"expected products of {space}, got those of another space in {relation}")
        above = [one for relation in given for one in _above(relation)]
        ends = _above(conclusion)
        if len(ends) != 1:
            raise UsageError(f"conclusion must be an inequality, got the equation {conclusion}")
        return cls(ends[0], tuple(above), space, frozenset(values))

    @cached_property
    def unknowns(self) -> list[sp.Symbol]:
        """The inner products and function values that occur, the products first."""
        lefts = [self.conclusion.lhs, *(r.lhs for r in self.inequalities)]
        free = sorted(set().union(*(left.free_symbols for left in lefts)), key=str)
        products = [s for s in free if isinstance(s, Product)]
        return products + [s for s in free if (s in self.space.values or s in self.values) and s not in products]

    @property
    def products(self) -> list[Product]:
        """The inner products that occur."""
        return [s for s in self.unknowns if isinstance(s, Product)]

    @cached_property
    def parameters(self) -> list[sp.Symbol]:
        """All other symbols."""
        every = set().union(*(r.free_symbols for r in (self.conclusion, *self.inequalities)))
        return sorted(every - set(self.unknowns), key=str)

    @cached_property
    def rows(self) -> list[list[sp.Expr]]:
        """For the conclusion, then for each inequality: the coefficient of each unknown, and what is left.

        Raises:
            UsageError: a relation is not linear in the products and values.
        """
        return [self._row(relation) for relation in (self.conclusion, *self.inequalities)]

    def _row(self, relation: Boolean) -> list[sp.Expr]:
        unknowns = self.unknowns or [sp.Dummy()]
        poly = sp.Poly(relation.lhs, *unknowns) if relation.lhs.is_polynomial(*unknowns) else None
        if poly is None or poly.total_degree() > 1:
            raise UsageError(f"relations must be linear in inner products and function values, got {relation}")
        return [*(sp.sympify(poly.coeff_monomial(s)) for s in self.unknowns), sp.sympify(poly.coeff_monomial(1))]

    def numbers(self, at: At) -> Numbers:
        """Every coefficient at some values of the parameters."""
        exact = [[at(x) if x != 0 else Fraction(0) for x in row] for row in self.rows]
        count = len(self.products)
        pairs = [s.pair for s in self.products]
        return Numbers([row[:count] for row in exact], [row[count:] for row in exact], pairs)


def _above(relation: Boolean) -> list[Boolean]:
    if isinstance(relation, sp.Ge):
        return [relation if relation.rhs == 0 else sp.Ge(relation.lhs - relation.rhs, 0, evaluate=False)]
    if isinstance(relation, sp.Le):
        return [sp.Ge(relation.rhs - relation.lhs, 0, evaluate=False)]
    if isinstance(relation, sp.Eq):
        gap = relation.lhs - relation.rhs
        return [sp.Ge(gap, 0, evaluate=False), sp.Ge(-gap, 0, evaluate=False)]
    raise UsageError(f"expected relations of the form left >= right, left <= right or Eq(left, right), got {relation}")


def is_linear(relation: Boolean, values: Collection[sp.Symbol]) -> bool:
    """Whether it is of use: a relation of sides that are linear in products and values, and no sign of a square."""
    if not isinstance(relation, sp.Ge | sp.Le | sp.Gt | sp.Lt | sp.Eq) or relation.has(*_CASES):
        return False
    left = relation.lhs - relation.rhs
    unknowns = [s for s in left.free_symbols if isinstance(s, Product) or s in values]
    by_itself = isinstance(left, Product) and left.pair[0] == left.pair[1]
    return not by_itself and left.is_polynomial(*unknowns) and sp.Poly(left, *unknowns).total_degree() <= 1


def weak(relation: Boolean) -> Boolean:
    """The relation, where it is strict with the border."""
    if isinstance(relation, sp.Gt | sp.Lt):
        sides = (relation.gts, relation.lts)
        return sp.Ge(*sides, evaluate=False)
    return relation
