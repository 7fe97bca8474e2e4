"""Newton's method by conjugate gradients on Hessian-vector products, made global by backtracking."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_count
from eqt_theory.solvers.line_search import ValuedState, backtrack, valued
from eqt_theory.solvers.linear import conjugate_gradients


@dataclass(frozen=True)
class NewtonState(ValuedState):
    """The gradient norm at the start beside the states, shape (...), which sets the scale of the inner tolerance."""

    initial: Tensor


@checked
@final
@dataclass(frozen=True)
class NewtonCG(Solver):
    """h+ = h + t p with hess Phi(h) p = -grad Phi(h) solved inexactly, t by backtracking.

    The relative residual allowed is min(1/2, sqrt(|grad Phi(h)| / |grad Phi(h_0)|)).

    Where a direction of negative curvature turns up, p is what was found before it. Superlinear near a regular
    minimiser (Dembo, Eisenstat and Steihaug 1982, Thm 3.3); no rate is promised from afar.

    Args:
        inner_steps: products per step at most; None is 2 d + 10.

    Raises:
        UsageError: inner_steps is not a positive integer.
    """

    equivariant: ClassVar[bool] = True

    inner_steps: int | None = None

    def __post_init__(self) -> None:
        if self.inner_steps is not None:
            require_count("inner_steps", self.inner_steps)

    def init(self, objective: Objective, h: Tensor) -> NewtonState:
        value, gradient = valued(objective, h)
        return NewtonState(h, gradient, value, torch.linalg.vector_norm(gradient, dim=-1))

    def step(self, objective: Objective, state: NewtonState) -> NewtonState:
        norm = torch.linalg.vector_norm(state.gradient, dim=-1)
        forcing = (norm / state.initial).sqrt().nan_to_num(0.0).clamp(max=0.5)
        solved = conjugate_gradients(
            lambda v: objective.hessian_vector(state.h, v),
            -state.gradient,
            forcing,
            self.inner_steps or 2 * state.h.shape[-1] + 10,
        )
        new, _ = backtrack(objective, state, solved.first, torch.ones_like(state.value), decrease=1e-4)
        return NewtonState(new.h, new.gradient, new.value, state.initial)
