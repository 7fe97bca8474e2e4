"""A recurrence against the solver it was traced from, on ordinary tensors and gradients drawn at random."""

import copy
from collections.abc import Iterator, Sequence
from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.rate.realisation import Matrix, Recurrence
from eqt_theory.evidence.rate.tracing.exact_float import Exact
from eqt_theory.evidence.rate.tracing.tape import Refused
from eqt_theory.solvers.base import Solver

_STEPS, _MANY = 6, 64
"""Steps that are compared, in the first case many: what a solver keeps where nobody looks, as in a file, shows."""
_CASES = (((7,), 1.0), ((7,), 1e-3), ((3, 5), 1e3), ((1,), 1.0), ((2, 1, 150), 1.0))
"""Shape of the states and size of all numbers, so that a branch on the dimensions or on values shows."""
_CLOSE = 1e-8


class DrawnEnergy(Energy):
    """An energy whose gradient is drawn at random at every new point; asked again there, it answers the same."""

    def __init__(self, seed: int, size: float) -> None:
        self.generator = torch.Generator().manual_seed(seed)
        self.size = size
        self.smooth: list[tuple[Tensor, Tensor]] = []
        self.convex: list[tuple[Tensor, Tensor]] = []
        self.gamma = 1.0
        self.proposal = torch.zeros(())

    def value(self, h: Tensor) -> Tensor:
        raise Refused("it reads a value of the energy")

    def gradient(self, h: Tensor) -> Tensor:
        known = next((u for y, u in self.smooth if torch.equal(y, h)), None)
        if known is None:
            known = self.draw(h)
            self.smooth.append((h.detach().clone(), known))
        return known - (h - self.proposal) / self.gamma

    def prox(self, h: Tensor, t: float) -> Tensor:
        """A proximal step of a convex function that is as unknown."""
        s = self.draw(h)
        self.convex.append(((h - t * s).detach(), s))
        return h - t * s

    def draw(self, like: Tensor) -> Tensor:
        """A random vector."""
        return self.size * torch.randn(like.shape, generator=self.generator, dtype=torch.float64)


def rehearse(solver: Solver, gamma: Exact, recurrence: Recurrence) -> None:
    """Compare the two over a few steps.

    Args:
        solver: it runs as it is, on a copy.
        gamma: the damping.
        recurrence: what is held against it.

    Raises:
        Refused: they differ by more than rounding.
    """
    steps = max(_STEPS, recurrence.skipped + 2 * recurrence.period)
    for energy, states in _rehearsals(solver, gamma, steps, max(steps, _MANY)):
        _compare(recurrence, energy, states)


def rehearse_run(solver: Solver, gamma: float, steps: int, moves: Matrix) -> None:
    """Compare a run of some steps with the table of its queries.

    Args:
        solver: it runs as it is, on a copy.
        gamma: the damping.
        steps: how many.
        moves: query i is made at `h_0 + moves_i gradients`, the last at the last state.

    Raises:
        Refused: they differ by more than rounding.
    """
    for energy, states in _rehearsals(solver, gamma, steps):
        gradient, us = _Answers(energy, states), [torch.zeros_like(states[0])]
        *early, last = [[Fraction(0), *row] for row in moves]
        for row in early:
            us.append(gradient.at(states[0] + _total(row, us), "smooth"))
        if float((states[0] + _total(last, us) - states[-1]).abs().max()) > gradient.tolerance:
            raise Refused("on ordinary tensors its states differ from those that were traced")


def _rehearsals(solver: Solver, gamma: float, steps: int, many: int = 0) -> Iterator[tuple[DrawnEnergy, list[Tensor]]]:
    """Runs on ordinary tensors of several shapes and sizes, and on what was asked there; the first of many steps."""
    for seed, (shape, size) in enumerate(_CASES):
        energy, objective, start = _drawn(seed, shape, size, gamma)
        try:
            states = _run(copy.copy(solver), objective, start, steps if seed else max(steps, many))
        except Refused:
            raise
        except Exception as error:
            raise Refused(f"on ordinary tensors it raised {type(error).__name__}: {error}") from None
        yield energy, states
    # States that require gradients, as in `unroll`; a solver that cannot take those says so itself.
    energy, objective, start = _drawn(len(_CASES), (5,), 1.0, gamma)
    with torch.enable_grad():
        try:
            states = _run(copy.copy(solver), objective, start.requires_grad_(), steps)
        except Exception:
            return
    yield energy, [h.detach() for h in states]


