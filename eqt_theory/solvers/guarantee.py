"""Guarantee: what a step rule promises, on which functions, and how sharp the promise is."""

import math
import numbers
import sys
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from eqt_theory.core.annotated import checked, is_number, shown
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up


class Metric(Enum):
    """The quantity that contracts."""

    DISTANCE = "|h - h*|"
    GAP = "Phi(h) - Phi(h*)"


class FunctionClass(Enum):
    """The functions Phi that the guarantee speaks of."""

    STRONGLY_CONVEX = "m-strongly convex with M-Lipschitz gradient"
    QUADRATIC = "quadratic with Hessian spectrum in [m, M]"


class Sharpness(Enum):
    """Whether the rate is attained."""

    TIGHT = "some function of the class attains the rate"
    UPPER = "no function of the class is slower; some may all be faster"


@checked
@dataclass(frozen=True)
class Guarantee:
    """A worst-case rate: `metric_k <= constant * rate**k * metric_0` for every function of the class.

    In exact arithmetic; a run in floating point ends at its rounding floor.

    Args:
        rate: factor per step, rounded upwards, never below the truth; 1 or more means no convergence is promised.
        metric: what contracts.
        function_class: the functions it speaks of.
        sharpness: TIGHT or UPPER.
        per_step: True: every single step contracts by `rate` (then constant = 1). False: only the run as a whole.
        constant: the factor in front; None where only the limit of metric_k**(1/k) is bounded by the rate.
        step_range: open interval of step sizes for which a rate below 1 holds; None where there is no step size.
        source: (Author year, Thm n) or where it is derived.

    Raises:
        UsageError: a rate that is negative or nan, or a per-step guarantee with a constant other than 1.
    """

    rate: float
    metric: Metric
    function_class: FunctionClass
    sharpness: Sharpness
    source: str
    per_step: bool = True
    constant: float | None = 1.0
    step_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.rate >= 0:
            raise UsageError(f"rate must be a number that is not negative, got {self.rate!r}")
        if self.per_step and self.constant != 1.0:
            raise UsageError(f"constant of a per-step guarantee must be 1, got {self.constant!r}")

    def __str__(self) -> str:
        how = "in every step" if self.per_step else "per step over the run"
        front = "" if self.per_step else f", constant {'unknown' if self.constant is None else f'{self.constant:.4g}'}"
        reach = f", steps in ({self.step_range[0]:.4g}, {self.step_range[1]:.4g})" if self.step_range else ""
        return (
            f"{self.metric.value} shrinks by {self.rate:.6g} {how}{front}{reach}; {self.function_class.value}; "
            f"{self.sharpness.value}; {self.source}"
        )

    def _repr_html_(self) -> str:
        """For notebooks: one fact of `str` a line."""
        front = "unknown" if self.constant is None else f"{self.constant:.4g}"
        return table(
            {
                "shrinks": self.metric.value,
                "factor": f"{self.rate:.6g} {'in every step' if self.per_step else 'per step over the run'}",
                "constant in front": "" if self.per_step else front,
                "for every Phi that is": self.function_class.value,
                "sharpness": f"{self.sharpness.name.lower()}: {self.sharpness.value}",
                "below 1 for steps in": f"({self.step_range[0]:.4g}, {self.step_range[1]:.4g})"
                if self.step_range
                else "",
                "source": self.source,
            }
        )


def require_constants(m: float, M: float) -> None:
    """Raise UsageError unless m and M are numbers with 0 < m <= M < infinity."""
    if not (_is_number(m) and _is_number(M) and 0 < m <= M <= sys.float_info.max):
        raise UsageError(f"m and M must be finite numbers with 0 < m <= M, got m={shown(m)}, M={shown(M)}")


def require_in_range(m: float, M: float, step_size: float, momentum: float = 0.0) -> None:
    """Raise UsageError unless the step size and momentum that follow from m and M stayed in their ranges."""
    if not (0 < step_size < math.inf and momentum < 1):
        raise UsageError(
            f"m and M must give parameters within floating point, got step size {step_size:.3g} and momentum "
            f"{momentum:.3g} from m={m!r}, M={M!r}"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and is_number(value)


def sqrt_up(value: Fraction) -> float:
    """A double that is not below the square root of the exact value, which is not negative; it may be infinite."""
    # 128 bits of the root, by integers: values far outside the range of doubles have roots inside it.
    shift = max(0, 256 - value.numerator.bit_length() + value.denominator.bit_length())
    shift += shift % 2
    whole = math.isqrt((value.numerator << shift) // value.denominator) + (value != 0)
    root = round_up(Fraction(whole, 1 << (shift // 2)))
    below = math.nextafter(root, 0.0)
    return below if math.isfinite(below) and Fraction(below) ** 2 >= value else root
