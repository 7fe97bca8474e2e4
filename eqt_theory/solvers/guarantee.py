"""Guarantee: what a step rule promises, on which functions, and how sharp the promise is."""

import math
import numbers
import sys
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

from eqt_theory.core.annotated import checked, is_number, shown
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up


class Metric(Enum):
    """The quantity that contracts."""

    DISTANCE = "|h - h*|"
    GAP = "Phi(h) - Phi(h*)"
    GRADIENT = "|grad Phi(h)|"
    RESIDUAL = "|h - T(h)|"
    GOVERNING = "|z - z*|"

    @property
    def degree(self) -> int:
        """The power of t by which it grows where h - h* grows by t, on quadratics: 2 for the gap, else 1."""
        return 2 if self is Metric.GAP else 1


class FunctionClass(Enum):
    """The functions Phi that the guarantee speaks of."""

    STRONGLY_CONVEX = "m-strongly convex with M-Lipschitz gradient"
    QUADRATIC = "quadratic with Hessian spectrum in [m, M]"
    CONVEX = "convex with M-Lipschitz gradient and a minimum"


class OperatorClass(Enum):
    """The maps T, or the operators F and A, that a guarantee on operators speaks of; A is maximal monotone.

    For an Inclusion T is the map of one step, of h or of the governing z, and not that of its residual.
    """

    LIPSCHITZ = "map T with that Lipschitz constant"
    NONEXPANSIVE = "nonexpansive T with a fixed point"
    AVERAGED = "averaged T with a fixed point"
    LIPSCHITZ_MONOTONE = "F strongly monotone and Lipschitz, with any A"
    COCOERCIVE_MONOTONE = "F strongly monotone and cocoercive, with any A"
    COCOERCIVE = "F cocoercive, with any A, and a solution"
    MONOTONE = "F monotone, with any A, and a solution"


class Sharpness(Enum):
    """Whether the rate is attained."""

    TIGHT = "some function of the class attains the rate"
    UPPER = "no function of the class is slower; some may all be faster"


