"""SymPy expressions and relations evaluated on intervals, rigorously."""

from collections.abc import Iterable, Mapping
from functools import reduce

import sympy as sp
from flint import arb
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.interval import UNKNOWN, Interval
from eqt_theory.engines.interval.values import Enclosure, Value, enclosed, rational

Env = Mapping[sp.Symbol, Interval]

_RISING = {
    sp.exp: arb.exp,
    sp.sinh: arb.sinh,
    sp.tanh: arb.tanh,
    sp.asinh: arb.asinh,
    sp.atan: arb.atan,
    sp.erf: arb.erf,
}
_OTHERS = {
    sp.log: Interval.log,
    sp.sin: Interval.sin,
    sp.cos: Interval.cos,
    sp.tan: Interval.tan,
    sp.cosh: Interval.cosh,
    sp.Abs: Interval.__abs__,
}
_EVERYWHERE = (*_RISING, sp.sin, sp.cos, sp.cosh, sp.Abs, sp.Max, sp.Min, sp.sign, sp.Heaviside)
"""Functions that have a value at every number."""
_JUMPS = (sp.Piecewise, sp.sign, sp.Heaviside, sp.floor, sp.ceiling, sp.Mod)
_KINKS = (sp.Abs, sp.Max, sp.Min)


def environment(values: Mapping[sp.Symbol, Value] | None) -> dict[sp.Symbol, Interval]:
    """The interval of each value, at the current precision.

    Args:
        values: `{symbol: value}`.

    Returns:
        `{symbol: interval}`.

    Raises:
        UsageError: a value is no finite number, or contradicts what its symbol is declared to be.
    """
    found = {symbol: number(value) for symbol, value in (values or {}).items()}
    for symbol, interval in found.items():
        require_sign(symbol, interval)
    return found


def require_sign(symbol: sp.Symbol, interval: Interval) -> None:
    """Require that a symbol takes only values of its declared sign: SymPy has simplified on the strength of it.

    Args:
        symbol: the symbol; a value of 0 is no more than the end of a range of positive ones.
        interval: its values.

    Raises:
        UsageError: some value has the other sign, or all are 0 where 0 is excluded.
    """
    if not interval.known:
        return
    below = symbol.is_nonnegative and interval.lo < 0
    above = symbol.is_nonpositive and interval.hi > 0
    if below or above or (symbol.is_zero is False and interval.zero):
        low, high = (float(end) for end in (interval.lo, interval.hi))
        declared = "positive or zero" if below else "negative or zero" if above else "not zero"
        raise UsageError(f"symbol {symbol} is declared {declared}, got a value in [{low}, {high}]")


def number(value: Value) -> Interval:
    """The interval of a value, at the current precision.

    Args:
        value: as in `Value`; a SymPy expression without symbols counts as a number.

    Returns:
        The interval.

    Raises:
        UsageError: it is no finite number, or a range is empty.
    """
    match value:
        case Interval():
            return value
        case Enclosure():
            return value.interval
        case arb():
            return enclosed(value)
        case (low, high):
            left, right = number(low), number(high)
            if left.lo > right.hi:
                raise UsageError(f"a range must not be empty, got ({low}, {high})")
            return left.union(right)
    exact = rational(value)
    if exact is not None:
        return Interval.of(exact)
    if isinstance(value, sp.Expr):
        return evaluate(value, {})
    raise UsageError(f"expected a number, an enclosure or a range, got {type(value).__name__}: {value!r}")


def smooth(expr: sp.Expr) -> bool:
    """Whether the expression is composed of functions that are smooth wherever they are defined."""
    return not expr.has(*_JUMPS, *_KINKS)


def continuous(expr: sp.Expr) -> bool:
    """Whether the expression is composed of functions that are locally Lipschitz inside their domains."""
    return not expr.has(*_JUMPS)


def cancelled(relation: Relational) -> list[sp.Expr]:
    """The parts of both sides that may have no value somewhere and that their difference has lost, as 1/x + 1 > 1/x."""
    kept = set(sp.preorder_traversal(relation.lhs - relation.rhs))
    parts = {part for side in relation.args for part in sp.preorder_traversal(side)} - kept
    return sorted(filter(_partial, parts), key=sp.default_sort_key)


def _partial(part: sp.Basic) -> bool:
    if isinstance(part, sp.Pow):
        return not (part.exp.is_Integer and part.exp > 0) and not part.base.is_positive
    return isinstance(part, sp.Function) and not isinstance(part, _EVERYWHERE)


def evaluate(expr: sp.Expr, env: Env) -> Interval:
    """An interval that holds the value of the expression at every point of the given intervals.

    Where the expression is not defined at some point (a zero divisor, the logarithm of a number that may not
    be positive) the result is UNKNOWN, and no sign can be read from it.

    Args:
        expr: a real expression.
        env: an interval for every symbol.

    Returns:
        The interval, at the current precision.

    Raises:
        UsageError: a symbol has no value, or a function is not known here.
    """
    return _Walk(env).value(expr)


