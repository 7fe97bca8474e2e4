"""Trace: a solver run step by step, without `solve`, and what every step must keep: shape, dtype, device."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver


@dataclass(frozen=True)
class Trace:
    """States of a run in space, as float64 arrays.

    Args:
        points: h_0, h_1, ..., shape (steps + 1, ..., d); as far as the run came.
        fault: why the run ended early; empty where it did not.
    """

    points: np.ndarray
    fault: str = ""


def run(
    solver: Solver,
    objective: Objective,
    start: Tensor,
    steps: int,
    enough: Callable[[np.ndarray], bool] | None = None,
    look: Callable[[int, Any], str] | None = None,
    spend: Callable[[], None] | None = None,
) -> Trace:
    """Take steps from a start.

    Args:
        solver: the step rule.
        objective: Phi.
        start: shape (..., d); given to the solver as it is.
        steps: how many at most.
        enough: told each new state as an array; True ends the run.
        look: told each step number and solver state; a text that it returns is a fault and ends the run.
        spend: called before each step; what it raises ends the run and is raised.

    Returns:
        The Trace. Whatever the solver raises is a fault, and so is a state of another shape, dtype or device.
    """
    points = [start.detach().double().cpu().numpy().copy()]
    with torch.no_grad():
        state: Any = None
        for k in range(steps + 1):
            if spend is not None:
                spend()
            try:
                state = solver.init(objective, start) if k == 0 else solver.step(objective, state)
                fault = misfit(state, start)
                fault = fault or (look(k, state) if look is not None else "")
            except Exception as error:  # whatever the solver raises is its fault
                fault = f"raised {type(error).__name__}: {error}"
            if fault:
                return Trace(np.stack(points), f"step {k}: {fault}" if k else f"init: {fault}")
            point = state.h.detach().double().cpu().numpy().copy()
            if k == 0:
                if not np.array_equal(point, points[0]):
                    return Trace(np.stack(points), "init: state.h is not the start that it was given")
                continue
            points.append(point)
            if enough is not None and enough(point):
                break
    return Trace(np.stack(points))


def misfit(state: Any, like: Tensor) -> str:
    """Why a solver's state does not fit; empty where it does."""
    h = getattr(state, "h", None)
    if not isinstance(h, Tensor):
        got = type(h).__name__ if h is not None else f"a {type(state).__name__} without h"
        return f"state.h must be a tensor of shape {tuple(like.shape)}, got {got}"
    if h.shape != like.shape or h.dtype != like.dtype or h.device != like.device:
        return (
            f"state.h must keep shape {tuple(like.shape)}, {like.dtype} on {like.device}, "
            f"got shape {tuple(h.shape)}, {h.dtype} on {h.device}"
        )
    return ""
