"""Intervals with exact ends: each operation is done on balls (python-flint `arb`) at the ends and rounded outward.

A ball alone is a middle and a radius: products and powers of wide balls overestimate much, and no ball can end exactly
at 0. With the ends kept apart, [1, 3] * [1, 3] is [1, 9], and [0, 1] has no negative number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx, fmpq

from eqt_theory.core.errors import UsageError


@dataclass(frozen=True, eq=False, slots=True)
class Interval:
    """All real numbers from lo to hi.

    Args:
        lo: lower end, an exact ball.
        hi: upper end, an exact ball; where either is not finite, nothing is known.
    """

    lo: arb
    hi: arb

    @classmethod
    def around(cls, balls: Iterable[arb]) -> "Interval":
        """The least interval that holds all the balls; unknown where one is not finite."""
        low: arb | None = None
        high: arb | None = None
        for ball in balls:
            if not ball.is_finite():
                return UNKNOWN
            below, above = ball.lower(), ball.upper()
            low = below if low is None or below < low else low
            high = above if high is None or above > high else high
        return UNKNOWN if low is None or high is None else cls(low, high)

    @classmethod
    def of(cls, low: Fraction | int, high: Fraction | int | None = None) -> "Interval":
        """The interval from low to high, or that of one rational."""
        return cls.around([_rational(low)] if high is None else [_rational(low), _rational(high)])

    @property
    def known(self) -> bool:
        """Whether both ends are finite, and of a size that fits into memory."""
        return self.lo.is_finite() and self.hi.is_finite() and bool(self.lo > -_HUGE and self.hi < _HUGE)

    @property
    def positive(self) -> bool:
        """Whether every number in it is certainly positive."""
        return self.known and bool(self.lo > 0)

    @property
    def negative(self) -> bool:
        """Whether every number in it is certainly negative."""
        return self.known and bool(self.hi < 0)

    @property
    def zero(self) -> bool:
        """Whether it is exactly zero."""
        return bool(self.lo.is_zero() and self.hi.is_zero())

    @property
    def ball(self) -> arb:
        """A ball that holds it."""
        return self.lo.union(self.hi) if self.known else arb.nan()

    @property
    def ends(self) -> tuple[Fraction, Fraction]:
        """Both ends, exact; absurdly small ones rounded outward.

        Raises:
            UsageError: they are not finite.
        """
        low, high = self.lo, self.hi
        if self.known and abs(low) < _TINY and not low.is_zero():
            low = arb(0) if low > 0 else -_TINY
        if self.known and abs(high) < _TINY and not high.is_zero():
            high = arb(0) if high < 0 else _TINY
        return fraction(low), fraction(high)

    def __add__(self, other: "Interval") -> "Interval":
        return _interval((self.lo + other.lo).lower(), (self.hi + other.hi).upper())

    def __neg__(self) -> "Interval":
        return Interval(-self.hi, -self.lo)

    def __sub__(self, other: "Interval") -> "Interval":
        return _interval((self.lo - other.hi).lower(), (self.hi - other.lo).upper())

    def __mul__(self, other: "Interval") -> "Interval":
        if not (self.known and other.known):
            return UNKNOWN
        if self.lo >= 0 and other.lo >= 0:
            return _interval((self.lo * other.lo).lower(), (self.hi * other.hi).upper())
        return Interval.around([a * b for a in (self.lo, self.hi) for b in (other.lo, other.hi)])

    def __abs__(self) -> "Interval":
        if not self.known or self.lo >= 0:
            return self
        return -self if self.hi <= 0 else Interval(arb(0), (-self.lo) if -self.lo > self.hi else self.hi)

    def inverse(self) -> "Interval":
        """`1/x`; unknown where x may be zero."""
        return Interval.around([1 / self.hi, 1 / self.lo]) if self.positive or self.negative else UNKNOWN

    def power(self, n: int) -> "Interval":
        """`x^n` for n >= 1."""
        base = abs(self) if n % 2 == 0 else self
        return Interval.around([base.lo**n, base.hi**n]) if base.known else UNKNOWN

    def root(self, q: int) -> "Interval":
        """The nonnegative q-th root; unknown where x may be negative."""
        if not (self.known and self.lo >= 0):
            return UNKNOWN
        found = Interval.around([end if end.is_zero() else end.root(q) for end in (self.lo, self.hi)])
        return found if found.lo >= 0 else Interval(arb(0), found.hi)

    def rising(self, function: Callable[[arb], arb]) -> "Interval":
        """A function that never falls, applied; unknown where it is not defined at an end."""
        return Interval.around([function(self.lo), function(self.hi)]) if self.known else UNKNOWN

    def log(self) -> "Interval":
        """The logarithm; unknown where x may not be positive."""
        return self.rising(arb.log) if self.positive else UNKNOWN

    def tan(self) -> "Interval":
        """The tangent; unknown where there may be a pole."""
        return self.rising(arb.tan) if self.known and self.ball.tan().is_finite() else UNKNOWN

    def cosh(self) -> "Interval":
        """The hyperbolic cosine."""
        return abs(self).rising(arb.cosh)

    def cos(self) -> "Interval":
        """The cosine: the ends, and 1 or -1 where a multiple of pi may lie between them."""
        return self._wave(arb.cos, arb(0), arb.pi())

    def sin(self) -> "Interval":
        """The sine, likewise."""
        return self._wave(arb.sin, arb.pi() / 2, -arb.pi() / 2)

    def _wave(self, function: Callable[[arb], arb], top: arb, bottom: arb) -> "Interval":
        if not self.known:
            return UNKNOWN
        found = Interval.around([function(self.lo), function(self.hi)])
        low, high = (found.lo if found.lo > -1 else arb(-1)), (found.hi if found.hi < 1 else arb(1))
        return Interval(arb(-1) if self._meets(bottom) else low, arb(1) if self._meets(top) else high)

    def _meets(self, phase: arb) -> bool:
        """Whether `phase + 2 pi k` may lie in the interval for a whole number k."""
        first, last = (((end - phase) / (2 * arb.pi())) for end in (self.lo, self.hi))
        return not last.upper().floor() < first.lower().ceil()

    def maximum(self, other: "Interval") -> "Interval":
        """The larger of two numbers."""
        return -((-self).minimum(-other))

    def minimum(self, other: "Interval") -> "Interval":
        """The smaller of two numbers."""
        if not (self.known and other.known):
            return UNKNOWN
        return Interval(self.lo if self.lo < other.lo else other.lo, self.hi if self.hi < other.hi else other.hi)

    def union(self, other: "Interval") -> "Interval":
        """The least interval that holds both."""
        return Interval.around([self.lo, self.hi, other.lo, other.hi])

    def intersection(self, other: "Interval") -> "Interval":
        """What lies in both, for intervals that hold the same number; an unknown one adds nothing."""
        if not (self.known and other.known):
            return self if self.known else other
        low, high = (self.lo if self.lo > other.lo else other.lo), (self.hi if self.hi < other.hi else other.hi)
        return Interval(low, high) if low <= high else UNKNOWN


_HUGE, _TINY = arb(2) ** 2**20, arb(2) ** -(2**20)
UNKNOWN = Interval(arb.nan(), arb.nan())
"""Nothing is known: some operation may be undefined."""


def precision(bits: int):
    """A context in which balls are computed to that many bits; the precision before it returns afterwards."""
    return ctx.workprec(bits)


def fraction(exact: arb) -> Fraction:
    """The value of an exact ball.

    Args:
        exact: a ball of radius zero.

    Returns:
        Its value.

    Raises:
        UsageError: the ball is not finite.
    """
    if not exact.is_finite():
        raise UsageError("expected a bounded enclosure, got one that is not: the expression may be undefined")
    if not abs(exact) < _HUGE:
        raise UsageError("expected a bounded enclosure, got one of more than 300,000 digits")
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _interval(low: arb, high: arb) -> Interval:
    return Interval(low, high) if low.is_finite() and high.is_finite() else UNKNOWN


def _rational(value: Fraction | int) -> arb:
    exact = Fraction(value)
    return arb(fmpq(exact.numerator, exact.denominator))
