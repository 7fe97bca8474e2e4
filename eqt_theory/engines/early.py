"""A statement about every whole n that fails at one of the first, found by following its quantities there."""

from collections.abc import Mapping

import sympy as sp

from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.first_steps import at, of_the_whole, put, replaced, unrolled
from eqt_theory.engines.for_every_n import ForEveryN
from eqt_theory.engines.going_on import goes_on_from
from eqt_theory.engines.smt import prove

_FIRST_STEPS = 4
"""Beyond the start, at which a statement may be seen to fail."""
_TIMEOUT = 3.0


def fails_early(asked: ForEveryN, name: str) -> Finding | None:
    """A counterexample at one of the first n.

    What is given for each n is so at all steps up to there and for ever after, and every quantity has the sign that it
    is declared with: what fails then is the statement, and no mere step of an argument. A symbol that is itself the
    next value of a quantity is another one at each step; whatever else a step speaks of is the same at the first, as
    it may be meant to be.

    Args:
        asked: what is asked of every n.
        name: what is shown.

    Returns:
        REFUTED; INCONCLUSIVE where that a sequence goes on as given from where it fails is not shown; None where no
        such n was found.
    """
    statement, always = asked.statement, asked.always
    own = [symbol for symbol in asked.changing if symbol in asked.after.values()]
    steps = unrolled(asked.first, asked.after, (statement, *always), asked.each, own)
    seen, stuck = [next(steps), next(steps)], None
    for k in range(1 + _FIRST_STEPS):
        seen.append(next(steps))
        (values, facts), (following, more), (beyond, _) = seen[k : k + 3]
        known = [*always, *(fact for fact in facts if fact is not sp.true)]
        if sp.false in known:
            break
        if at(statement, values) in (None, sp.true):
            continue
        about = f"{name}: the base fails" if k == 0 else f"{name}: {asked.n} = {asked.start + k}"
        given = set().union(*(relation.free_symbols for relation in asked.each)) & {*values} - {asked.n}
        rests = [sp.Eq(beyond[s], following[s]) for s in sorted(given, key=str)]
        for besides in ([], [r for r in (*more, *rests) if r is not sp.true and r not in known]):
            there, named = put(statement, values, [*known, *besides])
            if sp.false in besides:
                break
            found = prove([*known, *besides, *named], there, _TIMEOUT, detail=about)
            if found.verdict is not Verdict.REFUTED:
                break
            if any(_goes_on(asked, state, found.witness or {}) for state in (following, values)):
                return of_the_whole(found, always)
            stuck = stuck or found
            if not asked.each:
                break
    if stuck is None:
        return None
    why = "that a sequence goes on from there as given, for every n, was not shown, so nothing is refuted"
    return inconclusive(Method.SMT, f"{stuck.detail}; {why}", obligations=stuck.obligations, assumes=stuck.assumes)


def _goes_on(asked: ForEveryN, state: Mapping[sp.Symbol, sp.Expr], point: Mapping[sp.Symbol, sp.Expr]) -> bool:
    parts = (asked.statement, *asked.always, *asked.each, *asked.after.values(), *asked.first.values(), *state.values())
    spoken = set().union(*(sp.sympify(part).free_symbols for part in parts)) - {*asked.first}
    at = {**{s: _any(s) for s in spoken}, **point}
    numbers = {s: replaced(sp.sympify(value), at) for s, value in state.items()}
    of_each = set().union(*(relation.free_symbols for relation in asked.each)) | {*asked.after.values()}
    own = of_each & {*asked.changing}  # of all else nothing says whether each step has its own: it stays as it was
    return goes_on_from(asked, {**{s: at[s] for s in spoken - own}, **numbers})


def _any(symbol: sp.Symbol) -> sp.Integer:
    """A number of the sign that a symbol is declared with, for one that nothing else is known of."""
    return sp.Integer(1 if symbol.is_positive else -1 if symbol.is_negative else 1 if symbol.is_nonzero else 0)
