"""Nesterov's accelerated gradient method with constant momentum, for strongly convex Phi."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, extremes, per_state, require_momentum, require_positive
from eqt_theory.solvers.gradient_descent import GradientDescent, descend
from eqt_theory.solvers.guarantee import (
    FunctionClass,
    Guarantee,
    Metric,
    Sharpness,
    require_constants,
    require_in_range,
    sqrt_up,
)
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class NesterovState(GradientState):
    """h is the extrapolated point, where the gradient is taken; `descended` is the point before extrapolation."""

    descended: Tensor
    scale: "float | Tensor"
    momentum: "float | Tensor"


@checked
@final
@dataclass(frozen=True)
class Nesterov(Solver):
    """x_{k+1} = h_k - step_size * grad Phi(h_k), h_{k+1} = x_{k+1} + momentum * (x_{k+1} - x_k), with x_0 = h_0.

    The state reported is h, the point whose gradient is known.

    Args:
        step_size: positive; a number, or one per state as a tensor of the batch shape.
        momentum: in [0, 1); the same.

    Raises:
        UsageError: a parameter outside its range.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: "float | Tensor"
    momentum: "float | Tensor"

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        require_momentum("momentum", self.momentum)

    @classmethod
    def optimal(cls, m: float, M: float) -> "Nesterov":
        """Step size 1/M and momentum (sqrt M - sqrt m)/(sqrt M + sqrt m).

        Args:
            m: strong convexity of Phi.
            M: Lipschitz constant of grad Phi.

        Returns:
            The method with the standard guarantee, rate sqrt(1 - sqrt(m/M)).

        Raises:
            UsageError: not 0 < m <= M < infinity, or so far apart that the momentum rounds to 1.
        """
        require_constants(m, M)
        low, high = math.sqrt(m), math.sqrt(M)
        # Rounded towards a shorter step and a larger momentum, which keeps the guarantee's hypotheses.
        step_size, momentum = math.nextafter(1 / M, 0.0), (high - low) / (high + low) + 4 * 2.0**-53
        require_in_range(m, M, step_size, momentum)
        return cls(step_size, momentum)

    def init(self, objective: Objective, h: Tensor) -> NesterovState:
        scale = per_state("step_size", self.step_size, h)
        return NesterovState(h, objective.gradient(h), h, scale, per_state("momentum", self.momentum, h))

    def step(self, objective: Objective, state: NesterovState) -> NesterovState:
        descended = descend(state.h, state.gradient, state.scale)
        h = descended + state.momentum * (descended - state.descended)
        return NesterovState(h, objective.gradient(h), descended, state.scale, state.momentum)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Rate sqrt(1 - q), momentum = (1 - q)/(1 + q), for step_size <= 1/M and q^2 <= m step_size; else None."""
        # Phi is also m'-strongly convex with m' = q^2/step_size <= m, for which this momentum is the standard one. The
        # potential V = Phi(x) - Phi* + m'/2 |z - h*|^2, z = h + (h - x)/q, shrinks by 1 - q per step; h lies between x
        # and z, so |h_k - h*| <= sqrt((M + m')/m') rate^k |h_0 - h*|.
        require_constants(m, M)
        alphas, betas = extremes(self.step_size), extremes(self.momentum)
        if not alphas or not betas:
            return None
        if betas == (0.0,):  # gradient descent
            return GradientDescent(self.step_size).guarantee(m, M)
        rates, constants = [], []
        for alpha in map(Fraction, alphas):
            for beta in map(Fraction, betas):
                q = (1 - beta) / (1 + beta)
                if alpha * Fraction(M) > 1 or q * q > alpha * Fraction(m):
                    return None
                rates.append(1 - q)
                constants.append(1 + Fraction(M) * alpha / (q * q))
        return Guarantee(
            rate=sqrt_up(max(rates)),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.UPPER,
            per_step=False,
            constant=sqrt_up(max(constants)),
            step_range=(0.0, 1 / M),
            source="(Nesterov 2018, Thm 2.2.3 and Sec. 2.2.1); potential of (Bansal and Gupta 2019, Sec. 5.4)",
        )