def evaluate_all(exprs: Iterable[sp.Expr], env: Env) -> list[Interval]:
    """As `evaluate`, for several expressions that share parts."""
    walk = _Walk(env)
    return [walk.value(expr) for expr in exprs]


def decide(boolean: Boolean | bool, env: Env) -> bool | None:
    """Whether the boolean holds at every point of the intervals (True), at none (False), or is not decided (None).

    Args:
        boolean: relations joined by And, Or, Not, Implies.
        env: an interval for every symbol.

    Returns:
        True, False or None.

    Raises:
        UsageError: it is no relation and no And, Or, Not or Implies of relations.
    """
    return _Walk(env).truth(boolean)


class _Walk:
    """One evaluation; remembers the parts that it has met."""

    def __init__(self, env: Env) -> None:
        self._env = env
        self._known: dict[sp.Basic, Interval] = {}

    def value(self, expr: sp.Expr) -> Interval:
        if expr not in self._known:
            self._known[expr] = self._fresh(expr)
        return self._known[expr]

    def _fresh(self, expr: sp.Expr) -> Interval:
        match expr:
            case sp.Symbol():
                if expr not in self._env:
                    raise UsageError(f"symbol {expr} has no value")
                return self._env[expr]
            case sp.Rational() | sp.Float():
                return number(expr)
            case sp.Add():
                return reduce(lambda a, b: a + b, map(self.value, expr.args))
            case sp.Mul():
                return reduce(lambda a, b: a * b, map(self.value, expr.args))
            case sp.Pow():
                return self._power(expr.base, expr.exp)
            case sp.Max():
                return reduce(Interval.maximum, map(self.value, expr.args))
            case sp.Min():
                return reduce(Interval.minimum, map(self.value, expr.args))
            case sp.Piecewise():
                return self._piecewise(expr)
            case sp.sign():
                return _step(self.value(expr.args[0]), -1)
            case sp.Heaviside():
                step = _step(self.value(expr.args[0]), 0)
                return step if step.zero or step.positive else step.union(self.value(expr.args[1]))
        if expr is sp.pi:
            return Interval.around([arb.pi()])
        if expr is sp.E:
            return Interval.around([arb.const_e()])
        if expr.func in _RISING:
            return self.value(expr.args[0]).rising(_RISING[expr.func])
        if expr.func in _OTHERS:
            return _OTHERS[expr.func](self.value(expr.args[0]))
        raise UsageError(f"{expr.func.__name__} in {expr} is not known to ball arithmetic")

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> Interval:
        if base is sp.E:
            return self.value(exponent).rising(arb.exp)
        x = self.value(base)
        if isinstance(exponent, sp.Rational):
            if exponent.q != 1:
                x = x.root(int(exponent.q))
            power = x.power(abs(int(exponent.p)))
            return power if exponent.p > 0 else power.inverse()
        return (self.value(exponent) * x.log()).rising(arb.exp)

    def _piecewise(self, expr: sp.Piecewise) -> Interval:
        possible: Interval | None = None
        for value, condition in expr.args:
            truth = self.truth(condition)
            if truth is False:
                continue
            here = self.value(value)
            possible = here if possible is None else possible.union(here)
            if truth is True:
                return possible
        return UNKNOWN  # it may be that no case applies

    def truth(self, boolean: Boolean | bool) -> bool | None:
        match boolean:
            case sp.logic.boolalg.BooleanTrue() | True:
                return True
            case sp.logic.boolalg.BooleanFalse() | False:
                return False
            case sp.And():
                return _all([self.truth(a) for a in boolean.args])
            case sp.Or():
                return _not(_all([_not(self.truth(a)) for a in boolean.args]))
            case sp.Not():
                return _not(self.truth(boolean.args[0]))
            case sp.Implies():
                return _not(_all([self.truth(boolean.args[0]), _not(self.truth(boolean.args[1]))]))
            case Relational():
                return _compare(self.value(boolean.lhs) - self.value(boolean.rhs), boolean.rel_op)
        raise UsageError(f"expected relations joined by And, Or, Not or Implies, got {boolean}")


def _step(x: Interval, low: int) -> Interval:
    """A step from low to 1 at zero, where it may have any value between them."""
    return Interval.of(1) if x.positive else Interval.of(low) if x.negative else Interval.of(low, 1) if x.known else x


def _compare(difference: Interval, relation: str) -> bool | None:
    if not difference.known:
        return None
    low, high = difference.lo, difference.hi
    certain = {
        "<": (high < 0, low >= 0),
        "<=": (high <= 0, low > 0),
        ">": (low > 0, high <= 0),
        ">=": (low >= 0, high < 0),
        "==": (difference.zero, low > 0 or high < 0),
        "!=": (low > 0 or high < 0, difference.zero),
    }[relation]
    return True if certain[0] else False if certain[1] else None


def _all(truths: list[bool | None]) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth
