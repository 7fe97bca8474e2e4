"""Gradient descent on Phi with a step size that changes from step to step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_positive
from eqt_theory.solvers.gradient_descent import contraction, descend
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class CountedState(GradientState):
    """A gradient state that knows how many steps were taken."""

    count: int


@checked
@final
@dataclass(frozen=True)
class ScheduledGradientDescent(Solver):
    """h_{k+1} = h_k - alpha_k grad Phi(h_k) (Eq. 8).

    Args:
        schedule: the step sizes, positive: a sequence alpha_0, alpha_1, ..., whose last entry stays on, or a
            function k -> alpha_k.

    Raises:
        UsageError: no step sizes, or one that is not positive and finite.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    schedule: Sequence[float] | Callable[[int], float]

    def __post_init__(self) -> None:
        if callable(self.schedule):
            return
        if not isinstance(self.schedule, Sequence) or isinstance(self.schedule, str) or not self.schedule:
            raise UsageError(
                f"schedule must be a function of k or a sequence of step sizes, got {shown(self.schedule)}"
            )
        object.__setattr__(self, "schedule", tuple(self.schedule))
        for k, alpha in enumerate(self.schedule):
            require_positive(f"schedule[{k}]", alpha)

    def init(self, objective: Objective, h: Tensor) -> CountedState:
        return CountedState(h, objective.gradient(h), 0)

    def step(self, objective: Objective, state: CountedState) -> CountedState:
        if callable(self.schedule):
            alpha = self.schedule(state.count)
            try:
                require_positive("step size", alpha)
            except UsageError:  # the count is read for the message alone, so that what traces it sees no schedule there
                require_positive(f"schedule({state.count})", alpha)
        else:
            alpha = self.schedule[min(state.count, len(self.schedule) - 1)]
        h = descend(state.h, state.gradient, float(alpha))
        return CountedState(h, objective.gradient(h), state.count + 1)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """The slowest step's factor; None for a function, whose step sizes cannot all be seen."""
        require_constants(m, M)
        if callable(self.schedule):
            return None
        return Guarantee(
            rate=round_up(max(contraction(float(alpha), m, M) for alpha in self.schedule)),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.TIGHT if len(set(self.schedule)) == 1 else Sharpness.UPPER,
            step_range=(0.0, 2 / M),
            source="gradient descent's factor, step by step",
        )
