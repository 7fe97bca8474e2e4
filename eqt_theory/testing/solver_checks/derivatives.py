"""Do derivatives flow through a solver's steps?"""

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.errors import NoSecondDerivative
from eqt_theory.core.finding import Finding
from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.search import Line, at_most

_STEPS = 3


def differentiable(bench: SolverBench) -> Finding:
    """The derivative of a few steps in proposal, start, gamma and the energy's weight is that of finite differences."""
    if not bench.differentiable:
        raise NotApplicable("the solver does not declare it (differentiable=True)")
    if bench.dtype is not torch.float64:
        raise NotApplicable("finite differences need float64")
    both = bench.quadratics(max_dim=3) | bench.bent(max_dim=3)
    return bench.hold(both, lambda case: _like_differences(bench, case), "is differentiable", 10)


def _like_differences(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    problem = case.problem
    whole = problem.objective(bench.dtype, bench.device)
    start = problem.starting_point(bench.dtype, bench.device)
    weights = torch.linspace(1.0, 2.0, problem.dim, dtype=start.dtype, device=start.device)

    def result(proposal: Tensor, start: Tensor, gamma: Tensor, weight: Tensor) -> Tensor:
        objective = Objective(_Weighted(whole.energy, weight), proposal, gamma)
        state = bench.solver.init(objective, start)
        for _ in range(_STEPS):
            state = bench.solver.step(objective, state)
        return (weights * state.h).sum()

    inputs = {
        "proposal": whole.proposal.clone(),
        "start": start.clone(),
        "gamma": start.new_tensor(problem.gamma),
        "weight": start.new_tensor(1.0),
    }
    leaves = {name: x.clone().requires_grad_() for name, x in inputs.items()}
    try:
        value = result(**leaves)
        if not value.requires_grad:
            return (Line("the result depends on proposal and start", False, "it is cut off from all inputs"),)
        found = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
    except (RuntimeError, NoSecondDerivative) as error:  # autograd does not pass through the solver's step
        return (ran(f"autograd: {error}"),)
    lines: list[Line] = [ran("")]
    # Central differences: truncation of the order step^2, rounding of the order u size/step, best near u^(1/3).
    step = 1e-5 * max(1.0, problem.size)
    # The last two multiply curvatures, and are changed by a part of themselves.
    steps = {"proposal": step, "start": step, "gamma": 1e-5 * problem.gamma, "weight": 1e-5}
    differences = {}
    with torch.no_grad():
        for name, x in inputs.items():
            slopes = []
            for i in range(x.numel()):
                shift = torch.zeros_like(x)
                shift.view(-1)[i] = steps[name]
                high, low = ({**inputs, name: x + s * shift} for s in (1.0, -1.0))
                slopes.append(float(result(**high) - result(**low)) / (2 * steps[name]))
            differences[name] = np.array(slopes)
    # Gamma and the weight count in parts of themselves, so that all derivatives are lengths per length or lengths.
    units = {"proposal": 1.0, "start": 1.0, "gamma": problem.gamma / problem.size, "weight": 1 / problem.size}
    scale = max(1e-3, *(units[name] * float(np.abs(d).max()) for name, d in differences.items()))
    for (name, expected), gradient in zip(differences.items(), found, strict=True):
        got = np.zeros(len(expected)) if gradient is None else gradient.reshape(-1).cpu().numpy()
        # The profiles bend over a length of 1, so truncation is at most of the order of step^2 times the derivative.
        limit = scale * (1e-6 + 100 * step**2)
        off = units[name] * float(np.abs(got - expected).max())
        lines.append(at_most(f"|derivative in {name} - finite differences|, in units of its scale", off, limit))
    return tuple(lines)


class _Weighted(Energy):
    """An energy times a tensor, which stands for its parameters: derivatives flow through it."""

    def __init__(self, energy: Energy, weight: Tensor) -> None:
        self.energy, self.weight, self.dim = energy, weight, energy.dim
        # Declared for the weight 1, from which it moves by rounding-sized parts only.
        self.curvature = energy.curvature

    def value(self, h: Tensor) -> Tensor:
        return self.weight * self.energy.value(h)

    def gradient(self, h: Tensor) -> Tensor:
        return self.weight * self.energy.gradient(h)

    def hessian(self, h: Tensor) -> Tensor:
        return self.weight * self.energy.hessian(h)

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        return self.weight * self.energy.hessian_vector(h, v)
