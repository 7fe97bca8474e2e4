"""Boxes with rational corners, as branch and bound cuts them."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.expression import number, require_sign
from eqt_theory.engines.interval.interval import Interval
from eqt_theory.engines.interval.values import Value, rational
from eqt_theory.engines.smt.signs import more_than_a_sign

Side = tuple[Fraction, Fraction]
Sides = tuple[Side, ...]
Ranges = Mapping[sp.Symbol, tuple[Value, Value]]


@dataclass(frozen=True)
class Domain:
    """A box of ranges. Ends that are not rational are rounded, outward to prove and inward to refute.

    Args:
        symbols: one per side.
        outer: sides of a box that holds the domain.
        inner: sides of a box inside the domain.
    """

    symbols: tuple[sp.Symbol, ...]
    outer: Sides
    inner: Sides

    @classmethod
    def of(cls, ranges: Ranges) -> "Domain":
        """The domain with the given ranges, at the current precision.

        Args:
            ranges: `{symbol: (low, high)}`.

        Returns:
            The domain.

        Raises:
            UsageError: there is no range, an end is not finite, a range is empty, it contradicts the declared sign, or
                its symbol is declared to be more than a number of some sign.
        """
        if not ranges:
            raise UsageError("ranges must name at least one symbol, got none")
        for symbol in ranges:
            if said := more_than_a_sign(symbol):
                raise UsageError(f"symbol {symbol} is declared {said}; a range is of all real numbers between its ends")
        sides = [_ends(symbol, *side) for symbol, side in ranges.items()]
        for symbol, (outer, inner) in zip(ranges, sides, strict=True):
            require_sign(symbol, Interval.of(*(inner if inner[0] <= inner[1] else outer)))
        return cls(tuple(ranges), tuple(s[0] for s in sides), tuple(s[1] for s in sides))

    def center(self, sides: Sides) -> dict[sp.Symbol, Fraction] | None:
        """The middle of a piece, exact; None where it is not certainly in the domain."""
        middle = {s: (a + b) / 2 for s, (a, b) in zip(self.symbols, sides, strict=True)}
        inside = all(a <= x <= b for x, (a, b) in zip(middle.values(), self.inner, strict=True))
        return middle if inside else None

    def intervals(self, sides: Sides) -> dict[sp.Symbol, Interval]:
        """The interval of every side."""
        return {symbol: Interval.of(*side) for symbol, side in zip(self.symbols, sides, strict=True)}


def halves(sides: Sides, least: Fraction) -> tuple[Sides, Sides] | None:
    """The piece cut in two across its widest side; None where that is no wider than `least`."""
    widest = max(range(len(sides)), key=lambda i: sides[i][1] - sides[i][0])
    a, b = sides[widest]
    if b - a <= least:
        return None
    middle = (a + b) / 2
    before, after = sides[:widest], sides[widest + 1 :]
    return (*before, (a, middle), *after), (*before, (middle, b), *after)


def _ends(symbol: sp.Symbol, low: Value, high: Value) -> tuple[Side, Side]:
    left, right = _around(low), _around(high)
    if left[0] > right[1]:
        raise UsageError(f"the range of {symbol} must not be empty, got ({low}, {high})")
    return (left[0], right[1]), (left[1], right[0])


def _around(end: Value) -> Side:
    exact = None if isinstance(end, tuple) else rational(end)
    if exact is not None:
        return exact, exact
    return number(end).ends
