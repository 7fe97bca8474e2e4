"""The rate, as an expression: its square, its values, when it is one, and which one quadratics force."""

import math
from collections.abc import Sequence
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.rational import factored
from eqt_theory.engines.region import Point, Region, poles
from eqt_theory.evidence.rate.trace_symbols import Parametric

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


def forced_factor(
    method: Parametric, low: sp.Expr, high: sp.Expr, region: Region, points: Sequence[Point]
) -> sp.Expr | None:
    """The factor that quadratics of the least or largest curvature force on a method without memory.

    Args:
        method: its recurrence.
        low: the least curvature, in the symbols.
        high: the largest.
        region: the symbols.
        points: of the region; where one of the two factors is the larger one at all of them, it is given alone.

    Returns:
        It; None for a method with memory or several gradients.
    """
    if method.states != 1 or method.queries != 1 or method.D != [[0]]:
        return None
    ends = [factored(method.A[0][0] + method.B[0][0] * x * method.C[0][0]) for x in (low, high)]
    candidates = [sign * end for end in ends for sign in (1, -1)]
    for one in candidates:
        if all(region.holds(p, [one >= other for other in candidates if other is not one]) for p in points):
            return one
    return sp.Max(*(sp.Abs(end) for end in ends))
