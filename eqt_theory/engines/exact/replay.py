"""Exact replay: relations between rational numbers as the lines of a Replay."""

import operator
from collections.abc import Iterable
from fractions import Fraction

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine

Line = tuple[str, Fraction | int, str, Fraction | int]
"""`(text, left, relation, right)`, as `("|h_1 - h*| <= rho |h_0 - h*|", Fraction(9, 10), "<=", Fraction(1, 2))`."""

_RELATIONS = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


def exact_replay(hypotheses: Iterable[Line], conclusions: Iterable[Line]) -> Replay:
    """The replay of relations between exact numbers.

    Args:
        hypotheses: what has to hold at the witness.
        conclusions: what the statement says of it; the witness counts when one fails.

    Returns:
        The replay, in exact arithmetic.

    Raises:
        UsageError: an unknown relation, or a number that is not an exact rational.
    """
    return Replay(Arithmetic.EXACT, tuple(map(_line, hypotheses)), tuple(map(_line, conclusions)))


def _line(line: Line) -> ReplayLine:
    text, left, relation, right = line
    if relation not in _RELATIONS:
        raise UsageError(f"relation must be one of {', '.join(_RELATIONS)}, got {relation!r}")
    for side in (left, right):
        if isinstance(side, bool) or not isinstance(side, (Fraction, int)):
            raise UsageError(f"both sides of {text!r} must be exact rationals, got {type(side).__name__}: {side!r}")
    return ReplayLine(text, _RELATIONS[relation](left, right), f"{left} {relation} {right}")
