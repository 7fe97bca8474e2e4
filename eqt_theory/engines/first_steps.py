"""The first steps of what depends on n, one after the other."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom

from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import said

_Expr = TypeVar("_Expr", bound=sp.Basic)


def replaced(expr: _Expr, values: Mapping[sp.Symbol, sp.Expr]) -> _Expr:
    """An expression with others in the place of its symbols, all at once."""
    # `subs` does it by way of new symbols, of which SymPy has to find out anew what it knew of the old ones.
    bound = expr.has(ExprWithLimits)  # whose own symbols are to stay
    return expr.subs(dict(values), simultaneous=True) if bound else expr.xreplace(dict(values))


def unrolled(
    first: Mapping[sp.Symbol, sp.Expr],
    after: Mapping[sp.Symbol, sp.Expr],
    given: Sequence[Boolean],
    each: Sequence[Boolean],
    changing: Sequence[sp.Symbol],
) -> Iterator[tuple[dict[sp.Symbol, sp.Expr], list[Boolean]]]:
    """The first steps one after the other, without end.

    Args:
        first: the values of n and of the quantities at the start.
        after: those at n + 1, of those at n.
        given: of the parameters.
        each: what is given for each n.
        changing: symbols that are others at each step.

    Yields:
        The values at n of n and of the quantities, and what is given for each n, written out up to there.
    """
    values, facts = dict(first), []
    names = {s.name for part in (*given, *each, *after.values()) for s in sp.sympify(part).free_symbols}
    for k in itertools.count():
        own = {s: sp.Symbol(unused(f"{s.name}_{k}", names), **s.assumptions0) for s in changing}
        here = {**values, **own}
        facts += [sp.false if (fact := at(relation, here)) is None else fact for relation in each]
        facts += [relation for symbol, value in values.items() for relation in signs(symbol, value)]
        yield values, list(facts)
        values = {s: replaced(sp.sympify(value), here) for s, value in after.items()}


def at(relation: Boolean, values: Mapping[sp.Symbol, sp.Expr]) -> Boolean | None:
    """A relation at other values of its symbols; None where it is seen to have no meaning there, as it divides by 0."""
    parts = relation.atoms(Relational)
    sides = {side for part in parts for side in part.args}
    if any(replaced(side, values).has(sp.zoo, sp.nan) for side in sides):
        return None
    try:
        return replaced(relation, values)
    except TypeError:  # SymPy does not compare what is no real number
        return None


def put(
    statement: Boolean, values: Mapping[sp.Symbol, sp.Expr], given: Sequence[Boolean]
) -> tuple[Boolean, list[Boolean]]:
    """A statement at other values of its symbols, and what else is then given: where SymPy decides it, the values."""
    there = at(statement, values)
    if there is not None and not isinstance(there, BooleanAtom):
        return there, []
    taken = {s.name for part in (statement, *given) for s in part.free_symbols}  # the provers are to see it, too
    of = [s for s in values if s in statement.free_symbols]
    fresh = {s: sp.Symbol(unused(f"{s.name}_at", taken), real=True) for s in of}
    return statement.subs(fresh, simultaneous=True), [sp.Eq(fresh[s], values[s], evaluate=False) for s in of]


def of_the_whole(found: Finding, given: Sequence[Boolean]) -> Finding:
    """The finding of a step, with what is given of single steps among what belongs to the argument."""
    kept = {said(hypothesis) for hypothesis in given}
    pairs = list(zip(found.hypotheses, found.speaks_of, strict=True))
    return replace(
        found,
        hypotheses=tuple(text for text, _ in pairs if text in kept),
        speaks_of=tuple(of for text, of in pairs if text in kept),
        context=(*found.context, *(text for text, _ in pairs if text not in kept)),
    )


def signs(symbol: sp.Symbol, value: sp.Expr) -> list[Boolean]:
    """That a value has the sign that a symbol is declared with; false where it is no real number."""
    if value.has(sp.zoo, sp.nan) or value.is_extended_real is False:
        return [sp.false]
    relations = (
        (symbol.is_positive, sp.Gt),
        (symbol.is_negative, sp.Lt),
        (symbol.is_nonnegative and not symbol.is_positive, sp.Ge),
        (symbol.is_nonpositive and not symbol.is_negative, sp.Le),
        (symbol.is_nonzero and not symbol.is_positive and not symbol.is_negative, sp.Ne),
    )
    return [relation(value, 0) for wanted, relation in relations if wanted]


def unused(name: str, taken: set[str]) -> str:
    """The name, with underscores until nothing else has it; it is then taken."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