def _drawn(seed: int, shape: tuple[int, ...], size: float, gamma: float) -> tuple[DrawnEnergy, Objective, Tensor]:
    energy = DrawnEnergy(seed, size)
    start, proposal = energy.draw(torch.zeros(shape)), energy.draw(torch.zeros(shape))
    energy.gamma, energy.proposal = float(gamma), proposal
    objective = Objective(energy, proposal)
    objective.gamma = float(gamma)  # infinite where Phi has no proximal term
    objective.prox = energy.prox  # type: ignore[attr-defined]
    return energy, objective, start


def _run(solver: Solver, objective: Objective, start: Tensor, steps: int) -> list[Tensor]:
    state = solver.init(objective, start.clone())
    states = [state.h.clone()]
    for _ in range(steps):
        state = solver.step(objective, state)
        states.append(state.h.clone())
    return states


class _Answers:
    """The gradients that were answered in a run, by the points at which they were asked for."""

    def __init__(self, energy: DrawnEnergy, states: list[Tensor]) -> None:
        self.tolerance = _CLOSE * max(energy.size, *(float(h.abs().max()) for h in states))
        both = (("smooth", energy.smooth), ("convex", energy.convex))
        self._asked = {kind: _asked(known, states[0]) for kind, known in both if known}

    def at(self, y: Tensor, kind: str, implicit: float = 0.0) -> Tensor:
        """The gradient at y plus `implicit` times itself; refused where nothing was asked there."""
        if kind in self._asked:
            points, answers = self._asked[kind]
            # the nearest: short steps have points closer together than the tolerance
            off = (points - y - implicit * answers).abs().flatten(1).amax(1).tolist()
            if min(off) <= self.tolerance:
                return answers[off.index(min(off))]
        raise Refused("on ordinary tensors it asks for gradients at other points than when it was traced")


def _compare(recurrence: Recurrence, energy: DrawnEnergy, states: list[Tensor]) -> None:
    gradient = _Answers(energy, states)
    opening = [states[0]]
    for i, (row, kind) in enumerate(zip(recurrence.opening, recurrence.opened, strict=True)):
        opening.append(gradient.at(_total(row, opening), kind, float(row[1 + i])))
    xi = [_total(row, opening) for row in recurrence.start]
    compared = states[recurrence.skipped :: recurrence.period]
    for h in compared:
        if float((_total(recurrence.H[0], xi) - h).abs().max()) > gradient.tolerance:
            raise Refused("on ordinary tensors its states differ from those that were traced")
        us = [torch.zeros_like(h)]
        if h is not compared[-1]:
            for j, (c, d) in enumerate(zip(recurrence.C, recurrence.D, strict=True)):
                y = _total(c, xi) + _total([Fraction(0), *d], us)
                us.append(gradient.at(y, recurrence.kinds[j], float(d[j])))
            xi = [_total(a, xi) + _total(b, us[1:]) for a, b in zip(recurrence.A, recurrence.B, strict=True)]


def _total(row: Sequence[Fraction], vectors: list[Tensor]) -> Tensor:
    return sum((float(c) * v for c, v in zip(row, vectors, strict=False) if c), torch.zeros_like(vectors[0]))


def _asked(known: list[tuple[Tensor, Tensor]], like: Tensor) -> tuple[Tensor, Tensor]:
    """All points at which gradients were asked for, and the answers, each as one tensor."""
    if any(point.numel() != like.numel() for point, _ in known):
        raise Refused("on ordinary tensors it asks for gradients at points of another dimension")
    points, answers = (torch.stack([x.reshape(like.shape) for x in side]) for side in zip(*known, strict=True))
    return points, answers
