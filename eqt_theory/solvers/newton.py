"""Newton's method on Phi with the dense Hessian. Local: quadratic convergence near a regular minimiser."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.state import GradientState


@checked
@final
@dataclass(frozen=True)
class Newton(Solver):
    """h+ = h - hess Phi(h)^{-1} grad Phi(h), undamped.

    It looks for any stationary point, also a maximum or a saddle where Phi is not convex; far from a solution it
    may diverge. A state whose Hessian is singular becomes nan. `NewtonCG` is the damped, global form.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    def init(self, objective: Objective, h: Tensor) -> GradientState:
        return GradientState(h, objective.gradient(h))

    def step(self, objective: Objective, state: GradientState) -> GradientState:
        solved, failed = torch.linalg.solve_ex(objective.hessian(state.h), state.gradient.unsqueeze(-1))
        h = state.h - solved.squeeze(-1).masked_fill((failed != 0).unsqueeze(-1), torch.nan)
        return GradientState(h, objective.gradient(h))

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """On quadratics one step suffices, rate 0 up to rounding. Elsewhere the method is local: no promise."""
        require_constants(m, M)
        return Guarantee(
            rate=0.0,
            metric=Metric.DISTANCE,
            function_class=FunctionClass.QUADRATIC,
            sharpness=Sharpness.TIGHT,
            source="the Newton model of a quadratic is exact (Nocedal and Wright 2006, Sec. 3.3)",
        )
