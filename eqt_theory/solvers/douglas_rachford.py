"""The splittings of Peaceman and Rachford and of Douglas and Rachford: a resolvent of A, then one of F."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from torch import Tensor

from eqt_theory.core.annotated import Positive, Range, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.operators.classes import known
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.operator_rates import splitting_guarantee
from eqt_theory.solvers.state import State

_BELOW_TWO = Range("a positive number below 2", 0, 2, above=True)


@dataclass(frozen=True)
class SplitState(State):
    """The governing point z, shape (..., d); h = prox(z, alpha) after the first step."""

    z: Tensor


def _split(objective: Inclusion, state: SplitState, step: float, relaxation: float) -> SplitState:
    """z+ = z + relaxation (J_F(2 x - z) - x) with x = J_A z, and its x+ = J_A z+ beside it."""
    x = objective.backward(state.z, step)
    z = state.z + relaxation * (objective.resolved(2 * x - state.z, step) - x)
    return SplitState(objective.backward(z, step), z)


@checked
@final
@dataclass(frozen=True)
class DouglasRachford(Solver):
    """z+ = z + relaxation (J_F(2 x - z) - x), x = J_A z, the resolvents of step alpha (Lions and Mercier 1979).

    The run's h is x, the resolvent of A at z; where A is a constraint it lies in its set. The start is z_0.

    Args:
        step_size: alpha, positive, one number.
        relaxation: in (0, 2); 1 is the method of the name.

    Raises:
        UsageError: a parameter outside its range.
    """

    solves: ClassVar[tuple[type, ...]] = (Inclusion,)
    differentiable: ClassVar[bool] = True

    step_size: Positive
    relaxation: float = 1.0

    def __post_init__(self) -> None:
        if not (_BELOW_TWO.holds(self.relaxation) and self.relaxation < 2):
            raise UsageError(f"relaxation must be {_BELOW_TWO.words}, got {self.relaxation!r}")

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """Linear in |z - z*| for F strongly monotone and Lipschitz; |z - T(z)| of order 1/sqrt(N) for monotone F."""
        return splitting_guarantee(self.step_size, self.relaxation, known(*classes))

    def init(self, objective: Inclusion, h: Tensor) -> SplitState:
        return SplitState(h, h)

    def step(self, objective: Inclusion, state: SplitState) -> SplitState:
        return _split(objective, state, self.step_size, self.relaxation)


@checked
@final
@dataclass(frozen=True)
class PeacemanRachford(Solver):
    """z+ = z + 2 (J_F(2 x - z) - x), x = J_A z: both reflections in a row (Peaceman and Rachford 1955).

    It converges where F is strongly monotone and Lipschitz; without that it need not, where Douglas-Rachford does. The
    run's h is x, and the start is z_0.

    Args:
        step_size: alpha, positive, one number.

    Raises:
        UsageError: a step size that is not positive and finite.
    """

    solves: ClassVar[tuple[type, ...]] = (Inclusion,)
    differentiable: ClassVar[bool] = True

    step_size: Positive

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """Linear in |z - z*| for F strongly monotone and Lipschitz (Giselsson 2017)."""
        return splitting_guarantee(self.step_size, 2.0, known(*classes))

    def init(self, objective: Inclusion, h: Tensor) -> SplitState:
        return SplitState(h, h)

    def step(self, objective: Inclusion, state: SplitState) -> SplitState:
        return _split(objective, state, self.step_size, 2.0)
