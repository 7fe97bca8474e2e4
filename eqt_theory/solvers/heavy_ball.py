"""Polyak's heavy ball. Its rate holds on quadratics only; elsewhere it can cycle for ever."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import round_up
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
class HeavyBallState(GradientState):
    """The last displacement beside the states; both parameters are numbers or one per state, shape (..., 1)."""

    displacement: Tensor
    scale: "float | Tensor"
    momentum: "float | Tensor"


@checked
@final
@dataclass(frozen=True)
class HeavyBall(Solver):
    """h_{k+1} = h_k - step_size * grad Phi(h_k) + momentum * (h_k - h_{k-1}), with h_{-1} = h_0 (Polyak 1964).

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
    def optimal(cls, m: float, M: float) -> "HeavyBall":
        """The parameters with the best rate on quadratics, (sqrt M - sqrt m)/(sqrt M + sqrt m).

        Step size (2/(sqrt M + sqrt m))^2, and the momentum is the square of the rate.

        Args:
            m: strong convexity of Phi.
            M: Lipschitz constant of grad Phi.

        Returns:
            The heavy ball with these parameters; no promise off quadratics.

        Raises:
            UsageError: not 0 < m <= M < infinity, or so far apart that the momentum rounds to 1.
        """
        require_constants(m, M)
        low, high = math.sqrt(m), math.sqrt(M)
        root, rate = 2 / (low + high), (high - low) / (high + low)
        require_in_range(m, M, root * root, rate * rate)
        return cls(root * root, rate * rate)

    def init(self, objective: Objective, h: Tensor) -> HeavyBallState:
        scale = per_state("step_size", self.step_size, h)
        momentum = per_state("momentum", self.momentum, h)
        return HeavyBallState(h, objective.gradient(h), h.new_zeros(()).expand_as(h), scale, momentum)

    def step(self, objective: Objective, state: HeavyBallState) -> HeavyBallState:
        displacement = descend(state.momentum * state.displacement, state.gradient, state.scale)
        h = state.h + displacement
        return HeavyBallState(h, objective.gradient(h), displacement, state.scale, state.momentum)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """The spectral radius on quadratics, a limit, no promise elsewhere; gradient descent's without momentum."""
        require_constants(m, M)
        if extremes(self.momentum) == (0.0,):
            return GradientDescent(self.step_size).guarantee(m, M)
        radii = [
            _radius(alpha, beta, eigenvalue)
            for alpha in extremes(self.step_size)
            for beta in extremes(self.momentum)
            for eigenvalue in (m, M)
        ]
        if not radii:
            return None
        return Guarantee(
            rate=max(radii),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.QUADRATIC,
            # Several parameters at once: the corners bound every state, but no state need sit in a corner.
            sharpness=Sharpness.TIGHT if len(radii) == 2 else Sharpness.UPPER,
            per_step=False,
            constant=None,
            step_range=(0.0, 2 * (1 + min(extremes(self.momentum))) / M),
            source="(Polyak 1964); spectral radius of the step on each eigenvalue",
        )


def _radius(alpha: float, beta: float, eigenvalue: float) -> float:
    """Spectral radius of [[1 + beta - alpha lambda, -beta], [1, 0]], rounded upwards."""
    # It grows with |1 + beta - alpha lambda|, which is convex in lambda, so the ends of the spectrum are the worst.
    momentum = Fraction(beta)
    trace = abs(1 + momentum - Fraction(alpha) * Fraction(eigenvalue))
    discriminant = trace * trace - 4 * momentum
    if discriminant <= 0:
        return sqrt_up(momentum)
    root = sqrt_up(discriminant)
    return root if math.isinf(root) else round_up((trace + Fraction(root)) / 2)
