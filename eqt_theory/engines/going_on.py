"""Whether any sequence is as it is given for each n: else what is shown of all of them says nothing."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.first_steps import replaced, signs, unrolled, unused
from eqt_theory.engines.for_every_n import ForEveryN
from eqt_theory.engines.smt import consistent, prove
from eqt_theory.engines.smt.replay import holds_at

_TIMEOUT = 2.0
_TRIED = 3
"""Choices that are put to the provers, of those that pass at one point."""
_LOOKED_AT = 60
_STEPS = 8
_AHEAD = 3

Choice = dict[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Onward:
    """What is known of the sequences that are as given for each n.

    Args:
        shown: PROVED that one goes on for ever; None where it needs no showing or was not shown.
        note: what to say where it was not shown.
        impossible: whether there is none.
    """

    shown: Finding | None = None
    note: str = ""
    impossible: bool = False


def goes_on(asked: ForEveryN, statement: Boolean, at: Mapping[sp.Symbol, sp.Expr]) -> Onward:
    """Show that whatever the first n steps were, there is a next one that is as given.

    Args:
        asked: what was asked of every n.
        statement: P(n), which was shown.
        at: where all that its step was given holds.

    Returns:
        What was found.
    """
    chosen = asked.changing
    spoken = (statement, *asked.always, *asked.each, *asked.first.values(), *asked.after.values())
    fixed = set().union(*(sp.sympify(part).free_symbols for part in spoken)) - {*asked.first, *chosen}
    wanted = [_wanted(choice, asked.each) for choice in _choices(chosen, asked.each, asked.after, at)]
    wanted = [relations for relations in wanted if relations is not None and _passes(relations, at)]
    if [] in wanted:
        return Onward()
    numbers = {s: at[s] for s in sorted(fixed, key=str) if s in at}
    known = [*asked.always, asked.n >= asked.start, *sp.And.make_args(statement)]
    for values in ({}, numbers):
        hypotheses = _put(known, values)
        for relations in wanted[:_TRIED]:
            goals = _put(relations, values)
            if hypotheses is None or goals is None:
                continue
            if not goals:
                return Onward()
            found = prove(hypotheses, goals, _TIMEOUT, detail="some sequence is as given for each n")
            if found.verdict is Verdict.PROVED:
                return Onward(found)
    return _followed(asked, chosen)


def goes_on_from(asked: ForEveryN, state: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether it is shown that some sequence as given for each n goes on for ever from one n.

    It is by an invariant: from there on, each n has a next step that is as given and keeps it. What is given of the
    values at n alone belongs to it; that they are not negative, do not rise, do not fall or stay the same is tried.

    Args:
        asked: what was asked of every n.
        state: numbers for n, for the quantities there, and for all that is the same at each n.

    Returns:
        True where it is proved; False says nothing.
    """
    if not asked.each and {*asked.first} <= {asked.n, *asked.recurrences.meaning}:
        return True  # nothing is given
    same = {s: value for s, value in state.items() if s not in asked.first}
    each, after = _put(asked.each, same), {s: sp.sympify(value).subs(same) for s, value in asked.after.items()}
    if each is None or any(part.has(sp.nan, sp.zoo, sp.oo) for part in (*each, *after.values())):
        return False
    own = [relation for relation in each if not relation.free_symbols & {*asked.changing}]
    signed = [relation for s, value in state.items() for relation in signs(s, value)]
    if any(holds_at(relation, state) is not True for relation in (*own, *signed)):
        return False
    if any(value.has(sp.CRootOf) for value in state.values()):  # a root without radicals is no term of a relation
        return False
    spoken = sorted(set().union(*(relation.free_symbols for relation in each)) & {*after} - {asked.n}, key=str)
    onward = _put(own, after) or []  # the least or most that the next may be, as where a(n) >= n
    choices = _choices(asked.changing, [*each, *onward], after, state)
    choices = list(itertools.islice((c for c in choices if _walks(c, each, after, state)), _TRIED))
    orders = (sp.Le, sp.Ge, sp.Eq)
    bounds = [[order(q, state[q], evaluate=False) for q in spoken] for order in orders]
    positive = [sp.Ge(q, 0, evaluate=False) for q in spoken if holds_at(q >= 0, state)]
    for kept in ([], positive, *bounds):
        for choice in choices:
            if _keeps([*kept, *own, asked.n >= state[asked.n]], choice, each, after):
                return True
    return False


