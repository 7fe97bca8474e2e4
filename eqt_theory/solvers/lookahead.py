"""Lookahead: some gradient steps ahead, and then part of the way towards where they led."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.curvature import round_up
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_count, require_number
from eqt_theory.solvers.gradient_descent import contraction, descend
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness, require_constants
from eqt_theory.solvers.state import State


@checked
@final
@dataclass(frozen=True)
class Lookahead(Solver):
    """h+ = (1 - w) h + w x_n, x_{i+1} = x_i - s grad Phi(x_i), x_0 = h (Zhang, Lucas, Hinton and Ba 2019, Alg. 1).

    Args:
        step_size: s, positive.
        inner_steps: n, gradient steps ahead, at least 1.
        weight: w, in (0, 1].

    Raises:
        UsageError: a parameter outside its range.
    """

    equivariant: ClassVar[bool] = True
    differentiable: ClassVar[bool] = True

    step_size: float
    inner_steps: int = 5
    weight: float = 0.5

    def __post_init__(self) -> None:
        require_number("step_size", self.step_size, positive=True)
        require_count("inner_steps", self.inner_steps)
        require_number("weight", self.weight, positive=True)
        if self.weight > 1:
            raise UsageError(f"weight must lie in (0, 1], got {self.weight!r}")

    def init(self, objective: Objective, h: Tensor) -> State:
        return State(h)

    def step(self, objective: Objective, state: State) -> State:
        x = state.h
        for _ in range(self.inner_steps):
            x = descend(x, objective.gradient(x), self.step_size)
        return State((1 - self.weight) * state.h + self.weight * x)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """1 - w + w c^n, c the factor of one gradient step; attained where 1 - s m is that factor."""
        require_constants(m, M)
        s, w = Fraction(self.step_size), Fraction(self.weight)
        factor = contraction(self.step_size, m, M)
        attained = factor == 1 - s * Fraction(m) or w == 1
        return Guarantee(
            rate=round_up(1 - w + w * factor**self.inner_steps),
            metric=Metric.DISTANCE,
            function_class=FunctionClass.STRONGLY_CONVEX,
            sharpness=Sharpness.TIGHT if attained else Sharpness.UPPER,
            step_range=(0.0, 2 / M),
            source="gradient descent's factor (Taylor, Hendrickx and Glineur 2018, Thm 2.1), n times, and convexity",
        )
