"""Constants: which SymPy numbers stand for one rational, and which."""

from fractions import Fraction
from math import isfinite

import sympy as sp


def exact(number: sp.Expr) -> Fraction | None:
    """The rational that a SymPy number stands for, or None where it is not one.

    A float counts when its shortest decimal text is its exact value, as 0.5; 0.1 does not.

    Args:
        number: any SymPy number.

    Returns:
        Its value.
    """
    if isinstance(number, sp.Rational):
        return Fraction(int(number.p), int(number.q))
    if isinstance(number, sp.Float) and number.is_finite:
        value = sp.Rational(number)  # of its binary digits, however many they are
        value, near = Fraction(int(value.p), int(value.q)), float(number)
        return value if isfinite(near) and value == Fraction(repr(near)) else None
    return None


def exactly(expr: sp.Expr) -> sp.Expr:
    """The expression with rationals in place of floats, so that no arithmetic on it rounds."""
    return expr.xreplace({f: sp.Rational(f) for f in expr.atoms(sp.Float)})
