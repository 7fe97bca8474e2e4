"""Fault: a solver that is wrong in one way, on purpose. Most are gradient descent of step size 0.1 with a change."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.gradient_descent import GradientDescent
from eqt_theory.solvers.guarantee import Guarantee
from eqt_theory.solvers.state import State

STEP = 0.1
"""The step size of the solvers in this folder."""


@dataclass(frozen=True)
class Specimen:
    """A solver to try `check_solver` on, wrong or right.

    Args:
        name: what is special about it, in words joined by underscores.
        says: what it does, in one line.
        make: makes the solver, anew each time, as some remember.
        equivariant: whether it declares that.
        differentiable: whether it declares that.
    """

    name: str
    says: str
    make: Callable[[], Any]
    equivariant: bool = False
    differentiable: bool = False


@final
class Rule(Solver):
    """A step rule made of two functions, and of a guarantee where it declares one.

    Args:
        step: (objective, state) -> next state.
        init: (objective, h) -> first state; default: one that holds h alone.
        guarantee: (m, M, gamma) -> Guarantee or None; default: none.
    """

    def __init__(
        self,
        step: Callable[[Objective, Any], Any],
        init: Callable[[Objective, Tensor], Any] = lambda objective, h: State(h),
        guarantee: Callable[[float, float, float | None], Guarantee | None] = lambda m, M, gamma: None,
    ) -> None:
        self._step, self._init, self._guarantee = step, init, guarantee

    def init(self, objective: Objective, h: Tensor) -> Any:
        return self._init(objective, h)

    def step(self, objective: Objective, state: Any) -> Any:
        return self._step(objective, state)

    def guarantee(self, m: float, M: float, gamma: float | None = None) -> Guarantee | None:
        return self._guarantee(m, M, gamma)


def of_descent(m: float, M: float, gamma: float | None = None) -> Guarantee | None:
    """What gradient descent of step size 0.1 declares."""
    return GradientDescent(STEP).guarantee(m, M, gamma)


def plain(fn: Callable[[Objective, Tensor], Tensor], *, differentiable: bool = False) -> Specimen:
    """A Specimen of a function (objective, h) -> h, named and described by its name and docstring."""
    return Specimen(fn.__name__, _says(fn), lambda: fn, differentiable=differentiable)


def made(maker: Callable[[], Any], *, equivariant: bool = False, differentiable: bool = False) -> Specimen:
    """A Specimen of a function that makes a solver, named and described in the same way."""
    return Specimen(maker.__name__, _says(maker), maker, equivariant, differentiable)


def _says(fn: Callable[..., Any]) -> str:
    return (fn.__doc__ or "").strip()
