"""The root of an expression on an interval: shown to exist, shown to be the only one, and enclosed."""

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.boxes import Domain, Side
from eqt_theory.engines.interval.expression import Env, environment, evaluate, evaluate_all, number, smooth
from eqt_theory.engines.interval.interval import Interval, precision
from eqt_theory.engines.interval.values import Enclosure, Value

_PIECES = 4096


def enclose_root(
    expr: sp.Expr,
    symbol: sp.Symbol,
    low: Value,
    high: Value,
    *,
    bits: int = 128,
    fixed: Mapping[sp.Symbol, Value] | None = None,
) -> Enclosure:
    """The only root of an expression in [low, high], shown to exist and to be unique there.

    Existence by a certain change of sign, uniqueness by a derivative of one certain sign; narrowed by interval Newton.

    Args:
        expr: composed of smooth functions, defined on the whole range.
        symbol: the unknown.
        low: left end.
        high: right end.
        bits: working precision.
        fixed: values of the other symbols, as for `enclose`.

    Returns:
        An enclosure of the root; it can be given as a value to `enclose`, `certify` and `replay_in_balls`.

    Raises:
        UsageError: no certain change of sign, the derivative may vanish, or the expression may jump or have kinks.
    """
    if not smooth(expr):
        raise UsageError(f"{expr} may have jumps or kinks; give the smooth piece that holds the root")
    slope = sp.diff(expr, symbol)
    with precision(bits):
        other = environment(fixed)
        at_low, at_high = (evaluate(expr, {**other, symbol: number(end)}) for end in (low, high))
        if not ((at_low.negative and at_high.positive) or (at_low.positive and at_high.negative)):
            shown = f"{Enclosure.of(at_low)} and {Enclosure.of(at_high)}"
            raise UsageError(f"{expr} has no certain change of sign between {low} and {high}: {shown}")
        sides = Domain.of({symbol: (low, high)}).outer[0]
        if not _monotone(expr, slope, symbol, sides, other):
            raise UsageError(f"{expr} may not be monotone between {low} and {high}; narrow the range")
        root = Interval.of(*sides)
        for _ in range(8 * bits):
            better = _narrowed(expr, slope, symbol, root, at_low.positive, other)
            if 10 * _width(better) >= 9 * _width(root):
                break
            root = better
        return Enclosure.of(root)


def _narrowed(expr: sp.Expr, slope: sp.Expr, symbol: sp.Symbol, root: Interval, falls: bool, other: Env) -> Interval:
    """A smaller interval that still holds the root: by Newton's step, else by halving."""
    middle = Interval.around([((root.lo + root.hi) / 2).mid()])
    value = evaluate(expr, {**other, symbol: middle})
    newton = (middle - value * evaluate(slope, {**other, symbol: root}).inverse()).intersection(root)
    if newton.known and 2 * _width(newton) < _width(root):
        return newton
    if value.positive or value.negative:
        return Interval(middle.lo, root.hi) if value.positive == falls else Interval(root.lo, middle.hi)
    return newton if newton.known else root


def _width(interval: Interval) -> Fraction:
    low, high = interval.ends
    return high - low


def _monotone(expr: sp.Expr, slope: sp.Expr, symbol: sp.Symbol, sides: Side, other: Env) -> bool:
    """Whether the expression is defined and its derivative has one certain sign on the whole range."""
    stack, signs = [sides], set()
    for _ in range(_PIECES):
        a, b = stack.pop()
        value, tilt = evaluate_all([expr, slope], {**other, symbol: Interval.of(a, b)})
        if value.known and (tilt.positive or tilt.negative):
            signs.add(tilt.positive)
        elif a < b:
            middle = (a + b) / 2
            stack += [(a, middle), (middle, b)]
        else:
            return False
        if len(signs) > 1:
            return False
        if not stack:
            return True
    return False
