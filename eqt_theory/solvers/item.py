"""ITEM, the information-theoretic exact method: the smallest distance that gradients can promise after every step."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_number
from eqt_theory.solvers.guarantee import (
    FunctionClass,
    Guarantee,
    Metric,
    Sharpness,
    require_constants,
    require_in_range,
    sqrt_up,
)
from eqt_theory.solvers.state import State
from eqt_theory.solvers.triple_momentum import root_below


@dataclass(frozen=True)
class ITEMState(State):
    """h is the point that the guarantee is about; `descended` is where a gradient step from the last query led.

    What is left of |h_0 - h*|^2 after k steps is at most (t_k^2 - q) / ((1 - q) t_k^2), with t_k the `mixing`.
    """

    descended: Tensor
    mixing: float


@checked
@final
@dataclass(frozen=True)
class ITEM(Solver):
    """Triple momentum with the coefficients that are best after every number of steps (Taylor and Drori 2023, Alg. 1).

    y = (2 t h + (1 - t) x) / (1 + t), x+ = y - s grad Phi(y),
    h+ = (t (1 - q) h + q (1 + t) y - s (1 + t) grad Phi(y)) / (t + q), x_0 = h_0, with t = t_k from t_0 = 1,
    t+^2 = (q + r) / (1 + r), r = (1 - q) (t^2 - q) / (1 + t)^2. In the article's A_k, t_k^2 = (1 + q A_k) / (1 + A_k).
    As k grows t_k tends to sqrt q, and the method to triple momentum.

    Args:
        step_size: s = 1/M, positive.
        ratio: q = m/M, in (0, 1).

    Raises:
        UsageError: a parameter outside its range.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: float
    ratio: float

    def __post_init__(self) -> None:
        require_number("step_size", self.step_size, positive=True)
        require_number("ratio", self.ratio, positive=True)
        if self.ratio >= 1:
            raise UsageError(f"ratio must lie in (0, 1), got {self.ratio!r}")

    @classmethod
    def optimal(cls, m: float, M: float) -> "ITEM":
        """Step size 1/M and ratio m/M, both rounded downwards, which keeps the guarantee's hypotheses.

        Args:
            m: strong convexity of Phi.
            M: Lipschitz constant of grad Phi.

        Returns:
            The method; where m = M, of a ratio just below 1.

        Raises:
            UsageError: not 0 < m <= M < infinity, or so far apart that the step size underflows.
        """
        require_constants(m, M)
        step_size = math.nextafter(1 / M, 0.0)
        require_in_range(m, M, step_size)
        return cls(step_size, min(round_down(Fraction(step_size) * Fraction(m)), 1 - 2.0**-20))

    def init(self, objective: Objective, h: Tensor) -> ITEMState:
        return ITEMState(h, h, 1.0)

    def step(self, objective: Objective, state: ITEMState) -> ITEMState:
        q, s, t = self.ratio, self.step_size, state.mixing
        y = (2 * t / (1 + t)) * state.h + ((1 - t) / (1 + t)) * state.descended
        gradient = objective.gradient(y)
        ahead = (1 + t) / (t + q)
        h = (t * (1 - q) / (t + q)) * state.h + (q * ahead) * y - (s * ahead) * gradient
        rest = max(0.0, (1 - q) * (t * t - q) / (1 + t) ** 2)
        return ITEMState(h, y - s * gradient, math.sqrt((q + rest) / (1 + rest)))

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Rate 1 - sqrt(q) and constant 1/sqrt(q), for s <= 1/M and q <= m s; else None."""
        # |h_k - h*|^2 <= |h_0 - h*|^2 / (1 + q A_k), and A_k >= A_1 (1 - sqrt q)^(2 - 2k) with A_1 = 4/(1 - q)^2, which
        # exceeds 1/(1 - sqrt q)^2 by more than the rounding of the coefficients can take away.
        require_constants(m, M)
        s, q = Fraction(self.step_size), Fraction(self.ratio)
        if s * Fraction(M) > 1 or q > s * Fraction(m):
            return None
        root = Fraction(root_below(q))
        return Guarantee(
            rate=round_up(1 - root),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.UPPER,
            per_step=False,
            constant=sqrt_up(1 / q),
            step_range=(0.0, 1 / M),
            source="(Taylor and Drori 2023, Thm 3 and Cor 1)",
        )
