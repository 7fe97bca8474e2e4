"""Enclosures of single numbers, relations decided at points, and witnesses replayed in ball arithmetic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from flint import arb
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.evidence.interval.ball import Value, ball, decide, evaluate, precision

_BITS = (64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class Enclosure:
    """A real number, known to lie in a ball.

    Args:
        ball: the ball.
    """

    ball: arb

    @property
    def low(self) -> Fraction:
        """The lower end, exact."""
        return fraction(self.ball.lower())

    @property
    def high(self) -> Fraction:
        """The upper end, exact."""
        return fraction(self.ball.upper())

    @property
    def sign(self) -> int | None:
        """1, -1, 0 (only where it is exactly zero), or None where the ball does not tell."""
        if self.ball.is_zero():
            return 0
        return 1 if self.ball > 0 else -1 if self.ball < 0 else None

    def __str__(self) -> str:
        return self.ball.str(10)


def fraction(exact: arb) -> Fraction:
    """The value of an exact, finite ball."""
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def enclose(expr: sp.Expr, values: Mapping[sp.Symbol, Value] | None = None, bits: int = 128) -> Enclosure:
    """Enclose an expression.

    Args:
        expr: a real SymPy expression.
        values: for every symbol an exact number, a ball, an Enclosure's ball, or a range `(low, high)`.
        bits: working precision.

    Returns:
        A number range that holds the expression's value at every point of the values.

    Raises:
        UsageError: a symbol has no value, or a function is not known to ball arithmetic.
    """
    with precision(bits):
        return Enclosure(evaluate(sp.sympify(expr), _env(values)))


def certify(boolean: Boolean, values: Mapping[sp.Symbol, Value] | None = None) -> bool | None:
    """Whether a relation holds at every point of the values (True), at none (False), or cannot be told (None).

    Precision is raised until it can be told, or to 1024 bits.

    Args:
        boolean: relations joined by And, Or, Not, Implies.
        values: as for `enclose`.
    """
    for bits in _BITS:
        with precision(bits):
            truth = decide(boolean, _env(values))
        if truth is not None:
            return truth
    return None


def replay_in_balls(
    hypotheses: Sequence[Boolean | tuple[str, Boolean]],
    conclusions: Sequence[Boolean | tuple[str, Boolean]],
    values: Mapping[sp.Symbol, Value],
) -> Replay:
    """Put a witness into hypotheses and conclusions in ball arithmetic.

    What cannot be decided counts against the witness: as a hypothesis that fails, a conclusion that holds.

    Args:
        hypotheses: relations, or `(text, relation)`.
        conclusions: likewise.
        values: as for `enclose`; a number known only as a root may be given by its enclosing ball.

    Returns:
        The replay.
    """

    def line(item: Boolean | tuple[str, Boolean], undecided: bool) -> ReplayLine:
        text, relation = item if isinstance(item, tuple) else (str(item), item)
        truth = certify(relation, values)
        margin = ""
        if isinstance(relation, Relational):
            left, right = enclose(relation.lhs, values), enclose(relation.rhs, values)
            margin = f"{left} {relation.rel_op} {right}"
        return ReplayLine(text, undecided if truth is None else truth, margin)

    return Replay(
        Arithmetic.BALL,
        tuple(line(item, undecided=False) for item in hypotheses),
        tuple(line(item, undecided=True) for item in conclusions),
    )


def _env(values: Mapping[sp.Symbol, Value] | None) -> dict[sp.Symbol, arb]:
    return {symbol: ball(value) for symbol, value in (values or {}).items()}
