"""Picard's iteration and its relaxation, the iteration of Krasnoselskii and Mann, for fixed points of maps."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.operators.classes import known
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.solvers.base import Solver, per_state, require_positive
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.operator_rates import relaxed_guarantee
from eqt_theory.solvers.state import ResidualState


@checked
@final
@dataclass(frozen=True)
class Picard(Solver):
    """h+ = T(h) (Banach 1922). It converges where T is a contraction; for maps that only do not expand see Halpern."""

    solves: ClassVar[tuple[type, ...]] = (FixedPoint,)
    differentiable: ClassVar[bool] = True

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """L per step for Lipschitz(L) with L < 1; |h - T(h)| of order 1/sqrt(N) for Averaged(theta)."""
        return relaxed_guarantee(1.0, known(*classes))

    def init(self, objective: FixedPoint, h: Tensor) -> ResidualState:
        return ResidualState(h, objective.residual(h))

    def step(self, objective: FixedPoint, state: ResidualState) -> ResidualState:
        h = state.h - state.residual
        return ResidualState(h, objective.residual(h))


@dataclass(frozen=True)
class RelaxedState(ResidualState):
    """The relaxation, a number or a column beside h."""

    scale: "float | Tensor"


@checked
@final
@dataclass(frozen=True)
class KrasnoselskiiMann(Solver):
    """h+ = (1 - lambda) h + lambda T(h) (Krasnoselskii 1955; Mann 1953).

    Where T is nonexpansive and has a fixed point it converges for 0 < lambda < 1, in finite dimension; Picard need not.

    Args:
        relaxation: lambda, positive; a number, or one per state as a tensor of the batch shape.

    Raises:
        UsageError: a relaxation that is not positive and finite.
    """

    solves: ClassVar[tuple[type, ...]] = (FixedPoint,)
    differentiable: ClassVar[bool] = True

    relaxation: "float | Tensor" = 0.5

    def __post_init__(self) -> None:
        require_positive("relaxation", self.relaxation)

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """|1 - lambda| + lambda L per step for L < 1; |h - T(h)| of order 1/sqrt(N) for nonexpansive or averaged T."""
        return relaxed_guarantee(self.relaxation, known(*classes))

    def init(self, objective: FixedPoint, h: Tensor) -> RelaxedState:
        scale: Any = per_state("relaxation", self.relaxation, h)
        return RelaxedState(h, objective.residual(h), scale)

    def step(self, objective: FixedPoint, state: RelaxedState) -> RelaxedState:
        h = state.h - state.scale * state.residual
        return RelaxedState(h, objective.residual(h), state.scale)