@checked
@dataclass(frozen=True)
class Guarantee:
    """A worst-case bound for every function of the class, in exact arithmetic.

    Linear: `metric_k <= constant * rate**k * metric_0`. Sublinear: rate = 1 and power > 0, and after N steps
    `metric_N <= constant / (N + shift)**power * first_0**(degree of metric / degree of first)`, as
    `Phi(h_N) - Phi* <= 2 M |h_0 - h*|^2 / (N + 1)^2`. `bound` is either. A run in floating point ends at its rounding
    floor.

    Args:
        rate: factor per step, rounded upwards, never below the truth; 1 or more means no convergence is promised, or
            that it is sublinear.
        metric: what contracts.
        function_class: the functions it speaks of, or the operators.
        sharpness: TIGHT or UPPER.
        source: (Author year, Thm n) or where it is derived.
        per_step: True: every single step contracts by `rate` (then constant = 1). False: only the run as a whole.
        constant: the factor in front, rounded upwards; None where only the limit of metric_k**(1/k) is bounded by
            the rate.
        step_range: open interval of step sizes for which the bound holds with a rate below 1, or, where it is
            sublinear, for which it holds; None where there is no step size.
        power: p of a sublinear bound; 0 of a linear one.
        shift: what is added to N in a sublinear bound, positive.
        first: what is measured at the start; None where that is `metric`.

    Raises:
        UsageError: a rate that is negative or nan; a per-step guarantee with a constant other than 1, a power or
            another `first`; a power without rate 1 and a constant; a power that is negative or a shift that is not
            positive.
    """

    rate: float
    metric: Metric
    function_class: FunctionClass | OperatorClass
    sharpness: Sharpness
    source: str
    per_step: bool = True
    constant: float | None = 1.0
    step_range: tuple[float, float] | None = None
    power: float = 0.0
    shift: float = 1.0
    first: Metric | None = None

    def __post_init__(self) -> None:
        if not self.rate >= 0:
            raise UsageError(f"rate must be a number that is not negative, got {self.rate!r}")
        if self.per_step and self.constant != 1.0:
            raise UsageError(f"constant of a per-step guarantee must be 1, got {self.constant!r}")
        if not 0 <= self.power < math.inf:
            raise UsageError(f"power must be a finite number that is not negative, got {self.power!r}")
        if not 0 < self.shift < math.inf:
            raise UsageError(f"shift must be a positive finite number, got {self.shift!r}")
        if self.constant is not None and not self.constant >= 0:
            raise UsageError(f"constant must be a number that is not negative, got {self.constant!r}")
        if self.per_step and (self.sublinear or self.relative_to is not self.metric):
            raise UsageError("per_step must be False of a bound that is sublinear or starts from another metric")
        if self.sublinear and self.rate != 1.0:
            raise UsageError(f"rate of a sublinear guarantee must be 1, got {self.rate!r}")
        if self.constant is None and (self.sublinear or self.relative_to is not self.metric):
            raise UsageError("constant must be a number where the bound is sublinear or starts from another metric")

    @classmethod
    def after_steps(
        cls, metric: Metric, constant: Fraction, power: int, *, longest: float, sharpness: Sharpness, source: str
    ) -> "Guarantee":
        """On convex functions, `metric_N <= constant / (N + 1)**power * |h_0 - h*|**(degree of metric)`.

        Args:
            metric: what is bounded.
            constant: the constant, rounded upwards here.
            power: of N + 1.
            longest: the longest step size for which it holds.
            sharpness: TIGHT or UPPER.
            source: (Author year, Thm n).

        Returns:
            The sublinear guarantee.
        """
        return cls(
            rate=1.0,
            metric=metric,
            function_class=FunctionClass.CONVEX,
            sharpness=sharpness,
            source=source,
            per_step=False,
            constant=round_up(constant),
            step_range=(0.0, longest),
            power=float(power),
            first=Metric.DISTANCE,
        )

    @property
    def sublinear(self) -> bool:
        """Whether it is a power of the number of steps that is promised."""
        return self.power > 0

    @property
    def relative_to(self) -> Metric:
        """What is measured at the start."""
        return self.metric if self.first is None else self.first

    def bound(self, steps: Any, first: Any) -> Any:
        """The most that `metric` can be after some steps.

        Args:
            steps: how many, 0 or more; a number or an array.
            first: what `relative_to` was at the start; a number or an array that broadcasts with steps.

        Returns:
            The bound, rounded as floating point does.

        Raises:
            UsageError: no constant is known.
        """
        if self.constant is None:
            raise UsageError("bound needs a guarantee with a constant; this one speaks of the limit alone")
        start = first ** (self.metric.degree / self.relative_to.degree)
        return self.constant * self.rate**steps * start / (steps + self.shift) ** self.power

    def __str__(self) -> str:
        reach = f", steps in ({self.step_range[0]:.4g}, {self.step_range[1]:.4g})" if self.step_range else ""
        rest = f"{reach}; {self.function_class.value}; {self.sharpness.value}; {self.source}"
        if self.sublinear or self.relative_to is not self.metric:
            return f"{self.metric.value} <= {self._factors()} after N steps{rest}"
        how = "in every step" if self.per_step else "per step over the run"
        front = "" if self.per_step else f", constant {'unknown' if self.constant is None else f'{self.constant:.4g}'}"
        return f"{self.metric.value} shrinks by {self.rate:.6g} {how}{front}{rest}"

    def _factors(self) -> str:
        """The right side of a bound that is no plain factor per step."""
        power = self.metric.degree / self.relative_to.degree
        start = self.relative_to.value.replace("(h)", "(h_0)").replace("|h -", "|h_0 -")
        if power != 1:
            start = f"{start}^{power:g}" if start.startswith("|") else f"({start})^{power:g}"
        falls = f" / (N + {self.shift:g})^{self.power:g}" if self.sublinear else f" * {self.rate:.6g}^N"
        return f"{self.constant:.4g}{falls} * {start}"

    def _repr_html_(self) -> str:
        """For notebooks: one fact of `str` a line."""
        front = "unknown" if self.constant is None else f"{self.constant:.4g}"
        plain = not self.sublinear and self.relative_to is self.metric
        reach = f"({self.step_range[0]:.4g}, {self.step_range[1]:.4g})" if self.step_range else ""
        factor = f"{self.rate:.6g} {'in every step' if self.per_step else 'per step over the run'}"
        return table(
            {
                "shrinks": self.metric.value,
                "factor": factor if plain else "",
                "constant in front": front if plain and not self.per_step else "",
                "after N steps at most": "" if plain else self._factors(),
                "for every Phi that is": self.function_class.value,
                "sharpness": f"{self.sharpness.name.lower()}: {self.sharpness.value}",
                "holds for steps in" if self.sublinear else "below 1 for steps in": reach,
                "source": self.source,
            }
        )


def require_constants(m: float, M: float, *, convex: bool = False) -> None:
    """Raise UsageError unless m and M are numbers with 0 < m <= M < infinity.

    Args:
        m: strong convexity.
        M: Lipschitz constant of the gradient.
        convex: whether m = 0 will do, M being positive.

    Raises:
        UsageError: they are not.
    """
    valid = _is_number(m) and _is_number(M) and m <= M <= sys.float_info.max and M > 0
    if not (valid and (m >= 0 if convex else m > 0)):
        least = "0 <= m <= M and 0 < M" if convex else "0 < m <= M"
        raise UsageError(f"m and M must be finite numbers with {least}, got m={shown(m)}, M={shown(M)}")


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
