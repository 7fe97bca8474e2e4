"""Domains: the sets of states on which a statement is made. Plain floats, no torch."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from eqt_theory.core.annotated import Count, checked, shown
from eqt_theory.core.errors import UsageError


def _floats(name: str, values: Iterable[float]) -> tuple[float, ...]:
    try:
        numbers = tuple(float(v) for v in values)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise UsageError(f"{name} must be a sequence of numbers of shape (d,), got {shown(values)}") from error
    if not numbers:
        raise UsageError(f"{name} must have at least one entry, got none")
    if not all(math.isfinite(v) for v in numbers):
        raise UsageError(f"{name} must be finite, got {shown(numbers)}")
    return numbers


@checked
@dataclass(frozen=True)
class Ball:
    """The closed Euclidean ball `|h - center| <= radius`.

    Args:
        center: shape (d,); any sequence or tensor of numbers.
        radius: positive and finite.

    Raises:
        UsageError: the center is empty or not finite, or the radius is not positive and finite.
    """

    center: tuple[float, ...]
    radius: float

    def __init__(self, center: Iterable[float], radius: float) -> None:
        object.__setattr__(self, "center", _floats("center", center))
        object.__setattr__(self, "radius", float(radius))
        if not (math.isfinite(self.radius) and self.radius > 0):
            raise UsageError(f"radius must be positive and finite, got {shown(radius)}")

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.center)

    def contains(self, point: Iterable[float]) -> bool:
        """Whether the point, shape (d,), lies in the ball."""
        return math.dist(_point(self.dim, point), self.center) <= self.radius


@checked
@dataclass(frozen=True)
class Box:
    """The closed box `low <= h <= high`, entry by entry.

    Args:
        low: lower corner, shape (d,).
        high: upper corner, shape (d,), nowhere below `low`.

    Raises:
        UsageError: the corners differ in length, are not finite, or cross.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def __init__(self, low: Iterable[float], high: Iterable[float]) -> None:
        object.__setattr__(self, "low", _floats("low", low))
        object.__setattr__(self, "high", _floats("high", high))
        if len(self.low) != len(self.high):
            raise UsageError(f"low and high must have the same length, got {len(self.low)} and {len(self.high)}")
        if any(a > b for a, b in zip(self.low, self.high, strict=True)):
            raise UsageError(f"low must not exceed high in any entry, got {shown(self.low)} and {shown(self.high)}")

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.low)

    def contains(self, point: Iterable[float]) -> bool:
        """Whether the point, shape (d,), lies in the box."""
        entries = _point(self.dim, point)
        return all(a <= x <= b for a, x, b in zip(self.low, entries, self.high, strict=True))


@checked
@dataclass(frozen=True)
class WholeSpace:
    """All of R^d.

    Args:
        dim: the dimension d, at least 1.

    Raises:
        UsageError: d is not a positive integer.
    """

    dim: Count

    def contains(self, point: Iterable[float]) -> bool:
        """Whether the point is a finite one of shape (d,)."""
        return all(math.isfinite(x) for x in _point(self.dim, point))


Domain = Ball | Box | WholeSpace


def _point(dim: int, point: Iterable[float]) -> tuple[float, ...]:
    try:
        entries = tuple(float(x) for x in point)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise UsageError(f"the point must be {dim} numbers, got {shown(point)}") from error
    if len(entries) != dim:
        raise UsageError(f"the point must have {dim} entries, as the domain has, got {len(entries)}")
    return entries
