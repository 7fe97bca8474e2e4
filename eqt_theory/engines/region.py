"""Region: the values that the parameters of a method may have, as relations, with exact points of it."""

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import islice, product
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean
from sympy.polys.fields import FracField

from eqt_theory.core.errors import UsageError
from eqt_theory.core.symbols import declared, said
from eqt_theory.engines.rational import Field, Quotient, factored, value_at
from eqt_theory.engines.smt.signs import constraints_of
from eqt_theory.engines.smt.signs import declared as signs_of
from eqt_theory.engines.values import exactly

Point = dict[sp.Symbol, Fraction]
_TRIES = 6000
_FAR = (Fraction(8), Fraction(1, 8), Fraction(1))
_CHANGED = 6
_NEXT = 64
"""By what part of the way to it a point stays away from a border that does not belong to a region."""
_SIGNS: dict[type, Callable[[Fraction], bool]] = {
    sp.StrictLessThan: lambda x: x < 0, sp.LessThan: lambda x: x <= 0, sp.StrictGreaterThan: lambda x: x > 0,
    sp.GreaterThan: lambda x: x >= 0, sp.Equality: lambda x: x == 0, sp.Unequality: lambda x: x != 0,
}  # fmt: skip


class Region:
    """Symbols and what is assumed of them.

    An equation that is linear in a symbol, as `q**2 * M = m`, ties that symbol: it is put in everywhere.

    Args:
        symbols: of the parameters, real.
        where: relations between rational expressions in them.

    Raises:
        UsageError: a symbol that is not real, is more than a real number of some sign, or stands twice, as its name
            may not either; a relation about others; an equation that ties nothing.
    """

    def __init__(self, symbols: Sequence[sp.Symbol], where: Sequence[Boolean]) -> None:
        self.symbols = tuple(symbols)
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise UsageError(f"symbols must name each parameter once, got {self.symbols!r}")
        for s in self.symbols:
            if not isinstance(s, sp.Symbol) or not s.is_real:
                raise UsageError(f"symbols must be real SymPy symbols, as symbols('m', positive=True), got {s!r}")
            constraints_of(s)  # points are drawn among all real numbers of a sign
        declared(self.symbols)
        self._quotients: dict[sp.Basic, Quotient | None] = {}
        self._differences: dict[Relational, sp.Expr] = {}
        self.tied: dict[sp.Symbol, sp.Expr] = {}
        self.given: list[Boolean] = []
        for relation in where:
            self._take(relation)
        self.free = tuple(s for s in self.symbols if s not in self.tied)
        if not self.free:
            raise UsageError("symbols must leave one free: the equations in `where` fix all of them")
        self.given = [r for r in map(self._put, self.given) if r != sp.true]
        if sp.false in self.given:
            raise UsageError("where must hold somewhere: it contains a relation that never does")

    def _take(self, relation: Boolean) -> None:
        if relation == sp.true:
            return
        if not isinstance(relation, Relational | Boolean) or not relation.free_symbols <= set(self.symbols):
            raise UsageError(f"where must hold relations between {self.symbols}, got {relation!r}")
        if not isinstance(relation, sp.Eq):
            self.given.append(relation)
            return
        difference = sp.numer(sp.together(self._put(relation.lhs - relation.rhs)))
        for s in reversed([s for s in self.symbols if s in difference.free_symbols]):
            polynomial = difference.as_poly(s)  # None where it is no polynomial in s
            if polynomial is not None and polynomial.degree() == 1 and polynomial.coeff_monomial(s).is_number:
                value = sp.cancel(-polynomial.coeff_monomial(1) / polynomial.coeff_monomial(s))
                self.tied = {k: v.subs(s, value) for k, v in self.tied.items()} | {s: value}
                self.given += [sign.subs(s, value) for sign in signs_of([s])]
                return
        raise UsageError(f"an equation in where must be linear in a symbol, with a number before it, got {relation}")

    def _put(self, expression: sp.Basic) -> sp.Basic:
        return sp.sympify(expression).subs(self.tied) if self.tied else sp.sympify(expression)

    def expression(self, of: sp.Basic) -> sp.Basic:
        """An expression in the free symbols alone."""
        return self._put(of)

    @cached_property
    def field(self) -> FracField:
        """Rational functions of the free symbols."""
        return FracField(self.free, sp.QQ)

    def at(self, expression: sp.Expr, point: Point) -> Fraction:
        """The value of an expression at a point.

        Args:
            expression: in the symbols.
            point: of the free ones.

        Returns:
            It, exact.

        Raises:
            UsageError: it is no rational number there.
        """
        if isinstance(expression, sp.Rational):
            return Fraction(int(expression.p), int(expression.q))
        quotient = self._quotient(expression)
        found = None if quotient is None else value_at(quotient, [point[s] for s in self.free])
        if found is not None:
            return found
        put = self._put(expression)
        plain = exactly(put, point)
        if plain is not None:
            return plain
        try:
            value = put.subs({s: sp.Rational(v.numerator, v.denominator) for s, v in point.items()})
        except ValueError:  # a Max of 1/0
            value = sp.nan
        if not value.is_Rational:
            raise UsageError(f"expected a rational number at {self.shown(point)}, got {value} for {expression}")
        return Fraction(int(value.p), int(value.q))

    def defined(self, expression: sp.Expr, point: Point) -> bool:
        """Whether an expression is a rational number at a point."""
        try:
            self.at(expression, point)
        except UsageError:
            return False
        return True

    def _quotient(self, expression: sp.Expr) -> Quotient | None:
        """An expression as a rational function of the free symbols; None where it has roots, Max or Abs in it."""
        if expression not in self._quotients:
            put = self._put(expression)
            simple = {x: sp.QQ.to_sympy(sp.QQ.from_sympy(x)) for x in put.atoms(sp.Float)}
            self._quotients[expression] = self._functions.read(put.xreplace(simple))
        return self._quotients[expression]

    @cached_property
    def _functions(self) -> Field:
        return Field(self.free)

    def _true(self, relation: Boolean, point: Point) -> bool:
        if isinstance(relation, Relational) and type(relation) in _SIGNS:
            try:
                return _SIGNS[type(relation)](self.at(self._difference(relation), point))
            except UsageError:
                pass
        values = {s: sp.Rational(v.numerator, v.denominator) for s, v in point.items()}
        return self._put(relation).subs(values) == sp.true

    def _difference(self, relation: Relational) -> sp.Expr:
        """What the relation compares with 0, one object for all points: SymPy hashes each but once."""
        if relation not in self._differences:
            self._differences[relation] = relation.lhs - relation.rhs
        return self._differences[relation]

    def values(self, point: Point) -> Point:
        """All symbols, those that are tied too."""
        return {s: self.at(s, point) for s in self.symbols}

    def holds(self, point: Point, more: Sequence[Boolean] = ()) -> bool:
        """Whether every relation holds at a point, exactly."""
        return all(self._true(r, point) for r in [*self.given, *more])

    def points(self, count: int, seed: int = 0, more: Sequence[Boolean] = ()) -> list[Point]:
        """Rational points of the region with small numerators, drawn at random; fewer where few are found."""
        rng, found = random.Random(seed), []
        for _ in range(_TRIES):
            point = {s: self._drawn(s, rng) for s in self.free}
            if point not in found and self.holds(point, more):
                found.append(point)
                if len(found) == count:
                    break
        return found

    def _drawn(self, symbol: sp.Symbol, rng: random.Random) -> Fraction:
        value = Fraction(rng.randint(1, 24), rng.choice((8, 16, 25)))
        value = rng.choice((value, value / 4, value, value * 4))
        if symbol.is_zero:
            return Fraction(0)
        return value if symbol.is_nonnegative or (not symbol.is_nonpositive and rng.random() < 0.5) else -value

    def shown(self, point: Point) -> str:
        """A point in words."""
        return ", ".join(f"{s} = {v}" for s, v in point.items())