def _walks(choice: Choice, each: list[Boolean], after: Choice, state: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether a few steps with a choice are as given, from numbers, as far as these are rational."""
    here = {s: state[s] for s in after}
    for _ in range(_AHEAD):
        own = {s: replaced(value, here) for s, value in choice.items()}
        if not all(value.is_Rational for value in (*here.values(), *own.values())):
            return not any(value.has(sp.zoo, sp.nan) for value in (*here.values(), *own.values()))
        signed = [relation for s, value in {**here, **own}.items() for relation in signs(s, value)]
        if any(holds_at(relation, {**here, **own}) is not True for relation in (*each, *signed)):
            return False
        here = {s: replaced(value, {**here, **own}) for s, value in after.items()}
    return True


def _keeps(kept: list[Boolean], choice: Choice, each: list[Boolean], after: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether a step with a choice is proved to be as given, to keep what is kept, and to have values."""
    taken = {s.name for s in {*choice, *after}}
    # Plain symbols of which SymPy knows nothing: it would drop 1/b = 1/b, and with it that b is not 0.
    chosen = {s: sp.Symbol(unused(f"{s.name}_chosen", taken), real=True) for s in choice}
    following = {s: sp.Symbol(unused(f"{s.name}_next", taken), real=True) for s in after}
    named = [sp.Eq(chosen[s], value, evaluate=False) for s, value in choice.items()]
    stepped = [sp.Eq(following[s], value.xreplace(chosen), evaluate=False) for s, value in after.items()]
    signed = [r for s, value in (*chosen.items(), *following.items()) for r in signs(s, value)]
    goals = [*(r.xreplace(chosen) for r in each), *signed, *(r.xreplace(following) for r in kept), *stepped]
    return prove([*kept, *named, *stepped], goals, _TIMEOUT).verdict is Verdict.PROVED


def _followed(asked: ForEveryN, chosen: Sequence[sp.Symbol]) -> Onward:
    """Whether the first steps can be taken, one after the other."""
    taken = 0
    steps = itertools.islice(unrolled(asked.first, asked.after, asked.always, asked.each, chosen), _STEPS)
    for _, facts in steps:
        possible = consistent([*asked.always, *facts], _TIMEOUT)
        if possible is False:
            return Onward(impossible=True)
        if possible is None:
            break
        taken += 1
    if not taken:
        return Onward(note="no sequence is known that is as given for each n")
    return Onward(note=f"that a sequence as given for each n goes on for ever was not shown, only {taken} steps of one")


def _choices(
    chosen: Sequence[sp.Symbol],
    each: Collection[Boolean],
    after: Mapping[sp.Symbol, sp.Expr],
    at: Mapping[sp.Symbol, sp.Expr],
) -> Iterator[Choice]:
    """Values of what each step is free to choose, with which no relation is seen to fail at a point.

    They are where a relation holds with equality, as before, 0 or 1.
    """
    before = {value: quantity for quantity, value in after.items()}
    options: list[list[sp.Expr]] = []
    for symbol in chosen:
        own = [value for relation in each for value in _at_equality(relation, symbol)]
        own += [before[symbol]] if symbol in before else []
        options.append(list(dict.fromkeys([*own, sp.Integer(0), sp.Integer(1)])))
    numbers = {value: _there(value, at, chosen) for value in itertools.chain(*options)}
    for values in itertools.islice(itertools.product(*options), _LOOKED_AT):
        # Numbers first: with radicals in the place of symbols SymPy takes long.
        there = _resolved({s: numbers[value] for s, value in zip(chosen, values, strict=True)})
        if there is not None and not _passes(each, {**at, **there}):
            continue
        choice = _resolved(dict(zip(chosen, values, strict=True)))
        if choice is not None:
            yield choice


def _there(value: sp.Expr, at: Mapping[sp.Symbol, sp.Expr], chosen: Collection[sp.Symbol]) -> sp.Expr:
    """The value at a point, 0 for what is not known there, of which the chosen ones stay as they are."""
    return value.xreplace({s: sp.sympify(at.get(s, 0)) for s in value.free_symbols.difference(chosen)})


def _resolved(choice: Choice) -> Choice | None:
    """The choice, each value put where another one speaks of it; None where they go in circles or are no numbers."""
    for _ in choice:
        dependent = {s: value for s, value in choice.items() if value.free_symbols & {*choice}}
        choice = {**choice, **{s: replaced(value, choice) for s, value in dependent.items()}}
    if any(value.free_symbols & {*choice} or value.has(sp.nan, sp.zoo, sp.I) for value in choice.values()):
        return None
    return choice


def _at_equality(relation: Boolean, symbol: sp.Symbol) -> list[sp.Expr]:
    """The values of a symbol, in which the relation is linear or quadratic, where both sides are equal."""
    if not isinstance(relation, Relational) or symbol not in relation.free_symbols:
        return []
    gap = sp.expand(relation.lhs - relation.rhs)
    square, slope = gap.coeff(symbol, 2), gap.coeff(symbol, 1)
    rest = sp.expand(gap - square * symbol**2 - slope * symbol)
    if symbol in square.free_symbols | slope.free_symbols | rest.free_symbols or square == slope == 0:
        return []
    if square == 0:
        return [sp.cancel(-rest / slope)]
    root = sp.sqrt(sp.expand(slope**2 - 4 * square * rest))
    return [(-slope + sign * root) / (2 * square) for sign in (1, -1)]


def _passes(relations: Iterable[Boolean], at: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether none of the relations is seen to fail at a point."""
    values = {s: sp.sympify(value) for s, value in at.items()}
    return all(holds_at(r, {**dict.fromkeys(r.free_symbols, sp.Integer(0)), **values}) is not False for r in relations)


def _wanted(choice: Choice, each: Collection[Boolean]) -> list[Boolean] | None:
    """What is to be shown of a choice: that it is as given, and of the sign that its symbol is declared with."""
    there = _put(each, choice)
    if there is None:
        return None
    signed = [relation for symbol, value in choice.items() for relation in signs(symbol, value)]
    return [*there, *(relation for relation in signed if relation != sp.true)]


def _put(relations: Iterable[Boolean], values: Mapping[sp.Symbol, sp.Expr]) -> list[Boolean] | None:
    """The relations with these values, without what is then true; None where one divides by 0."""
    try:
        there = [replaced(relation, values) for relation in relations]
    except (TypeError, ValueError):  # SymPy does not compare what is no number
        return None
    return [relation for relation in there if relation != sp.true]
