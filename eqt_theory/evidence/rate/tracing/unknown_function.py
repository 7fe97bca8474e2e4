"""A function of which nothing is known: each gradient that is asked for is a new vector, at a point that is noted."""

import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.rate.tracing.affine import Affine, basis, fresh, plain
from eqt_theory.evidence.rate.tracing.tape import Row, Tape


@dataclass(frozen=True)
class Query:
    """One gradient that was asked for.

    Args:
        point: where, a combination of the vectors of the tape.
        name: of the gradient.
        kind: "smooth", or "convex" for the subgradient that a proximal step uses, at the point that it returns.
    """

    point: Row
    name: str
    kind: str


@dataclass
class Record:
    """The queries of one traced call, on an Objective whose energy is unknown.

    Args:
        shape: of a state.
        gamma: the damping, a float or what stands for one.
    """

    shape: tuple[int, ...]
    gamma: Any
    queries: list[Query] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tape = Tape(math.prod(self.shape), self.shape)
        self.proposal = fresh(self.tape, "f")
        self.objective = _objective(self)

    def smooth(self, h: Tensor) -> Tensor:
        """The gradient of Phi at h: the same vector where it was asked before."""
        row = dict(self._state(h).cell.row)
        known = next((q.name for q in self.queries if q.kind == "smooth" and q.point == row), None)
        if known is None:
            known = f"u{len(self.queries)}"
            self.queries.append(Query(row, known, "smooth"))
            self.tape.name(known)
        return basis(self.tape, known).reshape(h.shape)

    def prox(self, h: Tensor, t: Any) -> Tensor:
        """The proximal step of t times the convex part of a composite objective: `y = h - t s`, s a subgradient at y.

        Args:
            h: where it is taken.
            t: its length, positive.

        Returns:
            y.

        Raises:
            Refused: the length is no positive number.
        """
        if not (isinstance(t, float | int) and t > 0):
            raise self.tape.refuse(f"it takes a proximal step of length {t!r}; a positive number was expected")
        name = f"u{len(self.queries)}"
        self.tape.name(name)
        y = self._state(h) - t * basis(self.tape, name).reshape(h.shape)
        self.queries.append(Query(dict(y.cell.row), name, "convex"))  # type: ignore[union-attr]
        return y

    def _state(self, h: Tensor) -> Affine:
        if not isinstance(h, Affine):
            raise self.tape.refuse("it asks for a gradient at a point that does not come from its states")
        return h


class UnknownEnergy(Energy):
    """`Phi - |h - f|^2/(2 gamma)` for a Phi whose gradients are those of a Record."""

    def __init__(self, record: Record) -> None:
        self._record = record

    @property
    def curvature(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        raise self._record.tape.refuse("it reads the constants m and M of the objective; pass the numbers themselves")

    @curvature.setter
    def curvature(self, value):
        raise self._record.tape.refuse("it sets what the objective declares")

    def gradient(self, h: Tensor) -> Tensor:
        record = self._record
        return record.smooth(h) - (h - record.proposal) / record.gamma

    def value(self, h: Tensor) -> Tensor:
        raise self._record.tape.refuse("it reads a value of the energy, as a line search or a test does")

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        raise self._record.tape.refuse("it reads a value of the energy, as a line search or a test does")

    def hessian(self, h: Tensor) -> Tensor:
        raise self._record.tape.refuse("it reads the Hessian: a method of second order")

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        raise self._record.tape.refuse("it reads the Hessian: a method of second order")

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        raise self._record.tape.refuse("it asks for the rounding error of the gradient")

    def checked(self, h: Tensor, name: str = "h") -> Tensor:
        return h


def _objective(record: Record) -> Objective:
    """The true Objective, with its own methods, on the unknown energy."""
    made = Objective(UnknownEnergy(record), plain(record.proposal).reshape(record.shape), 1.0)
    made.proposal, made.gamma = record.proposal, record.gamma
    made.prox = record.prox  # type: ignore[attr-defined]  # of a composite objective
    return made
