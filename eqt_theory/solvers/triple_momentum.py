"""The triple momentum method, whose rate 1 - sqrt(m/M) no fixed-step method of first order beats."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_number
from eqt_theory.solvers.guarantee import (
    FunctionClass,
    Guarantee,
    Metric,
    Sharpness,
    require_constants,
    require_in_range,
    sqrt_up,
)
from eqt_theory.solvers.state import State


@dataclass(frozen=True)
class TripleMomentumState(State):
    """h is the point that the guarantee is about; `descended` is where a gradient step from the last query led."""

    descended: Tensor


@checked
@final
@dataclass(frozen=True)
class TripleMomentum(Solver):
    """y = (2 q h + (1 - q) x) / (1 + q), x+ = y - s grad Phi(y), h+ = (1 - q) h + q y - (s/q) grad Phi(y), x_0 = h_0.

    With s = 1/M and q = sqrt(m/M). Its coefficients are rational in s and q, so that the guarantee speaks of the very
    numbers given.

    Args:
        step_size: s, positive.
        root: q, in (0, 1].

    Raises:
        UsageError: a parameter outside its range.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: float
    root: float

    def __post_init__(self) -> None:
        require_number("step_size", self.step_size, positive=True)
        require_number("root", self.root, positive=True)
        if self.root > 1:
            raise UsageError(f"root must lie in (0, 1], got {self.root!r}")

    @classmethod
    def optimal(cls, m: float, M: float) -> "TripleMomentum":
        """Step size 1/M and root sqrt(m/M), both rounded downwards, which keeps the guarantee's hypotheses.

        Args:
            m: strong convexity of Phi.
            M: Lipschitz constant of grad Phi.

        Returns:
            The method with rate 1 - sqrt(m/M), but for that rounding.

        Raises:
            UsageError: not 0 < m <= M < infinity, or so far apart that the step size underflows.
        """
        require_constants(m, M)
        step_size = math.nextafter(1 / M, 0.0)
        require_in_range(m, M, step_size)
        return cls(step_size, root_below(Fraction(step_size) * Fraction(m)))

    def init(self, objective: Objective, h: Tensor) -> TripleMomentumState:
        return TripleMomentumState(h, h)

    def step(self, objective: Objective, state: TripleMomentumState) -> TripleMomentumState:
        q, s = self.root, self.step_size
        y = (2 * q / (1 + q)) * state.h + ((1 - q) / (1 + q)) * state.descended
        gradient = objective.gradient(y)
        return TripleMomentumState((1 - q) * state.h + q * y - (s / q) * gradient, y - s * gradient)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Rate 1 - q and constant 1/q, for s <= 1/M and q^2 <= m s; else None."""
        require_constants(m, M)
        s, q = Fraction(self.step_size), Fraction(self.root)
        if s * Fraction(M) > 1 or q * q > s * Fraction(m):
            return None
        return Guarantee(
            rate=round_up(1 - q),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.UPPER,
            per_step=False,
            constant=round_up(1 / q),
            step_range=(0.0, 1 / M),
            source="(Van Scoy, Freeman and Lynch 2018)",
        )


def root_below(value: Fraction) -> float:
    """A double that is not above the square root of the exact value, which is not negative."""
    root = sqrt_up(value)
    return root if Fraction(root) ** 2 <= value else math.nextafter(root, 0.0)
