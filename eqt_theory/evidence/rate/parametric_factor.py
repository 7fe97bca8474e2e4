"""The rate that is claimed, as an expression: its square, its values, and when it is one."""

import math
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.rate.region import Point, Region, poles

_BITS = 60


def square_of(rate: sp.Expr) -> sp.Expr:
    """The square of a rate that is a rational function, or one times square roots of such.

    Args:
        rate: in the symbols.

    Returns:
        It.

    Raises:
        UsageError: it is something else.
    """
    square = sp.powsimp(sp.expand_power_base(rate**2, force=True))
    if not square.is_rational_function():
        raise UsageError(f"rate must be rational in the symbols, or square roots of such times one, got {rate}")
    return square


def conditions(rate: sp.Expr) -> list[Boolean]:
    """What makes a rate a number that is not negative."""
    roots = [x for x in sp.Mul.make_args(rate) if not x.is_rational_function()]
    rest = sp.Mul(*(x for x in sp.Mul.make_args(rate) if x.is_rational_function()))
    inside = [root.base for root in roots]
    return [rest >= 0, *(x >= 0 for x in inside), *poles(rest), *(pole for x in inside for pole in poles(x)),
            *(sp.Ne(x.base, 0) for x in roots if x.exp.is_negative)]  # fmt: skip


def rate_at(rate: sp.Expr, point: Point, region: Region) -> Fraction:
    """The value of a rate at a point; where it is no fraction, one that is a little larger.

    Args:
        rate: in the symbols.
        point: of the region.
        region: of the symbols.

    Returns:
        It.

    Raises:
        UsageError: neither it nor its square is a rational number there.
    """
    if region.defined(rate, point):
        return region.at(rate, point)
    square = region.at(square_of(rate), point)
    if square < 0:
        raise UsageError(f"rate must be real, its square is {square} at {region.shown(point)}")
    root = Fraction(math.isqrt(square.numerator * 4**_BITS // square.denominator) + 1, 2**_BITS)
    rest = sp.Mul(*(x for x in sp.Mul.make_args(rate) if x.is_rational_function()))
    return root if region.at(rest, point) >= 0 else -root
