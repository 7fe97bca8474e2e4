"""Halpern's iteration, anchored at its start, for fixed points of maps that do not expand."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.operators.classes import known
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.operator_rates import halpern_guarantee
from eqt_theory.solvers.state import ResidualState


@dataclass(frozen=True)
class AnchoredState(ResidualState):
    """Where the run started, shape (..., d), and how many steps were taken."""

    anchor: Tensor
    count: int


@checked
@final
@dataclass(frozen=True)
class Halpern(Solver):
    """h_{k+1} = h_0/(k+2) + (k+1)/(k+2) T(h_k) (Halpern 1967).

    For nonexpansive T with a fixed point h*, |h_k - T(h_k)| <= 2 |h_0 - h*|/(k+1), and no factor below 2 holds for all
    of them (Lieder 2021, Thm 2.1); Picard need not converge there, and Krasnoselskii-Mann is slower, of order
    1/sqrt(k).
    """

    solves: ClassVar[tuple[type, ...]] = (FixedPoint,)
    differentiable: ClassVar[bool] = True

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """|h_N - T(h_N)| <= 2 |h_0 - h*|/(N + 1) where T does not expand."""
        return halpern_guarantee(known(*classes))

    def init(self, objective: FixedPoint, h: Tensor) -> AnchoredState:
        return AnchoredState(h, objective.residual(h), h, 0)

    def step(self, objective: FixedPoint, state: AnchoredState) -> AnchoredState:
        image = state.h - state.residual
        h = image + (state.anchor - image) / (state.count + 2)
        return AnchoredState(h, objective.residual(h), state.anchor, state.count + 1)
