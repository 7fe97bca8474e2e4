"""Gradient descent with backtracking: no constant needs to be known."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_positive
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.line_search import ValuedState, backtrack, valued


@dataclass(frozen=True)
class BacktrackingState(ValuedState):
    """The last accepted length beside the states, shape (...)."""

    length: Tensor


@checked
@final
@dataclass(frozen=True)
class BacktrackingGradientDescent(Solver):
    """h+ = h - t grad Phi(h) with Phi(h+) <= Phi(h) - t/2 |grad Phi(h)|^2 (Armijo 1966).

    Each step tries twice the last length, at most `step_size`, and halves until the decrease is there, or until the
    length no longer moves the state.

    Args:
        step_size: the largest step size, positive.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    equivariant: ClassVar[bool] = True

    step_size: float = 1.0

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)

    def init(self, objective: Objective, h: Tensor) -> BacktrackingState:
        value, gradient = valued(objective, h)
        return BacktrackingState(h, gradient, value, torch.full_like(value, float(self.step_size)))

    def step(self, objective: Objective, state: BacktrackingState) -> BacktrackingState:
        first = (2 * state.length).clamp(max=float(self.step_size))
        new, taken = backtrack(objective, state, -state.gradient, first, decrease=0.5, halvings=None)
        length = torch.where(taken > 0, taken, state.length)
        return BacktrackingState(new.h, new.gradient, new.value, length)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """1 - m min(step_size, 1/(2M)): every t <= 1/M is accepted, and |grad Phi|^2 >= 2 m (Phi - Phi*)."""
        require_constants(m, M)
        shortest = min(Fraction(float(self.step_size)), 1 / (2 * Fraction(M)))
        return Guarantee(
            rate=round_up(1 - Fraction(m) * shortest),
            metric=Metric.GAP,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.UPPER,
            step_range=(0.0, float("inf")),
            source="(Boyd and Vandenberghe 2004, Sec. 9.3.1) with decrease 1/2 and halving",
        )
