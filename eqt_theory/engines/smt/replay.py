"""Exact replay: a witness put back into the original relations, in exact arithmetic, without any prover.

It shares no code with the lowering: relations are evaluated as the user wrote them, divisions, Max and all.
"""

import functools
from collections.abc import Mapping, Sequence
from fractions import Fraction

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.engines.smt.constants import exact

Values = Mapping[sp.Symbol, sp.Expr]


def replay(hypotheses: Sequence[Boolean], conclusion: Sequence[Boolean], values: Values) -> Replay:
    """Put exact values into hypotheses and conclusions.

    Args:
        hypotheses: SymPy booleans; each becomes a line.
        conclusion: likewise; the witness is confirmed when at least one fails.
        values: an exact number, rational or algebraic, for every symbol.

    Returns:
        The replay. A relation that cannot be decided, or that divides by zero, counts against the
        witness: as a failing hypothesis, or as a conclusion that holds.
    """
    return Replay(
        Arithmetic.EXACT,
        tuple(_line(h, values, undecided=False) for h in hypotheses),
        tuple(_line(c, values, undecided=True) for c in conclusion),
    )


def confirmed(hypotheses: Sequence[Boolean], conclusion: Sequence[Boolean], values: Values) -> bool:
    """Whether `replay` confirms, without its lines: a search for simple values asks so many times."""
    if not all(holds_at(h, values) for h in hypotheses):
        return False
    return any(truth is not None and not truth for truth in (holds_at(c, values) for c in conclusion))


def holds_at(boolean: Boolean, values: Values) -> bool | None:
    """Whether the boolean holds at these exact values; None where that cannot be decided."""
    try:
        return _truth(boolean, values)
    except (ArithmeticError, ValueError, TypeError, NotImplementedError):
        # Division by zero, comparing what is complex, or a sign that SymPy cannot tell: no replay, so no witness.
        return None


def _line(boolean: Boolean, values: Values, undecided: bool) -> ReplayLine:
    truth = holds_at(boolean, values)
    margin = "undecided"
    if truth is not None:
        margin = ""
        if isinstance(boolean, Relational):
            left, right = _value(boolean.lhs, values), _value(boolean.rhs, values)
            margin = f"{left} {_SIGNS[boolean.rel_op]} {right}"
    return ReplayLine(str(boolean), undecided if truth is None else truth, margin)


_SIGNS = {"==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _truth(boolean: Boolean | bool, values: Values) -> bool:
    match boolean:
        case sp.logic.boolalg.BooleanTrue() | True:
            return True
        case sp.logic.boolalg.BooleanFalse() | False:
            return False
        case sp.And() | sp.Or():
            decides = isinstance(boolean, sp.Or)  # a part with this value decides, whatever the others mean
            truths = {holds_at(a, values) for a in boolean.args}
            if decides not in truths and None in truths:
                raise ArithmeticError(f"{boolean} is undecided")
            return (decides in truths) == decides
        case sp.Not():
            return not _truth(boolean.args[0], values)
        case sp.Implies():
            return not _truth(boolean.args[0], values) or _truth(boolean.args[1], values)
        case sp.Equivalent():
            return len({_truth(a, values) for a in boolean.args}) == 1
        case sp.Xor():
            return sum(_truth(a, values) for a in boolean.args) % 2 == 1
        case sp.ITE():
            return _truth(boolean.args[1 if _truth(boolean.args[0], values) else 2], values)
        case Relational():
            sign = sign_of(_value(boolean.lhs, values) - _value(boolean.rhs, values))
            return {
                "==": sign == 0,
                "!=": sign != 0,
                "<": sign < 0,
                "<=": sign <= 0,
                ">": sign > 0,
                ">=": sign >= 0,
            }[boolean.rel_op]
    raise TypeError(f"cannot replay {boolean}")


def _value(expr: sp.Expr, values: Values) -> sp.Expr:
    """The exact value of an expression; division by zero raises."""
    match expr:
        case sp.Symbol():
            value = values[expr]
            return _value(value, {}) if value.has(sp.Float) else value
        case sp.Float():
            value = exact(expr)
            if value is None:
                raise ValueError(f"{expr} is a rounded number")
            return sp.Rational(value.numerator, value.denominator)
        case sp.Add():
            return sp.Add(*(_value(a, values) for a in expr.args))
        case sp.Mul():
            return sp.Mul(*(_value(a, values) for a in expr.args))
        case sp.Pow():
            base = _value(expr.base, values)
            if expr.exp.is_negative and sign_of(base) == 0:
                raise ZeroDivisionError(f"{expr} divides by zero")
            if not expr.exp.is_integer and sign_of(base) < 0:
                raise ValueError(f"{expr} takes a root of a negative number")
            return base**expr.exp
        case sp.Abs():
            base = _value(expr.args[0], values)
            return -base if sign_of(base) < 0 else base
        case sp.Max() | sp.Min():
            best, *others = (_value(a, values) for a in expr.args)
            for other in others:
                if (sign_of(other - best) > 0) == isinstance(expr, sp.Max):
                    best = other
            return best
        case sp.Piecewise():
            for value, condition in expr.args:
                if _truth(condition, values):
                    return _value(value, values)
            raise ValueError(f"no case of {expr} applies")
    if expr.is_number and expr.is_algebraic:
        return expr
    raise TypeError(f"cannot evaluate {expr}")


@functools.lru_cache(maxsize=1024)
def sign_of(number: sp.Expr) -> int:
    """The sign of an exact real algebraic number; remembered, for it takes long where the number is zero."""
    if isinstance(number, sp.Rational):
        value = Fraction(int(number.p), int(number.q))
        return (value > 0) - (value < 0)
    for digits in (30, 60):
        if sign := _sign_of_digits(number, digits):
            return sign
    minimal = sp.minimal_polynomial(number, polys=True)
    if minimal.degree() == 1:
        lead, constant = minimal.all_coeffs()
        return sign_of(sp.Rational(-constant, lead))
    for digits in (120, 240, 480):  # not zero, so some precision separates it from zero
        if sign := _sign_of_digits(number, digits):
            return sign
    raise ArithmeticError(f"the sign of {number} could not be decided")


def _sign_of_digits(number: sp.Expr, digits: int) -> int:
    """The sign, where this many correct digits show it; else 0."""
    try:
        value = number.evalf(digits, strict=True)
    except sp.core.evalf.PrecisionExhausted:
        return 0
    if value.is_real and abs(value) > sp.Float(10) ** (10 - digits):
        return 1 if value > 0 else -1
    return 0
