"""The optimized gradient method: FISTA with one more momentum, and half its bound."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_number
from eqt_theory.solvers.fista import FISTAState, next_weight
from eqt_theory.solvers.guarantee import Guarantee, Metric, Sharpness, require_constants


@checked
@final
@dataclass(frozen=True)
class OGM(Solver):
    """h+ = y - s grad Phi(y), y+ = h+ + (t - 1)/t+ (h+ - h) + t/t+ (h+ - y), t as in FISTA (Kim and Fessler 2016).

    The state reported is h, so that no last step has to be planned for.

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
    def optimal(cls, m: float, M: float) -> "OGM":
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

    def step(self, objective: Objective, state: FISTAState) -> FISTAState:
        h = state.ahead - self.step_size * objective.gradient(state.ahead)
        weight = next_weight(state.weight)
        ahead = h + ((state.weight - 1) / weight) * (h - state.h) + (state.weight / weight) * (h - state.ahead)
        return FISTAState(h, ahead, weight)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Phi(h_N) - Phi* <= |h_0 - h*|^2 / (s (N + 1)^2), for s <= 1/M; else None."""
        # |h_0 - h*|^2 / (4 s t_{N-1}^2) with t_{N-1} >= (N + 1)/2.
        require_constants(m, M, convex=True)
        if Fraction(self.step_size) * Fraction(M) > 1:
            return None
        return Guarantee.after_steps(
            Metric.GAP,
            1 / Fraction(self.step_size),
            2,
            longest=1 / M,
            sharpness=Sharpness.UPPER,
            source="(Kim and Fessler 2017, Thm 3.1)",
        )
