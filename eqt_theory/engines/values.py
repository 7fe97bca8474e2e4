"""Numbers and expressions of such: what may be one, and values at rational points, in fractions."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError

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


def real_number(name: str, value: Any) -> sp.Expr:
    """A real number, or an expression that may be one.

    Args:
        name: of the argument, for the error.
        value: what was given.

    Returns:
        The same as an expression.

    Raises:
        UsageError: it is something else, complex, infinite or nan.
    """
    try:
        number: Any = sp.sympify(value, strict=True)
    except (sp.SympifyError, TypeError, ValueError, AttributeError):
        number = None
    if not isinstance(number, sp.Expr) or number.is_real is False or number.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        raise UsageError(f"{name} must be a finite real number or an expression of such, got {shown(value)}")
    return number
