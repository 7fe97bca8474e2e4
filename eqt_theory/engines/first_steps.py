"""A statement about every whole n that fails at one of the first, found by following its quantities there."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean, BooleanAtom

from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.smt import prove

FIRST_STEPS = 4
"""Beyond the start, at which a statement may be seen to fail."""
_TIMEOUT = 3.0


def fails_early(
    statement: Boolean,
    first: Mapping[sp.Symbol, sp.Expr],
    after: Mapping[sp.Symbol, sp.Expr],
    given: Sequence[Boolean],
    each: Sequence[Boolean],
    about: Sequence[str],
) -> Finding | None:
    """A counterexample at one of the first n beyond the start.

    What is given for each n is so at all steps up to there and at the next, and every quantity has the sign that it is
    declared with: what fails then is the statement, and no mere step of an argument. A symbol that is itself the next
    value of a quantity is another one at each step; whatever else a step speaks of is the same at all, as it may be
    meant to be.

    Args:
        statement: P(n), without powers and sums that depend on n.
        first: the values of n and of the quantities at the start.
        after: those at n + 1, of those at n.
        given: of the parameters.
        each: what is given for each n.
        about: for each of these n, what is shown.

    Returns:
        REFUTED; None where no such n was found.
    """
    fixed = {s for part in (statement, *given, *first.values()) for s in sp.sympify(part).free_symbols}
    changing = sorted({value for value in after.values() if value.is_Symbol} - fixed - {*after}, key=str)
    for k, (values, facts) in enumerate(unrolled(first, after, (statement, *given), each, changing)):
        known = [*given, *(fact for fact in facts if fact is not sp.true)]
        if sp.false in known or k > FIRST_STEPS:
            return None
        if k > 0 and statement.subs(values, simultaneous=True) is not sp.true:
            there, more = put(statement, values, known)
            found = prove([*known, *more], there, _TIMEOUT, detail=about[k - 1])
            if found.verdict is Verdict.REFUTED:
                return of_the_whole(found, given)
    return None


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
        facts += [relation.subs(here, simultaneous=True) for relation in each]
        facts += [relation for symbol, value in values.items() for relation in signs(symbol, value)]
        yield values, list(facts)
        values = {s: sp.sympify(value).subs(here, simultaneous=True) for s, value in after.items()}


def put(
    statement: Boolean, values: Mapping[sp.Symbol, sp.Expr], given: Sequence[Boolean]
) -> tuple[Boolean, list[Boolean]]:
    """A statement at other values of its symbols, and what else is then given: where SymPy decides it, the values."""
    there = statement.subs(dict(values), simultaneous=True)
    if not isinstance(there, BooleanAtom):
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
    """That a value has the sign that a symbol is declared with."""
    relations = (
        (symbol.is_positive, value > 0),
        (symbol.is_negative, value < 0),
        (symbol.is_nonnegative and not symbol.is_positive, value >= 0),
        (symbol.is_nonpositive and not symbol.is_negative, value <= 0),
        (symbol.is_nonzero and not symbol.is_positive and not symbol.is_negative, sp.Ne(value, 0)),
    )
    return [relation for wanted, relation in relations if wanted]


def unused(name: str, taken: set[str]) -> str:
    """The name, with underscores until nothing else has it; it is then taken."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
