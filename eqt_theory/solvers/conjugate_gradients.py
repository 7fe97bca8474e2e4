"""Conjugate gradients on Phi: linear on quadratics, Polak-Ribiere elsewhere."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants, sqrt_up
from eqt_theory.solvers.line_search import ValuedState, backtrack, valued


@dataclass(frozen=True)
class DirectedState(ValuedState):
    """The search direction beside the states."""

    direction: Tensor


@checked
@final
@dataclass(frozen=True)
class ConjugateGradients(Solver):
    """h+ = h + t p, p+ = -grad Phi(h+) + beta p, beta = max(0, Polak-Ribiere).

    The length t is one Newton step along p, then backtracking.

    On quadratics t is exact and this is the linear method of Hestenes and Stiefel. Where Phi curves downwards along
    p, t is the length that the size of the curvature suggests.
    """

    equivariant: ClassVar[bool] = True

    def init(self, objective: Objective, h: Tensor) -> DirectedState:
        value, gradient = valued(objective, h)
        return DirectedState(h, gradient, value, -gradient)

    def step(self, objective: Objective, state: DirectedState) -> DirectedState:
        p = state.direction
        slope = (state.gradient * p).sum(-1)
        # The gradient itself wherever the direction does not descend.
        p = torch.where((slope < 0).unsqueeze(-1), p, -state.gradient)
        slope = (state.gradient * p).sum(-1)
        image = objective.hessian_vector(state.h, p)
        curvature = (p * image).sum(-1)
        size = torch.linalg.vector_norm(p, dim=-1) * torch.linalg.vector_norm(image, dim=-1)
        curvature = torch.where(curvature > 0, curvature, size)
        length = torch.where(curvature > 0, -slope / torch.where(curvature > 0, curvature, 1.0), 1.0)
        new, _ = backtrack(objective, state, p, length, decrease=1e-4)
        square = (state.gradient * state.gradient).sum(-1)
        overlap = (new.gradient * (new.gradient - state.gradient)).sum(-1)
        beta = torch.where(square > 0, overlap / torch.where(square > 0, square, 1.0), 0.0).clamp(min=0.0)
        return DirectedState(new.h, new.gradient, new.value, beta.unsqueeze(-1) * p - new.gradient)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Gap factor ((sqrt M - sqrt m)/(sqrt M + sqrt m))^2, with 4 in front, on quadratics; no promise elsewhere."""
        require_constants(m, M)
        ratio = math.nextafter(sqrt_up(Fraction(M) / Fraction(m)), math.inf)
        exact = Fraction(1) if math.isinf(ratio) else ((Fraction(ratio) - 1) / (Fraction(ratio) + 1)) ** 2
        return Guarantee(
            rate=round_up(exact),
            metric=Metric.GAP,
            function_class=FunctionClass.QUADRATIC,
            sharpness=Sharpness.UPPER,
            per_step=False,
            constant=4.0,
            source="(Nocedal and Wright 2006, Eq. 5.36), Chebyshev polynomials, exact arithmetic",
        )
