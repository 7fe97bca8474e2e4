"""Problem: what a solver needs of whatever it solves; an Objective, a FixedPoint and an Inclusion are three."""

from collections.abc import Sequence
from typing import Any, Protocol, Self

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion
from eqt_theory.operators.problem import MapProblem


class Problem(Protocol):
    """A problem for states of shape (..., d): find where the residual is zero."""

    @property
    def dim(self) -> int | None:
        """The state dimension d, or None where any is accepted."""
        ...

    @property
    def batch_shape(self) -> torch.Size:
        """The batch dimensions of what belongs to each state; empty where all states share everything."""
        ...

    @property
    def initial(self) -> Tensor:
        """Where a run starts unless told, shape (..., d)."""
        ...

    def residual(self, h: Tensor) -> Tensor:
        """What is zero at the solutions and nowhere else, (..., d) -> (..., d)."""
        ...

    def residual_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The size of the terms of the residual, (..., d) -> (...), to which its rounding is relative."""
        ...

    def defined(self, h: Tensor) -> Tensor:
        """Where the problem has finite values, bool, (..., d) -> (...)."""
        ...

    def within(self, h: Tensor) -> Tensor:
        """Which states lie in the declared domain, bool, (..., d) -> (...)."""
        ...

    def select(self, index: "Tensor | int") -> Self:
        """The problem of some states of the flattened batch."""
        ...

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """The problem for a batch of that shape."""
        ...

    def state_bytes(self) -> int:
        """Bytes of what belongs to one state alone."""
        ...

    def checked(self, h: Tensor, name: str = "h") -> Tensor:
        """The states, if the problem can be asked about them; else a UsageError."""
        ...


def require_problem(problem: Any, solver: Any = None) -> None:
    """Refuse what is no problem, and a problem of a kind that the solver does not solve.

    Args:
        problem: what was given.
        solver: the solver that is to solve it, if any; its class says in `solves` which kinds it takes.

    Raises:
        UsageError: it is neither, in one line that says what would do.
    """
    if not isinstance(problem, Objective | MapProblem):
        raise UsageError(
            f"objective must be an Objective, a FixedPoint or an Inclusion, got {kind_of_problem(problem)}"
        )
    kinds = () if solver is None else solver.solves
    if kinds and not isinstance(problem, kinds):
        names = " or ".join(kind.__name__ for kind in kinds)
        got, instead = kind_of_problem(problem), _OTHERS[_kind(problem)]
        raise UsageError(f"{type(solver).__name__} solves {names} problems, got {got}; {instead}")


_OTHERS = {
    "Objective": "for an Objective take a gradient method, such as GradientDescent or Anderson",
    "FixedPoint": "for a FixedPoint take Picard, KrasnoselskiiMann, Halpern or Anderson",
    "Inclusion": "for an Inclusion take ForwardBackward, PeacemanRachford or DouglasRachford",
    "": "a solver says in `solves` which problems it takes",
}


def _kind(problem: Any) -> str:
    return next((kind.__name__ for kind in (Objective, FixedPoint, Inclusion) if isinstance(problem, kind)), "")


def kind_of_problem(problem: Any) -> str:
    """The problem's class with its article, for errors."""
    name = type(problem).__name__
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
