"""Balls: real numbers known up to a radius, and SymPy expressions evaluated on them, rigorously."""

from collections.abc import Mapping
from fractions import Fraction
from functools import reduce

import sympy as sp
from flint import arb, ctx, fmpq
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError

Value = arb | Fraction | int | float | sp.Expr | tuple
"""An exact number, a ball, or a range `(low, high)` of exact numbers. A float counts as the binary fraction it is."""

Env = Mapping[sp.Symbol, arb]

_FUNCTIONS = {
    sp.exp: arb.exp,
    sp.log: arb.log,
    sp.sin: arb.sin,
    sp.cos: arb.cos,
    sp.tan: arb.tan,
    sp.sinh: arb.sinh,
    sp.cosh: arb.cosh,
    sp.tanh: arb.tanh,
    sp.atan: arb.atan,
    sp.erf: arb.erf,
}


def precision(bits: int):
    """A context in which balls are computed to that many bits; the precision before it returns afterwards."""
    return ctx.workprec(bits)


def ball(value: Value) -> arb:
    """The ball of a value; for a range, one that holds every number of it.

    Raises:
        UsageError: the value is no number, or a range is empty.
    """
    match value:
        case arb():
            return value
        case bool():
            raise UsageError(f"expected a number, got {value!r}")
        case int():
            return arb(value)
        case Fraction():
            return arb(fmpq(value.numerator, value.denominator))
        case float():
            return arb(value)
        case sp.Expr():
            return evaluate(value, {})
        case (low, high):
            left, right = ball(low), ball(high)
            if left > right:
                raise UsageError(f"a range must not be empty, got ({low}, {high})")
            return left.union(right)
    raise UsageError(f"expected a number, a ball or a range, got {type(value).__name__}: {value!r}")


def evaluate(expr: sp.Expr, env: Env) -> arb:
    """A ball that holds the value of the expression at every point of the given balls.

    Where the expression is not defined at some point (a zero divisor, the logarithm of a number that may not
    be positive) the result is not finite, and no sign can be read from it.

    Raises:
        UsageError: a symbol has no value, or a function is not known here.
    """
    match expr:
        case sp.Symbol():
            if expr not in env:
                raise UsageError(f"symbol {expr} has no value")
            return env[expr]
        case sp.Rational():
            return arb(fmpq(int(expr.p), int(expr.q)))
        case sp.Float():
            return arb(float(expr))
        case sp.Add():
            return reduce(lambda a, b: a + b, (evaluate(a, env) for a in expr.args))
        case sp.Mul():
            return reduce(lambda a, b: a * b, (evaluate(a, env) for a in expr.args))
        case sp.Pow():
            return _power(expr, env)
        case sp.Abs():
            return abs(evaluate(expr.args[0], env))
        case sp.Max():
            return reduce(arb.max, (evaluate(a, env) for a in expr.args))
        case sp.Min():
            return reduce(arb.min, (evaluate(a, env) for a in expr.args))
        case sp.Piecewise():
            return _piecewise(expr, env)
    if expr is sp.pi:
        return arb.pi()
    if expr is sp.E:
        return arb.const_e()
    function = _FUNCTIONS.get(expr.func)
    if function is None:
        raise UsageError(f"{expr.func.__name__} in {expr} is not known to ball arithmetic")
    return function(evaluate(expr.args[0], env))


def _power(expr: sp.Pow, env: Env) -> arb:
    base, exponent = expr.base, expr.exp
    if base is sp.E:
        return evaluate(exponent, env).exp()
    x = evaluate(base, env)
    if exponent.is_Integer:
        n = abs(int(exponent))
        # Even powers are bounded through |x|: plain multiplication forgets that they are not negative.
        power = arb(x.abs_lower()) ** n if n % 2 == 0 and x.is_finite() else x**n
        if n % 2 == 0 and x.is_finite():
            power = power.union(arb(x.abs_upper()) ** n)
        return power if exponent > 0 else 1 / power
    if isinstance(exponent, sp.Rational):
        if not x >= 0:
            return arb.nan()
        root = x.root(int(exponent.q))
        p = int(exponent.p)
        return root**p if p > 0 else 1 / root ** (-p)
    return (evaluate(exponent, env) * x.log()).exp()


def _piecewise(expr: sp.Piecewise, env: Env) -> arb:
    possible: arb | None = None
    for value, condition in expr.args:
        truth = decide(condition, env)
        if truth is False:
            continue
        here = evaluate(value, env)
        possible = here if possible is None else possible.union(here)
        if truth is True:
            return possible
    return arb.nan()  # it may be that no case applies


def decide(boolean: Boolean | bool, env: Env) -> bool | None:
    """Whether the boolean holds at every point of the balls (True), at none (False), or is not decided (None)."""
    match boolean:
        case sp.logic.boolalg.BooleanTrue() | True:
            return True
        case sp.logic.boolalg.BooleanFalse() | False:
            return False
        case sp.And():
            return _all([decide(a, env) for a in boolean.args])
        case sp.Or():
            return _not(_all([_not(decide(a, env)) for a in boolean.args]))
        case sp.Not():
            return _not(decide(boolean.args[0], env))
        case sp.Implies():
            return decide(sp.Or(sp.Not(boolean.args[0]), boolean.args[1]), env)
        case Relational():
            return _compare(evaluate(boolean.lhs, env) - evaluate(boolean.rhs, env), boolean.rel_op)
    raise UsageError(f"expected a relation or a boolean combination of relations, got {boolean}")


def _compare(difference: arb, relation: str) -> bool | None:
    if not difference.is_finite():
        return None
    certain = {
        "<": (difference < 0, difference >= 0),
        "<=": (difference <= 0, difference > 0),
        ">": (difference > 0, difference <= 0),
        ">=": (difference >= 0, difference < 0),
        "==": (difference.is_zero(), not difference.contains(0)),
        "!=": (not difference.contains(0), difference.is_zero()),
    }[relation]
    return True if certain[0] else False if certain[1] else None


def _all(truths: list[bool | None]) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth
