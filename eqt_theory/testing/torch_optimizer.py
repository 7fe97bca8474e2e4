"""from_torch_optimizer: an optimizer of `torch.optim` as a Solver."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.state import State


@dataclass(frozen=True)
class OptimizerState(State):
    """The states, and what the optimizer keeps beside them: its buffers by name."""

    buffers: dict[str, Any]


@final
@dataclass(frozen=True)
class TorchOptimizer(Solver):
    """One step of an optimizer for each step; see `from_torch_optimizer`."""

    make: Callable[[list[Tensor]], torch.optim.Optimizer]

    def init(self, objective: Objective, h: Tensor) -> OptimizerState:
        return OptimizerState(h, {})

    def step(self, objective: Objective, state: OptimizerState) -> OptimizerState:
        h = state.h.detach().clone()
        optimizer = self.make([h])
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise UsageError(f"make must return a torch.optim.Optimizer, got {type(optimizer).__name__}")
        closure = inspect.signature(optimizer.step).parameters.get("closure")
        if closure is not None and closure.default is inspect.Parameter.empty:
            kind = type(optimizer).__name__
            raise UsageError(
                f"make must return an optimizer that takes a gradient a step, got {kind}: it wants a closure"
            )
        optimizer.state[h].update({k: v.clone() if isinstance(v, Tensor) else v for k, v in state.buffers.items()})
        h.grad = objective.gradient(h).detach()
        optimizer.step()
        return OptimizerState(h.detach(), dict(optimizer.state[h]))


def from_torch_optimizer(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> TorchOptimizer:
    """A Solver whose steps are those of an optimizer of torch, on grad Phi.

    The optimizer is made anew for every step and given the buffers of the step before, so that it keeps nothing
    outside of the state.

    Args:
        make: `lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9)`; params is a list of one tensor.

    Returns:
        The solver.

    Raises:
        UsageError: make is no function.
    """
    if not callable(make) or isinstance(make, torch.optim.Optimizer):
        raise UsageError(f"make must be a function from parameters to an optimizer, got {type(make).__name__}")
    return TorchOptimizer(make)
