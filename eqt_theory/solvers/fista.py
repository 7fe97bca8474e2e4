"""FISTA: Nesterov's momentum that grows from step to step, for Phi that is convex and perhaps no more."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_number
from eqt_theory.solvers.guarantee import Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.state import State


@dataclass(frozen=True)
class FISTAState(State):
    """h is the point after a gradient step, `ahead` the extrapolated one, where the next gradient is taken."""

    ahead: Tensor
    weight: float


@checked
@dataclass(frozen=True)
class GrowingMomentum(Solver):
    """What FISTA and OGM share: one step size, and momentum by the weights t+ = (1 + sqrt(1 + 4 t^2)) / 2 from t_0 = 1.

    Args:
        step_size: s, positive.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: float

    def __post_init__(self) -> None:
        require_number("step_size", self.step_size, positive=True)

    @classmethod
    def optimal(cls, m: float, M: float) -> Self:
        """Step size 1/M, rounded downwards; m makes no difference.

        Args:
            m: strong convexity of Phi, 0 or more.
            M: Lipschitz constant of grad Phi.

        Returns:
            The method with the smallest bound.

        Raises:
            UsageError: not 0 <= m <= M < infinity with M positive.
        """
        require_constants(m, M, convex=True)
        return cls(math.nextafter(1 / M, 0.0))

    def init(self, objective: Objective, h: Tensor) -> FISTAState:
        return FISTAState(h, h, 1.0)

    def _gap(self, M: float, constant: int, source: str) -> Guarantee | None:
        """Phi(h_N) - Phi* <= constant |h_0 - h*|^2 / (s (N + 1)^2), for s <= 1/M; else None."""
        s = Fraction(self.step_size)
        if s * Fraction(M) > 1:
            return None
        return Guarantee.after_steps(
            Metric.GAP, constant / s, 2, longest=1 / M, sharpness=Sharpness.UPPER, source=source
        )


@checked
@final
@dataclass(frozen=True)
class FISTA(GrowingMomentum):
    """h+ = y - s grad Phi(y), y+ = h+ + (t - 1)/t+ (h+ - h), y_0 = h_0, t+ = (1 + sqrt(1 + 4 t^2)) / 2, t_0 = 1.

    Args:
        step_size: s, positive.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    def step(self, objective: Objective, state: FISTAState) -> FISTAState:
        h = state.ahead - self.step_size * objective.gradient(state.ahead)
        weight = next_weight(state.weight)
        return FISTAState(h, h + ((state.weight - 1) / weight) * (h - state.h), weight)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Phi(h_N) - Phi* <= 2 |h_0 - h*|^2 / (s (N + 1)^2), for s <= 1/M; else None."""
        require_constants(m, M, convex=True)
        return self._gap(M, 2, "(Beck and Teboulle 2009, Thm 4.4)")


def next_weight(t: float) -> float:
    """The positive root of x^2 - x = t^2."""
    return (1 + math.sqrt(1 + 4 * t * t)) / 2
