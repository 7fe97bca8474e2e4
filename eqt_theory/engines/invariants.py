"""What quantities that follow a recurrence keep, by inductions of their own: what a step may need besides P(n)."""

from collections.abc import Iterator, Mapping, Sequence

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.first_steps import put
from eqt_theory.engines.for_every_n import ForEveryN
from eqt_theory.engines.smt import consistent
from eqt_theory.engines.smt.replay import holds_at

_TIMEOUT = 1.0


def kept(asked: ForEveryN, known: Sequence[Boolean], unless: Mapping[sp.Symbol, sp.Expr] | None) -> list[Boolean]:
    """Relations that hold at the start and pass on from n to n + 1, found by trying.

    Args:
        asked: what is asked of every n.
        known: those found before.
        unless: values at which they have to fail, so that they rule them out; None for any.

    Returns:
        Those that were shown: bounds by the first value, and of powers that they are not 0 and Bernoulli's inequality.
    """
    found: list[Boolean] = []
    given = [*asked.given, asked.n >= asked.start, *asked.known, *known]
    for relation in _candidates(asked):
        if not isinstance(relation, Relational) or relation in known or not relation.free_symbols <= asked.constant:
            continue  # where it is no relation any more, SymPy knows it, or that it is not so
        at = {**dict.fromkeys(relation.free_symbols, sp.Integer(0)), **(unless or {})}
        if unless is not None and holds_at(relation, at) is not False:
            continue
        there, more = put(relation, asked.after, given)
        onward = [*given, *more, *found, relation, sp.Not(there)]
        if _begins(relation, asked) and consistent(onward, _TIMEOUT) is False:
            found.append(relation)
    return found


def _begins(relation: Relational, asked: ForEveryN) -> bool:
    there = relation.subs(asked.first, simultaneous=True)
    return there == sp.true or consistent([*asked.given, sp.Not(there)], _TIMEOUT) is False


def _candidates(asked: ForEveryN) -> Iterator[Boolean]:
    for quantity, value in asked.first.items():
        if quantity is not asked.n:
            yield quantity >= value
            yield quantity <= value
    for power, base in asked.recurrences.bases.items():
        yield sp.Ne(power, 0)
        yield power <= 1
        yield power >= 1
        yield power >= 1 + asked.n * (base - 1)
        yield power * (base + asked.n * (1 - base)) <= base
