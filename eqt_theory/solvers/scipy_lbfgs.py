"""L-BFGS of SciPy, wrapped as a step rule: a peer to compare with, state by state on the CPU."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver, require_count
from eqt_theory.solvers.state import State


@checked
@final
@dataclass(frozen=True)
class ScipyLBFGS(Solver):
    """One step is one run of SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995) from the current state.

    A run ends after `iterations`, or once SciPy's line search can make out no more decrease in Phi; the next step
    starts afresh from there. Runs in float64 for every state on its own. No rate is promised.

    Args:
        window: corrections kept.
        iterations: SciPy iterations per step at most.

    Raises:
        UsageError: a parameter that is not a positive integer.
    """

    # Its line search compares values of Phi, which tell states apart down to the root of the rounding error.
    relative_accuracy: ClassVar[float] = 1e-6

    window: int = 10
    iterations: int = 100

    def __post_init__(self) -> None:
        require_count("window", self.window)
        require_count("iterations", self.iterations)

    def init(self, objective: Objective, h: Tensor) -> State:
        return State(h)

    def step(self, objective: Objective, state: State) -> State:
        d = state.h.shape[-1]
        flat = state.h.reshape(-1, d)
        whole = objective.expand(state.h.shape[:-1])
        rows = [self._minimise(whole, i, row) for i, row in enumerate(flat)]
        return State(torch.stack(rows).reshape(state.h.shape) if rows else state.h)

    def _minimise(self, objective: Objective, position: int, start: Tensor) -> Tensor:
        from scipy.optimize import minimize

        one = objective.select(torch.tensor([position], device=start.device))

        def phi(x: np.ndarray) -> tuple[float, np.ndarray]:
            h = torch.as_tensor(x).to(start).unsqueeze(0)
            value, gradient = one.value_and_gradient(h)
            return float(value[0]), gradient[0].double().cpu().numpy()

        options = {"maxiter": self.iterations, "maxcor": self.window, "ftol": 0.0, "gtol": 0.0, "maxls": 50}
        result = minimize(phi, start.double().cpu().numpy(), jac=True, method="L-BFGS-B", options=options)
        return torch.as_tensor(result.x).to(start)
