"""The true proximal gradient step: explicit in the energy, implicit in the proximal term."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import round_down, round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, extremes, per_state, require_number, require_positive
from eqt_theory.solvers.gradient_descent import ScaledState, descend
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants


@checked
@final
@dataclass(frozen=True)
class ProximalGradient(Solver):
    """h+ = (h - alpha grad energy(h) + alpha g f) / (1 + alpha g) with g = 1/gamma.

    As grad energy(h) = grad Phi(h) - g (h - f), this equals h - alpha/(1 + alpha g) * grad Phi(h), the form
    computed here: its gradient of Phi also serves as the residual. Stable for every gamma once alpha < 2/L.

    Args:
        step_size: alpha, positive; a number, or one per state as a tensor of the batch shape.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: "float | Tensor"

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)

    def init(self, objective: Objective, h: Tensor) -> ScaledState:
        alpha = per_state("step_size", self.step_size, h)
        return ScaledState(h, objective.gradient(h), alpha / (1 + alpha / per_state("gamma", objective.gamma, h)))

    def step(self, objective: Objective, state: ScaledState) -> ScaledState:
        h = descend(state.h, state.gradient, state.scale)
        return ScaledState(h, objective.gradient(h), state.scale)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """max(|1 - alpha mu|, |1 - alpha L|) / (1 + alpha g), mu = m - g, L = M - g; None without gamma."""
        require_constants(m, M)
        if gamma is None or not extremes(self.step_size):
            return None
        require_number("gamma", gamma, positive=True)
        g = 1 / Fraction(gamma)
        mu, lipschitz = Fraction(m) - g, Fraction(M) - g
        rate = max(
            max(abs(1 - alpha * mu), abs(1 - alpha * lipschitz)) / (1 + alpha * g)
            for alpha in map(Fraction, extremes(self.step_size))
        )
        # 1 - alpha L > -(1 + alpha g) iff alpha (L - g) < 2, which every alpha meets where L <= g.
        spread = lipschitz - g
        return Guarantee(
            rate=round_up(rate),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.TIGHT,
            step_range=(0.0, round_down(2 / spread) if spread > 0 else float("inf")),
            source="gradient descent with step alpha/(1 + alpha g) (Taylor, Hendrickx and Glineur 2018, Thm 2.1)",
        )
