"""The proximal point method on Phi: an implicit step, found by an inner solver."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.norm import norm
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, extremes, per_state, require_count, require_positive
from eqt_theory.solvers.bounds import gradient_rounding
from eqt_theory.solvers.gradient_descent import ScaledState
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.newton_cg import NewtonCG


@checked
@final
@dataclass(frozen=True)
class ProximalPoint(Solver):
    """h+ close to argmin_x Phi(x) + |x - h|^2 / (2 step_size) (Rockafellar 1976).

    The inner problem is an Objective of the same energy, with proposal (g f + h/step_size)/(g + 1/step_size) and
    damping 1/(g + 1/step_size). It is solved until |inner gradient| <= accuracy * |x - h| / step_size, which the
    guarantee accounts for, or until that gradient is down to its own rounding and a step no longer halves it. A
    state whose inner solve gets neither far within `inner_steps` stays where it is, and `solve` ends it as STAGNATED:
    allow more of them, or take another inner rule.

    Args:
        step_size: positive, of any size; a number, or one per state as a tensor of the batch shape.
        accuracy: relative accuracy of the inner solve, in (0, 1).
        inner: the step rule that solves the inner problems.
        inner_steps: inner steps per step at most.

    Raises:
        UsageError: a parameter outside its range.
    """

    equivariant: ClassVar[bool] = True

    step_size: "float | Tensor"
    accuracy: float = 1e-3
    inner: Solver = field(default_factory=NewtonCG)
    inner_steps: int = 100

    def __post_init__(self) -> None:
        require_positive("step_size", self.step_size)
        require_positive("accuracy", self.accuracy)
        require_count("inner_steps", self.inner_steps)
        if self.accuracy >= 1:
            raise UsageError(f"accuracy must lie in (0, 1), got {self.accuracy!r}")
        if not isinstance(self.inner, Solver):
            raise UsageError(f"inner must be a Solver, got {self.inner!r}")

    def init(self, objective: Objective, h: Tensor) -> ScaledState:
        return ScaledState(h, objective.gradient(h), per_state("step_size", self.step_size, h))

    def step(self, objective: Objective, state: ScaledState) -> ScaledState:
        weight = 1 / per_state("gamma", objective.gamma, state.h)
        pull = 1 / state.scale
        total = weight + pull
        gamma = 1 / total
        inner_objective = Objective(
            objective.energy,
            proposal=(weight * objective.proposal + pull * state.h) / total,
            gamma=gamma.squeeze(-1) if isinstance(gamma, Tensor) and gamma.ndim > 0 else gamma,
        )
        inner = self.inner.init(inner_objective, state.h)
        x = state.h
        met = torch.zeros(x.shape[:-1], dtype=torch.bool, device=x.device)
        lost = rounded = met
        last = torch.full_like(x[..., 0], torch.inf)
        for _ in range(self.inner_steps):
            inner = self.inner.step(inner_objective, inner)
            x = torch.where((met | lost).unsqueeze(-1), x, inner.h)
            error = norm(inner_objective.gradient(x))
            met = met | (error <= self.accuracy * norm((x - state.h) * pull))
            if bool(met.all()):
                break
            rounded = error <= 2 * gradient_rounding(inner_objective, x, quick=True)
            # The bound on the rounding is far above what it mostly is: a fast inner rule gets on below it.
            met = met | (rounded & (error > last / 2))
            last = error
            lost = ~met & ~torch.isfinite(error)
            if bool((met | lost).all()):
                break
        x = torch.where((met | rounded).unsqueeze(-1), x, state.h)
        return ScaledState(x, objective.gradient(x), state.scale)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """Rate (1 + accuracy)/(1 + step_size m - accuracy), for inner rules that meet the accuracy at every step."""
        # x = prox(h + e) with |e| <= accuracy |x - h|, and prox contracts by 1/(1 + step_size m); |x - h| is at most
        # |x - h*| + |h - h*|. An exact inner solve would have 1/(1 + step_size m), which is tight.
        require_constants(m, M)
        alphas = extremes(self.step_size)
        if not alphas:
            return None
        accuracy = Fraction(self.accuracy)
        return Guarantee(
            rate=round_up((1 + accuracy) / (1 + Fraction(min(alphas)) * Fraction(m) - accuracy)),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.UPPER,
            step_range=(2 * self.accuracy / m, float("inf")),
            source="(Rockafellar 1976, Thm 2), for inner solves that meet the accuracy",
        )
