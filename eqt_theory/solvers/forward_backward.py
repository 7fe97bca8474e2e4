"""Forward-backward splitting: a step along F, then the resolvent of A."""

from dataclasses import dataclass
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.state import ResidualState


@dataclass(frozen=True)
class ForwardState(ResidualState):
    """F(h), shape (..., d)."""

    image: Tensor


@checked
@final
@dataclass(frozen=True)
class ForwardBackward(Solver):
    """h+ = prox(h - alpha F(h), alpha) (Lions and Mercier 1979); with a projection, projected gradient steps.

    Args:
        step_size: alpha, positive, one number.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    solves: ClassVar[tuple[type, ...]] = (Inclusion,)
    differentiable: ClassVar[bool] = True

    step_size: Positive

    def init(self, objective: Inclusion, h: Tensor) -> ForwardState:
        image = objective.operator(h)
        return ForwardState(h, objective.residual_from(h, image), image)

    def step(self, objective: Inclusion, state: ForwardState) -> ForwardState:
        h = objective.backward(state.h - self.step_size * state.image, self.step_size)
        image = objective.operator(h)
        return ForwardState(h, objective.residual_from(h, image), image)
