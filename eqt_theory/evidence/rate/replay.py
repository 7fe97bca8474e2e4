"""A worst function, as far as it is known, looked up by the very solver that it was found for."""

from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.rate.run_vectors import function_of
from eqt_theory.evidence.rate.trace import AnySolver
from eqt_theory.kernel.matrix import matrix, times
from eqt_theory.kernel.rates import follow, read
from eqt_theory.solvers.base import Solver, StepRule


class Lookup(Energy):
    """Gradients of Phi at the points that are known; elsewhere those of the nearest one.

    Args:
        points: shape (n, d).
        gradients: of Phi there, shape (n, d).
        gamma: the damping that the energy's own gradient leaves out.
    """

    def __init__(self, points: Tensor, gradients: Tensor, gamma: float) -> None:
        self.points, self.gradients, self.damping = points, gradients, gamma
        self.off = 0.0

    def value(self, h: Tensor) -> Tensor:
        # No rule that was traced gets here: the tracer refuses one that asks for values.
        raise NotImplementedError("only gradients are known")

    def gradient(self, h: Tensor) -> Tensor:
        apart = torch.linalg.vector_norm(self.points - h, dim=-1)
        k = int(apart.argmin())
        self.off = max(self.off, float(apart[k]) / max(1.0, float(torch.linalg.vector_norm(h))))
        return self.gradients[k] - h / self.damping


def goes_round(
    solver: AnySolver, gamma: Fraction, certificate: dict[str, Any], period: int = 1, skipped: int = 0
) -> float:
    """Run the solver itself along a cycle, in double precision.

    Args:
        solver: what was traced.
        gamma: the damping it was traced with.
        certificate: of kind "cycle".
        period: how many steps of the solver one step of the certificate is.
        skipped: how many come before the first of them.

    Returns:
        How far it was from the points of the certificate at most, relative to their size.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    method = read(certificate["method"])
    d, opened = len(certificate["start"]), len(method.opened)
    gradients = matrix(certificate["gradients"], None, d)
    first = [[Fraction(x) for x in certificate["start"]], *gradients[:opened]]
    points, _ = follow(method, times(method.start, first, d), gradients[opened:], d)
    at = [*times(method.opening, first, d), *(y for y, _ in points)]
    where, slopes = (
        torch.tensor([[float(x) for x in row] for row in rows], dtype=torch.float64) for rows in (at, gradients)
    )
    energy, start = Lookup(where, slopes, float(gamma)), torch.tensor([float(x) for x in first[0]], dtype=torch.float64)
    objective = Objective(energy, torch.zeros_like(start), float(gamma))
    with torch.no_grad():
        state = made.init(objective, start)
        # A solver that carries the gradient asks for one more than is known.
        for _ in range(skipped + period * (len(points) // len(method.kinds)) - 1):
            state = made.step(objective, state)
    return energy.off


def runs_along(solver: AnySolver, gamma: Fraction, certificate: dict[str, Any], steps: int) -> float:
    """Run the solver itself on a worst function, in double precision.

    Args:
        solver: what was traced.
        gamma: the damping it was traced with.
        certificate: of kind "worst function" or "horizon", with a function.
        steps: how many it takes; the last point of the certificate is where it then is.

    Returns:
        How far it was from the points of the certificate at most, relative to their size.
    """
    made = solver if isinstance(solver, Solver) else StepRule(solver)
    points, slopes = (torch.from_numpy(array) for array in function_of(certificate)[:2])
    start = points[0]
    energy = Lookup(points, slopes, float(gamma))
    objective = Objective(energy, torch.zeros_like(start), float(gamma))
    with torch.no_grad():
        state = made.init(objective, start)
        for _ in range(steps):
            state = made.step(objective, state)
    last = float(torch.linalg.vector_norm(state.h - points[-1]))
    return max(energy.off, last / max(1.0, float(torch.linalg.vector_norm(points[-1]))))
