"""Enclosures of single numbers, relations decided at points, and witnesses replayed in ball arithmetic."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.engines.interval.expression import decide, environment, evaluate
from eqt_theory.engines.interval.interval import Interval, precision
from eqt_theory.engines.interval.values import Enclosure, Value, rational

_BITS = (64, 128, 256, 512, 1024)

Values = Mapping[sp.Symbol, Value]
Line = Boolean | bool | tuple[str, Boolean | bool]


def enclose(expr: sp.Expr | float, values: Values | None = None, *, digits: int = 30) -> Enclosure:
    """Enclose an expression; outward rounded.

    Args:
        expr: a real SymPy expression.
        values: for every symbol an exact number, an expression without symbols, an Enclosure, or a range `(low, high)`.
        digits: decimal digits wanted where the values are exact; precision is raised until they are there, or to
            1024 bits.

    Returns:
        A number range that holds the expression's value at every point of the values; not bounded where the
        expression may be undefined at one of them.

    Raises:
        UsageError: a symbol has no value, or a function is not known to ball arithmetic.
    """  # noqa: DOC502
    wanted = sp.sympify(expr)
    needed = int(3.33 * digits) + 2
    found = Enclosure(None)
    for bits in (max(64, needed + 16), max(256, 2 * needed), max(_BITS[-1], 8 * needed)):
        with precision(bits):
            env = environment(values)
            interval = evaluate(wanted, env)
        found = Enclosure.of(interval)
        if _accurate(interval, needed) or not all(_accurate(x, needed) for x in env.values()):
            break
    return found


def _accurate(interval: Interval, bits: int) -> bool:
    """Whether the ends agree to that many bits."""
    if not interval.known:
        return False
    low, high = interval.ends
    return (high - low) * 2**bits <= abs(low)


def certify(boolean: Boolean | bool, values: Values | None = None) -> bool | None:
    """Whether a relation holds at every point of the values (True), at none (False), or cannot be told (None).

    Relations that are rational at exact values are decided exactly, equality too. For others precision is raised until
    it can be told, or to 1024 bits.

    Args:
        boolean: relations joined by And, Or, Not, Implies.
        values: as for `enclose`.

    Returns:
        True, False or None. A relation with an undefined side cannot be told.

    Raises:
        UsageError: not a relation, or as for `enclose`.
    """
    if not isinstance(boolean, bool | Boolean):
        raise UsageError(f"expected a relation between SymPy expressions, got {type(boolean).__name__}: {boolean!r}")
    boolean = _settled(boolean, values or {})
    for bits in _BITS:
        with precision(bits):
            truth = decide(boolean, environment(values))
        if truth is not None:
            return truth
    return None


def _settled(boolean: Boolean | bool, values: Values) -> Boolean | bool:
    """The boolean with those relations decided whose two sides differ by an exact rational at the values."""
    if isinstance(boolean, bool):
        return boolean
    exact: dict[sp.Basic, sp.Rational] = {}
    for symbol, value in values.items():
        number = None if isinstance(value, tuple) else rational(value)
        if number is not None:
            exact[symbol] = sp.Rational(number.numerator, number.denominator)
    known: dict[sp.Basic, sp.Basic] = {}
    for relation in boolean.atoms(Relational):
        if relation.free_symbols <= exact.keys() and not relation.has(sp.Float):
            left, right = (enclose(side, exact) for side in relation.args)
            if not (left.bounded and right.bounded):  # cancelling could hide that a side is undefined
                continue
            try:
                gap = relation.lhs.xreplace(exact) - relation.rhs.xreplace(exact)
            except (TypeError, ValueError):  # a branch not taken that is complex there, say
                continue
            if not isinstance(gap, sp.Rational):
                continue
            if left.low - right.high <= Fraction(int(gap.p), int(gap.q)) <= left.high - right.low:
                known[relation] = sp.sympify(relation.func(gap, 0))
    return boolean.xreplace(known)


def replay_in_balls(hypotheses: Sequence[Line], conclusions: Sequence[Line], values: Values) -> Replay:
    """Put a witness into hypotheses and conclusions in ball arithmetic.

    What cannot be decided counts against the witness: as a hypothesis that fails, a conclusion that holds.

    Args:
        hypotheses: relations, or `(text, relation)`.
        conclusions: likewise.
        values: as for `enclose`; a number known only as a root is given as the Enclosure of it.

    Returns:
        The replay.
    """
    return Replay(
        Arithmetic.BALL,
        tuple(_line(item, values, undecided=False) for item in hypotheses),
        tuple(_line(item, values, undecided=True) for item in conclusions),
    )


def _line(item: Line, values: Values, undecided: bool) -> ReplayLine:
    text, relation = item if isinstance(item, tuple) else (str(item), item)
    truth = certify(relation, values)
    margin = ""
    if not isinstance(relation, bool) and isinstance(relation, Relational):
        left, right = (enclose(side, values) for side in relation.args)
        margin = f"{left} {relation.rel_op} {right}"
        if truth is False and relation.func in _BROKEN:
            # Sides that print alike show nothing: what is between them is printed, and breaks the relation itself.
            gap = enclose(relation.lhs - relation.rhs, values)
            margin = f"{margin}, the difference is {gap}"
            truth = False if gap.sign in _BROKEN[relation.func] else None
    if truth is None:
        margin = f"undecided: {margin}" if margin else "undecided"
    return ReplayLine(text, undecided if truth is None else truth, margin)


_BROKEN = {sp.Lt: (0, 1), sp.Le: (1,), sp.Eq: (-1, 1), sp.Ge: (-1,), sp.Gt: (-1, 0)}
"""The signs of the difference of the sides that break a relation."""
