"""What is known of an operator, read from the class objects of the Gram engine, as exact numbers."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError


@dataclass(frozen=True)
class Known:
    """The constants of an operator; None for what is not known.

    Args:
        monotone: m with `<D, d> >= m |d|^2`.
        cocoercive: beta with `<D, d> >= beta |D|^2`.
        lipschitz: L with `|D| <= L |d|`.
        averaged: theta of (1 - theta) I + theta N, N nonexpansive.
    """

    monotone: Fraction | None = None
    cocoercive: Fraction | None = None
    lipschitz: Fraction | None = None
    averaged: Fraction | None = None

    @property
    def nonexpansive(self) -> bool:
        """Whether it certainly does not expand."""
        return self.averaged is not None or (self.lipschitz is not None and self.lipschitz <= 1)


def known(*classes: Any) -> Known:
    """The constants that classes state of one operator.

    Args:
        classes: of `eqt_theory.engines.gram`: Monotone, Cocoercive, Lipschitz, Averaged, with numbers in them.

    Returns:
        The constants, the better of two of a kind.

    Raises:
        UsageError: another class, a number that is none or out of range.
    """
    # Only here: the classes come with computer algebra.
    from eqt_theory.engines.gram import Averaged, Cocoercive, Lipschitz, Monotone

    found: dict[str, Fraction] = {}
    for one in classes:
        if isinstance(one, Monotone):
            found["monotone"] = max(_number("mu", one.mu), found.get("monotone", Fraction(-(10**300))))
        elif isinstance(one, Cocoercive):
            found["cocoercive"] = max(_positive("beta", one.beta), found.get("cocoercive", Fraction(0)))
        elif isinstance(one, Lipschitz):
            found["lipschitz"] = min(_positive("L", one.L), found.get("lipschitz", Fraction(10**300)))
        elif isinstance(one, Averaged):
            theta = _positive("theta", one.theta)
            if theta >= 1:
                raise UsageError(f"theta must lie in (0, 1), got {shown(one.theta)}")
            found["averaged"] = min(theta, found.get("averaged", Fraction(1)))
        else:
            raise UsageError(f"expected Monotone, Cocoercive, Lipschitz or Averaged of engines.gram, got {shown(one)}")
    return Known(**found)


def _number(name: str, value: Any) -> Fraction:
    try:
        return Fraction(value) if isinstance(value, int | float | Fraction) else Fraction(str(value))
    except (ValueError, OverflowError, TypeError) as error:
        raise UsageError(f"{name} must be a number, got {shown(value)}") from error


def _positive(name: str, value: Any) -> Fraction:
    number = _number(name, value)
    if number <= 0:
        raise UsageError(f"{name} must be positive, got {shown(value)}")
    return number
