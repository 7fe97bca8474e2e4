"""Enclosures, the public form of a rigorously enclosed number, and the values from which they are computed."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import sympy as sp
from flint import arb

from eqt_theory.core.decimals import rounded_down, rounded_up
from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.interval import UNKNOWN, Interval, fraction, precision

_BITS = 512  # more than any root or minimum is computed with


@dataclass(frozen=True)
class Enclosure:
    """A real number, known to lie between two rationals. It can be given as a value wherever a number is expected.

    Args:
        ends: the lower and the upper end, exact; None where nothing is known.
    """

    ends: tuple[Fraction, Fraction] | None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """The enclosure of a computed interval."""
        return cls(interval.ends if interval.known else None)

    @property
    def bounded(self) -> bool:
        """Whether anything is known."""
        return self.ends is not None

    @property
    def low(self) -> Fraction:
        """The lower end, exact.

        Raises:
            UsageError: the enclosure is not bounded.
        """
        return self._bounded()[0]

    @property
    def high(self) -> Fraction:
        """The upper end, exact.

        Raises:
            UsageError: the enclosure is not bounded.
        """
        return self._bounded()[1]

    @property
    def sign(self) -> int | None:
        """1, -1, 0 (only where it is exactly zero), or None where the ends do not tell."""
        if self.ends is None:
            return None
        low, high = self.ends
        return 0 if low == high == 0 else 1 if low > 0 else -1 if high < 0 else None

    @property
    def interval(self) -> Interval:
        """The enclosure at the current precision."""
        return UNKNOWN if self.ends is None else Interval.of(*self.ends)

    @property
    def ball(self) -> arb:
        """A ball that holds it, hardly larger."""
        with precision(_BITS):
            return self.interval.ball

    def _bounded(self) -> tuple[Fraction, Fraction]:
        if self.ends is None:
            raise UsageError("the enclosure has no ends: the expression may be undefined")
        return self.ends

    def __str__(self) -> str:
        if self.ends is None:
            return "unbounded"
        low, high = self.ends
        if low == high and len(str(low)) <= 12:
            return str(low)
        middle, radius = (low + high) / 2, (high - low) / 2
        if radius * 10**6 > abs(middle):
            return f"[{rounded_down(low, 6)}, {rounded_up(high, 6)}]"
        shown = rounded_down(middle)
        error = max(high - Fraction(shown), Fraction(shown) - low)
        return f"{shown} +/- {rounded_up(error, 2)}"


Value = Interval | arb | Enclosure | Fraction | int | float | sp.Expr | tuple
"""An exact number, an enclosure, or a range `(low, high)`. A float counts as the binary fraction it is."""


def rational(value: Value) -> Fraction | None:
    """The exact rational that a value is.

    Args:
        value: a number.

    Returns:
        The rational; None for any other number.

    Raises:
        UsageError: a number that is not finite, or no number at all.
    """
    match value:
        case bool() | str() | None:
            raise UsageError(f"expected a number, got {value!r}")
        case int() | Fraction():
            return Fraction(value)
        case float():
            if value - value != 0:
                raise UsageError(f"expected a finite number, got {value!r}")
            return Fraction(value)
        case sp.Float() | sp.Rational():
            exact = sp.Rational(value)  # a float keeps all its binary digits
            return Fraction(int(exact.p), int(exact.q))
        case sp.core.numbers.Infinity() | sp.core.numbers.NegativeInfinity() | sp.core.numbers.NaN():
            raise UsageError(f"expected a finite number, got {value}")
    return None


def enclosed(value: arb) -> Interval:
    """The interval of a ball, exact."""
    if not value.is_finite():
        return UNKNOWN
    middle, radius = fraction(value.mid()), fraction(value.rad())
    return Interval.of(middle - radius, middle + radius)
