"""Parameters of a notebook: a number that a reader may change, and the range in which what follows is meant to hold."""

import math
from typing import TypeVar

from eqt_theory.core.errors import UsageError

_Number = TypeVar("_Number", int, float)


def parameter(name: str, value: _Number, low: float, high: float, why: str = "") -> _Number:
    """A number, or a message that a reader understands.

    Args:
        name: what the reader calls it.
        value: what the reader chose; a whole number where the parameter counts something.
        low: the least value that the notebook is written for, itself included.
        high: the greatest, itself included.
        why: a clause that says what the range is for.

    Returns:
        The value.

    Raises:
        UsageError: it is no number, or outside the range.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{name} must be a number from {low:g} to {high:g}, got {value!r}")
    if not math.isfinite(value) or not low <= value <= high:
        reason = f": {why}" if why else ""
        raise UsageError(f"{name} must lie between {low:g} and {high:g}, got {value:g}{reason}")
    return value


def whole(name: str, value: int, low: int, high: int, why: str = "") -> int:
    """As `parameter`, for a number that counts something.

    Args:
        name: what the reader calls it.
        value: what the reader chose.
        low: the least value.
        high: the greatest.
        why: a clause that says what the range is for.

    Returns:
        The value.

    Raises:
        UsageError: it is no whole number, or outside the range.
    """
    if isinstance(value, float):
        raise UsageError(f"{name} must be a whole number from {low} to {high}, got {value:g}")
    return parameter(name, value, low, high, why)
