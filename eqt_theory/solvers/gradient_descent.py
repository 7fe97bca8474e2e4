"""Gradient descent on Phi, the refinement of the paper (Eq. 8)."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, extremes, per_state, require_positive
from eqt_theory.solvers.guarantee import (
    FunctionClass,
    Guarantee,
    Metric,
    Sharpness,
    require_constants,
    require_in_range,
)
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class ScaledState(GradientState):
    """Gradient descent's state: the step size, a number or one per state, shape (..., 1), travels with the states."""

    scale: "float | Tensor"


def contraction(step_size: float, m: float, M: float) -> Fraction:
    """max(|1 - alpha m|, |1 - alpha M|), exactly."""
    alpha = Fraction(step_size)
    return max(abs(1 - alpha * Fraction(m)), abs(1 - alpha * Fraction(M)))


@checked
@final
@dataclass(frozen=True)
class GradientDescent(Solver):
    """h+ = h - step_size * grad Phi(h) (Eq. 8), with one step size throughout.

    Args:
        step_size: positive; a number, or one per state as a tensor of the batch shape.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: "float | Tensor"

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)

    @classmethod
    def optimal(cls, m: "float | Tensor", M: "float | Tensor") -> "GradientDescent":
        """The step size with the smallest worst-case factor: 2/(m + M), factor (M - m)/(M + m).

        Args:
            m: strong convexity of Phi; a number, or one per state.
            M: Lipschitz constant of grad Phi; the same.

        Returns:
            Gradient descent with that step size.

        Raises:
            UsageError: not 0 < m <= M < infinity.
        """
        if isinstance(m, Tensor) or isinstance(M, Tensor):
            for name, value in (("m", m), ("M", M)):
                require_positive(name, value)
            if not bool((m <= M).all()):  # type: ignore[union-attr]
                raise UsageError(f"m and M must satisfy 0 < m <= M for every state, got m={m!r}, M={M!r}")
            return cls(2 / (m + M))
        require_constants(m, M)
        step_size = 2 / (m + M) if math.isfinite(m + M) else 1 / (m / 2 + M / 2)
        require_in_range(m, M, step_size)
        return cls(step_size)

    def init(self, objective: Objective, h: Tensor) -> ScaledState:
        return ScaledState(h, objective.gradient(h), per_state("step_size", self.step_size, h))

    def step(self, objective: Objective, state: ScaledState) -> ScaledState:
        h = descend(state.h, state.gradient, state.scale)
        return ScaledState(h, objective.gradient(h), state.scale)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        require_constants(m, M)
        rates = [contraction(alpha, m, M) for alpha in extremes(self.step_size)]
        if not rates:
            return None
        return Guarantee(
            rate=round_up(max(rates)),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.TIGHT,
            step_range=(0.0, 2 / M),
            source="(Polyak 1987, Sec. 1.4, Thm 3); (Taylor, Hendrickx and Glineur 2018, Thm 2.1)",
        )


def descend(h: Tensor, gradient: Tensor, scale: "float | Tensor") -> Tensor:
    """The states less scale times the gradient, in one pass over memory."""
    if isinstance(scale, Tensor):
        return h.addcmul(gradient, scale, value=-1)
    return h.add(gradient, alpha=-scale)
