"""Forward-backward splitting: a step along F, then the resolvent of A."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import Positive, checked
from eqt_theory.operators.classes import known
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.operator_rates import forward_backward_guarantee
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

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """Linear for F strongly monotone and Lipschitz or cocoercive; else |h - T(h)| of order 1/sqrt(N)."""
        return forward_backward_guarantee(self.step_size, known(*classes))

    def init(self, objective: Inclusion, h: Tensor) -> ForwardState:
        image = objective.operator(h)
        return ForwardState(h, objective.residual_from(h, image), image)

    def step(self, objective: Inclusion, state: ForwardState) -> ForwardState:
        h = objective.backward(state.h - self.step_size * state.image, self.step_size)
        image = objective.operator(h)
        return ForwardState(h, objective.residual_from(h, image), image)
