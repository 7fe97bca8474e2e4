"""Replay: a witness put back into a statement, line by line."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context
from enum import StrEnum
from fractions import Fraction
from math import isfinite
from typing import Self

from eqt_theory.core.errors import UsageError

_ROUNDINGS = 4 * 2.0**-53

_EXCESS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "<": lambda left, right: left - right,
    "<=": lambda left, right: left - right,
    "=": lambda left, right: abs(left - right),
    ">=": lambda left, right: right - left,
    ">": lambda left, right: right - left,
}
"""By how much printed numbers break a relation."""


class Arithmetic(StrEnum):
    """In which arithmetic a witness was replayed."""

    EXACT = "exact arithmetic"
    BALL = "ball arithmetic"
    FLOAT = "float64, margin above the rounding error"


@dataclass(frozen=True)
class ReplayLine:
    """One hypothesis or conclusion at the witness.

    Args:
        text: the relation, readable.
        holds: whether it holds at the witness.
        margin: by how much it holds or fails, as text (exact, or an enclosure).
    """

    text: str
    holds: bool
    margin: str = ""

    @classmethod
    def compared(cls, text: str, value: float, relation: str, bound: float, error: float) -> Self:
        """The line of a relation between two floating-point numbers, which fails only beyond doubt.

        The numbers are printed, and what is printed is compared: it must break the relation by more than the printed
        error. An error bound of zero is no licence, so a few roundings of the numbers themselves are always allowed.

        Args:
            text: the relation, readable.
            value: the left side; one that is not finite breaks nothing.
            relation: `<`, `<=`, `=`, `>=` or `>`. Between rounded numbers strictness makes no difference.
            bound: the right side.
            error: by how much the two sides may be off together.

        Returns:
            The line, with both numbers and the error in its margin.

        Raises:
            UsageError: the relation is none of these.
        """
        if relation not in _EXCESS:
            raise UsageError(f"relation must be one of {', '.join(_EXCESS)}, got {relation!r}")
        allowed = max(error, _ROUNDINGS * max(abs(value), abs(bound)))
        if not (isfinite(value) and isfinite(bound) and isfinite(allowed) and error >= 0):
            return cls(text, True, f"undecided: {value:.9g} {relation} {bound:.9g}, off by at most {error:.1e}")
        off = Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(allowed)
        holds, margin = True, ""
        for digits in (9, 12, 15, 17):
            left, right = f"{value:.{digits}g}", f"{bound:.{digits}g}"
            holds = _EXCESS[relation](Fraction(left), Fraction(right)) <= Fraction(off)
            margin = f"{left} {relation} {right}, off by at most {off:.1e}"
            if not holds:
                break
        return cls(text, holds, margin)


@dataclass(frozen=True)
class Replay:
    """A witness put back into a statement by code that did not find it."""

    arithmetic: Arithmetic
    hypotheses: tuple[ReplayLine, ...]
    conclusions: tuple[ReplayLine, ...]

    @property
    def confirms(self) -> bool:
        """Whether every hypothesis holds and at least one conclusion fails."""
        return (
            bool(self.conclusions)
            and all(line.holds for line in self.hypotheses)
            and not all(line.holds for line in self.conclusions)
        )
