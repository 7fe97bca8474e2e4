"""Decimals that lie on a known side of the rational number that they show."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction

_SHORT = 12


def rounded_up(value: Fraction, digits: int = 10) -> Decimal:
    """The least decimal of so many digits that is not below the value.

    Args:
        value: any rational number.
        digits: how many, from the first that is not 0.

    Returns:
        The decimal, without zeros at its end.
    """
    return _rounded(value, digits, ROUND_CEILING)


def rounded_down(value: Fraction, digits: int = 10) -> Decimal:
    """The largest decimal of so many digits that is not above the value; otherwise as `rounded_up`."""
    return _rounded(value, digits, ROUND_FLOOR)


def upper(value: Fraction) -> str:
    """An upper bound in words: the value itself where that is short, else ten digits."""
    return str(value) if len(str(value)) <= _SHORT else str(rounded_up(value))


def lower(value: Fraction) -> str:
    """A lower bound in words, as `upper`."""
    return str(value) if len(str(value)) <= _SHORT else str(rounded_down(value))


def _rounded(value: Fraction, digits: int, rounding: str) -> Decimal:
    context = Context(prec=digits, rounding=rounding)
    short = context.normalize(context.divide(Decimal(value.numerator), Decimal(value.denominator)))
    whole = int(short.as_tuple().exponent) > 0 and short.adjusted() < digits
    return context.quantize(short, Decimal(1)) if whole else short
