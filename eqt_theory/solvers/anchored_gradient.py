"""Gradient steps that return to the start with a weight that dies out: they keep the gradient norm small."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import round_down
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_number
from eqt_theory.solvers.gradient_descent import descend
from eqt_theory.solvers.guarantee import Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.state import GradientState


@dataclass(frozen=True)
class AnchoredGradientState(GradientState):
    """The start, to which each step returns a little, and how many steps were taken."""

    start: Tensor
    count: int


@checked
@final
@dataclass(frozen=True)
class AnchoredGradient(Solver):
    """h_{k+1} = h_0 / (k + 2) + (k + 1)/(k + 2) (h_k - s grad Phi(h_k)) (Halpern 1967; Lieder 2021).

    Args:
        step_size: s, positive.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: float

    def __post_init__(self) -> None:
        require_number("step_size", self.step_size, positive=True)

    @classmethod
    def optimal(cls, m: float, M: float) -> "AnchoredGradient":
        """Step size 2/M, rounded downwards, the longest for which a gradient step lengthens no distance.

        Args:
            m: strong convexity of Phi, 0 or more; it makes no difference.
            M: Lipschitz constant of grad Phi.

        Returns:
            The method with the smallest bound.

        Raises:
            UsageError: not 0 <= m <= M < infinity with M positive.
        """
        require_constants(m, M, convex=True)
        return cls(round_down(2 / Fraction(M)))

    def init(self, objective: Objective, h: Tensor) -> AnchoredGradientState:
        return AnchoredGradientState(h, objective.gradient(h), h, 0)

    def step(self, objective: Objective, state: AnchoredGradientState) -> AnchoredGradientState:
        moved = descend(state.h, state.gradient, self.step_size)
        h = moved + (state.start - moved) / (state.count + 2)
        return AnchoredGradientState(h, objective.gradient(h), state.start, state.count + 1)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """|grad Phi(h_N)| <= 2 |h_0 - h*| / (s (N + 1)), for s <= 2/M; else None."""
        # h - s grad Phi(h) is nonexpansive, and |h_N - T(h_N)| = s |grad Phi(h_N)|.
        require_constants(m, M, convex=True)
        if Fraction(self.step_size) * Fraction(M) > 2:
            return None
        return Guarantee.after_steps(
            Metric.GRADIENT,
            2 / Fraction(self.step_size),
            1,
            longest=2 / M,
            sharpness=Sharpness.TIGHT,
            source="(Lieder 2021, Thm 2.1); a gradient step is nonexpansive",
        )
