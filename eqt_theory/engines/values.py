"""Values of expressions at rational points, in fractions."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

_OPERATIONS: dict[type, Any] = {
    sp.Add: lambda of: sum(of, Fraction(0)), sp.Mul: math.prod, sp.Max: max, sp.Min: min, sp.Abs: lambda of: abs(of[0]),
}  # fmt: skip


def exactly(expression: sp.Basic, point: Mapping[sp.Symbol, Fraction]) -> Fraction | None:
    """The value at a point, by arithmetic alone: SymPy asks about signs wherever there is a Max. None: not this way."""
    if isinstance(expression, sp.Rational):
        return Fraction(int(expression.p), int(expression.q))
    if isinstance(expression, sp.Symbol):
        return point.get(expression)
    if isinstance(expression, sp.Pow):
        base, power = exactly(expression.base, point), expression.exp
        return base ** int(power) if base is not None and power.is_Integer and (base or power > 0) else None
    if type(expression) not in _OPERATIONS:
        return None
    parts = [exactly(part, point) for part in expression.args]
    return None if None in parts else _OPERATIONS[type(expression)](parts)
