"""Chebyshev's iteration: gradient steps with a momentum that follows the Chebyshev polynomials."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants, sqrt_up
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class ChebyshevState(GradientState):
    """The last displacement beside the states, and the weight of the last step; 0 before the first."""

    displacement: Tensor
    weight: float


def next_weight(weight: float, low: float, high: float) -> float:
    """omega_{k+1} = 1/(1 - sigma^2 omega_k/4) with sigma = (high - low)/(high + low); omega_1 = 1, then 2 for omega_1.

    Args:
        weight: omega_k; 0 before the first step.
        low: least eigenvalue.
        high: greatest eigenvalue.

    Returns:
        The weight of the next step.
    """
    if weight == 0:
        return 1.0
    sigma = (high - low) / (high + low)
    return 1 / (1 - sigma * sigma * (2.0 if weight == 1 else weight) / 4)


@checked
@final
@dataclass(frozen=True)
class Chebyshev(Solver):
    """h_{k+1} = w_k (h_k - 2/(low + high) grad Phi(h_k) - h_{k-1}) + h_{k-1} (Golub and Varga 1961).

    On a quadratic with spectrum in [low, high] the error after k steps is T_k applied to it, the polynomial that is
    least on that interval: `|h_k - h*| <= 2 rho^k/(1 + rho^2k) |h_0 - h*|`, rho = (sqrt high - sqrt low)/(sqrt high +
    sqrt low). No product or length is needed, unlike by conjugate gradients; no promise off quadratics.

    Args:
        low: a lower bound on the eigenvalues of the Hessian of Phi, positive.
        high: an upper bound.

    Raises:
        UsageError: not 0 < low <= high < infinity.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    low: float
    high: float

    def __post_init__(self) -> None:
        require_constants(self.low, self.high)

    def init(self, objective: Objective, h: Tensor) -> ChebyshevState:
        return ChebyshevState(h, objective.gradient(h), h.new_zeros(()).expand_as(h), 0.0)

    def step(self, objective: Objective, state: ChebyshevState) -> ChebyshevState:
        weight = next_weight(state.weight, self.low, self.high)
        moved = (weight - 1) * state.displacement
        displacement = moved.add(state.gradient, alpha=-weight / (self.low / 2 + self.high / 2))
        h = state.h + displacement
        return ChebyshevState(h, objective.gradient(h), displacement, weight)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """(sqrt high - sqrt low)/(sqrt high + sqrt low) with 2 in front, on quadratics with spectrum in [low, high]."""
        require_constants(m, M)
        if not self.low <= m <= M <= self.high:
            return None
        ratio = math.nextafter(sqrt_up(Fraction(self.high) / Fraction(self.low)), math.inf)
        exact = Fraction(1) if math.isinf(ratio) else (Fraction(ratio) - 1) / (Fraction(ratio) + 1)
        return Guarantee(
            rate=round_up(exact),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.QUADRATIC,
            sharpness=Sharpness.UPPER,
            per_step=False,
            constant=2.0,
            source="(Golub and Varga 1961); Chebyshev polynomials, exact arithmetic",
        )