def extremes(points: Sequence[Point], others: int) -> list[Point]:
    """The points with the smallest and the largest value of each symbol, and a few others."""
    found: list[Point] = []
    for s in points[0]:
        found += [min(points, key=lambda p, s=s: p[s]), max(points, key=lambda p, s=s: p[s])]
    found += points[:others]
    return [p for i, p in enumerate(found) if p not in found[:i]]


def far_ones(region: Region, point: Point, most: int) -> list[Point]:
    """Points of the region with some symbols much smaller and some much larger than at a given point.

    Args:
        region: it.
        point: one of its points.
        most: how many are asked for.

    Returns:
        Them, spread over all ways to choose the symbols, without those that lie outside.
    """
    every = [
        {s: v * factor for (s, v), factor in zip(point.items(), change, strict=True)}
        for change in islice(product(_FAR, repeat=len(point)), 3**_CHANGED)
    ]
    inside = [p for p in every if p != point and region.holds(p)]
    return inside[:: max(1, -(-len(inside) // most))]


def border(region: Region, points: Sequence[Point]) -> list[Point]:
    """Points on the border of a region, or next to it where it does not belong to it.

    Args:
        region: it.
        points: of it, from which the border is reached along one symbol each.

    Returns:
        A few for each relation that says how far a symbol goes, where the others stay.
    """
    found: list[Point] = []
    for relation in region.given:
        tie = tied_by(relation.lhs - relation.rhs) if isinstance(relation, Relational) else None
        if tie is None:
            continue
        symbol, value = tie
        for point in (p for p in points if region.defined(value, p)):
            end = region.at(value, point)
            near = end + (point[symbol] - end) / _NEXT
            inside = next((p for p in ({**point, symbol: x} for x in (end, near)) if region.holds(p)), None)
            if inside is not None and inside not in found:
                found.append(inside)
    return found


def tied_by(gap: sp.Expr) -> tuple[sp.Symbol, sp.Expr] | None:
    """A symbol and what it is where an expression is 0.

    Args:
        gap: a rational expression.

    Returns:
        The first that it tells; None where it is linear in no symbol with a factor that is known not to be 0.
    """
    top = sp.numer(sp.together(gap))
    for s in sorted(top.free_symbols, key=str):
        poly = sp.Poly(top, s) if top.is_polynomial(s) else None
        if poly is not None and poly.degree() == 1 and poly.LC().is_nonzero:
            return s, factored(-poly.coeff_monomial(1) / poly.LC())
    return None


def sign_of(symbol: sp.Symbol) -> str:
    """The sign that a symbol is declared with, in words."""
    return ", ".join(f"{sign.rel_op} 0" for sign in signs_of([symbol])) or "real"


def taken(where: Sequence[Boolean]) -> dict[str, Any]:
    """What a finding says of relations that it takes for granted: `hypotheses` and `speaks_of`."""
    texts = {said(r): tuple(sorted(s.name for s in r.free_symbols)) for r in where if r != sp.true}
    return {"hypotheses": tuple(texts), "speaks_of": tuple(texts.values())}


def poles(expression: sp.Expr) -> list[Boolean]:
    """That the denominator of an expression is not 0."""
    denominator = sp.denom(sp.together(expression))
    return [sp.Ne(denominator, 0)] if denominator.free_symbols else []


def cases(of: sp.Basic) -> list[tuple[list[Boolean], sp.Basic]]:
    """An expression or relation without Max, Min and Abs, with the conditions of each case.

    Args:
        of: a rate, or a relation in which they occur.

    Returns:
        The conditions of each case, which together cover everything, and what it is there.
    """
    first = next(iter(sorted(of.atoms(sp.Max, sp.Min, sp.Abs), key=lambda e: (e.count_ops(), str(e)))), None)
    if first is None:
        return [([], of)]
    made = []
    choices = [first.args[0], -first.args[0]] if isinstance(first, sp.Abs) else list(first.args)
    for k, one in enumerate(choices):
        others = [other for i, other in enumerate(choices) if i != k]
        chosen = [one <= other if isinstance(first, sp.Min) else one >= other for other in others]
        for conditions, value in cases(of.subs(first, one)):
            made.append(([*(g.subs(first, one) for g in chosen), *conditions], value))
    return made
