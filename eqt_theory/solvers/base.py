"""Solver: the interface of every step rule, and StepRule, which makes one of a function."""

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked, is_number, shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import is_dense
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.state import State


class Solver(ABC):
    """A step rule. `solve` runs it: `init` once, then `step` until every state is done.

    A rule treats every state of a batch on its own. Its state has `h`, shape (..., d); other tensors in it have the
    batch as their leading dimension (`state.select_state`). States that are done leave the batch, and large
    batches run block by block, so the objective and the states that `step` sees may be some of all.

    Attributes:
        solves: the kinds of problem that it solves: Objective, FixedPoint, Inclusion; empty for any.
        equivariant: whether it declares that rotating and shifting a problem rotates and shifts its steps.
        differentiable: whether it declares that derivatives flow through its steps.
        relative_accuracy: how near to the solution it can get, relative to the size of the numbers; 0 is the rounding
            floor. What is declared is held against the solver by `testing.check_solver`.
    """

    solves: ClassVar[tuple[type, ...]] = (Objective,)
    equivariant: ClassVar[bool] = False
    differentiable: ClassVar[bool] = False
    relative_accuracy: ClassVar[float] = 0.0
    wrapper_hint: ClassVar[str] = "wrap a function in StepRule"

    @abstractmethod
    def init(self, objective: Any, h: Tensor) -> Any:
        """The state before the first step, with `state.h` equal to h, shape (..., d)."""

    @abstractmethod
    def step(self, objective: Any, state: Any) -> Any:
        """The state after one more step. Must not modify the one it is given."""

    def guarantee_on(self, *classes: Any) -> Guarantee | None:
        """The worst-case rate on operators of some classes, or None where none is known.

        Args:
            classes: what is known of T, or of the F of an Inclusion, as objects of `eqt_theory.engines.gram`:
                Lipschitz(L), Averaged(theta), Monotone(mu), Cocoercive(beta), with numbers in them.

        Returns:
            The guarantee, or None.

        Raises:
            UsageError: something that is no such class.
        """
        return None

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        """The worst-case rate on objectives with constants m and M, or None where none is known.

        Args:
            m: strong convexity of Phi, positive.
            M: Lipschitz constant of grad Phi.
            gamma: the damping, which some rules need to tell the energy from the proximal term.

        Returns:
            The guarantee, or None.

        Raises:
            UsageError: not 0 < m <= M < infinity.
        """
        return None


@checked
@final
@dataclass(frozen=True)
class StepRule(Solver):
    """A step rule without memory, made of a function.

    Args:
        fn: fn(objective, h) -> next h, both of shape (..., d). It treats every state on its own. The objective is
            whatever is solved: an Objective, a FixedPoint or an Inclusion.
    """

    solves: ClassVar[tuple[type, ...]] = ()

    fn: Callable[[Any, Tensor], Tensor]

    def __post_init__(self) -> None:
        if not callable(self.fn):
            raise UsageError(f"fn must be a function of (objective, h), got {shown(self.fn)}")

    def init(self, objective: Any, h: Tensor) -> State:
        return State(h)

    def step(self, objective: Any, state: State) -> State:
        return State(self.fn(objective, state.h))


def per_state(name: str, value: "float | Tensor", h: Tensor) -> "float | Tensor":
    """A parameter made ready to scale states: one number stays one, one per state becomes a column beside h.

    Args:
        name: the parameter's name, for the error.
        value: a number, or one per state in the batch shape of h or of the objective before it was flattened.
        h: states, shape (..., d).

    Returns:
        A float, a tensor without dimensions, or shape (..., 1).

    Raises:
        UsageError: there are not as many numbers as states.
    """
    if not isinstance(value, Tensor):
        return value if isinstance(value, float) else float(value)
    value = value.to(h)
    if value.ndim == 0:
        return value
    batch = h.shape[:-1]
    if value.numel() != batch.numel():
        shapes = dict.fromkeys(((), tuple(batch)))
        raise UsageError(
            f"{name} must be one number or one per state, a tensor of shape {' or '.join(map(str, shapes))}, "
            f"got a tensor of shape {tuple(value.shape)}"
        )
    return value.reshape(*batch, 1)


def require_positive(name: str, value: "float | Tensor") -> None:
    """Raise UsageError unless the value, a number or one per state, is positive and finite."""
    if isinstance(value, Tensor):
        good = is_dense(value) and bool(((value > 0) & torch.isfinite(value)).all())
    else:
        good = isinstance(value, int | float) and is_number(value) and 0 < value < math.inf
    if not good:
        raise UsageError(f"{name} must be positive and finite, a number or one per state, got {shown(value)}")


def require_number(name: str, value: float, positive: bool = False) -> None:
    """Raise UsageError unless the value is one real number, not nan; where asked, positive and finite."""
    good = isinstance(value, numbers.Real) and is_number(value) and -math.inf <= value <= math.inf  # not nan
    if good and positive:
        good = 0 < value < math.inf
    if not good:
        wanted = "a positive finite number" if positive else "a number"
        raise UsageError(f"{name} must be {wanted}, got {shown(value)}")


def require_momentum(name: str, value: "float | Tensor") -> None:
    """Raise UsageError unless the value, a number or one per state, lies in [0, 1)."""
    if isinstance(value, Tensor):
        good = is_dense(value) and bool(((value >= 0) & (value < 1)).all())
    else:
        good = isinstance(value, int | float) and is_number(value) and 0 <= value < 1
    if not good:
        raise UsageError(f"{name} must lie in [0, 1), a number or one per state, got {shown(value)}")


def require_count(name: str, value: int, least: int = 1) -> None:
    """Raise UsageError unless the value is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(f"{name} must be an integer of at least {least}, got {shown(value)}")


def extremes(value: "float | Tensor") -> tuple[float, ...]:
    """The smallest and largest of a number or one per state; one entry where they agree, none where empty."""
    if not isinstance(value, Tensor):
        return (float(value),)
    return tuple(sorted({float(value.min()), float(value.max())})) if value.numel() > 0 else ()
