"""Do derivatives flow through a solver's steps?"""

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.finding import Finding
from eqt_theory.energies.objective import Objective
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.search import Line, at_most

_STEPS = 3


def differentiable(bench: SolverBench) -> Finding:
    """The derivative of a few steps in proposal and start is that of finite differences."""
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

    def result(proposal: Tensor, first: Tensor) -> Tensor:
        objective = Objective(whole.energy, proposal, whole.gamma)
        state = bench.solver.init(objective, first)
        for _ in range(_STEPS):
            state = bench.solver.step(objective, state)
        return (weights * state.h).sum()

    inputs = {"proposal": whole.proposal.clone(), "start": start.clone()}
    leaves = {name: x.clone().requires_grad_() for name, x in inputs.items()}
    try:
        value = result(leaves["proposal"], leaves["start"])
        if not value.requires_grad:
            return (Line("the result depends on proposal and start", False, "it is cut off from both"),)
        found = torch.autograd.grad(value, list(leaves.values()), allow_unused=True)
    except RuntimeError as error:
        return (ran(f"autograd: {error}"),)
    lines: list[Line] = [ran("")]
    # Central differences: truncation of the order step^2, rounding of the order u size/step, best near u^(1/3).
    step = 1e-5 * max(1.0, problem.size)
    with torch.no_grad():
        differences = {}
        for name, x in inputs.items():
            slopes = []
            for i in range(problem.dim):
                shift = torch.zeros_like(x)
                shift[i] = step
                high, low = ({**inputs, name: x + s * shift} for s in (1.0, -1.0))
                slopes.append(float(result(**_named(high)) - result(**_named(low))) / (2 * step))
            differences[name] = np.array(slopes)
    scale = max(1e-3, *(float(np.abs(d).max()) for d in differences.values()))
    for (name, expected), gradient in zip(differences.items(), found, strict=True):
        got = np.zeros(problem.dim) if gradient is None else gradient.cpu().numpy()
        # The profiles bend over a length of 1, so truncation is at most of the order of step^2 times the derivative.
        limit = scale * (1e-6 + 100 * step**2)
        off = float(np.abs(got - expected).max())
        lines.append(at_most(f"|derivative in {name} - finite differences|", off, limit))
    return tuple(lines)


def _named(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"proposal": inputs["proposal"], "first": inputs["start"]}
