"""A solution as JSON data: states and residuals as exact numbers, and nothing of the problem, which is code."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import read_json

FORMAT = "eqt_theory solution 1"
_TYPES = {
    str(kind).removeprefix("torch."): kind for kind in (torch.float64, torch.float32, torch.float16, torch.bfloat16)
}
_BEYOND = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_LARGEST = 2**63


class Forgotten(UsageError, AttributeError):
    """Something of the problem was asked of a solution that was read from a file without it."""


class ForgottenProblem:
    """Stands where the problem of a solution was, which no file holds."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise Forgotten(
            f"{name} is of the problem, which is not in the file of a solution; give it: Solution.load(path, objective)"
        )


def to_data(solution: Any, names: Mapping[Any, str]) -> dict[str, Any]:
    """A solution as JSON data.

    Args:
        solution: a Solution.
        names: of the statuses.

    Returns:
        Dictionaries, lists, texts and numbers.
    """
    statuses = np.asarray(solution.status, dtype=object).reshape(-1)
    return {
        "format": FORMAT,
        "dtype": str(solution.h.dtype).removeprefix("torch."),
        "shape": list(solution.h.shape),
        "h": _numbers(solution.h),
        "steps": solution.steps.reshape(-1).tolist(),
        "status": [names[status] for status in statuses],
        "residual": _numbers(solution.residual),
        "trajectory": None if solution.trajectory is None else _numbers(solution.trajectory),
        "trajectory_steps": list(solution.trajectory_steps),
    }


def from_file(path: Path, statuses: Mapping[str, Any]) -> dict[str, Any]:
    """What a file holds of a solution: h, steps, residual, trajectory, trajectory_steps, and a list of statuses.

    Args:
        path: the file.
        statuses: by name.

    Returns:
        Arguments of the constructor, without the objective.

    Raises:
        UsageError: it holds no solution.
        OSError: it cannot be read.
    """
    data = read_json(path, "the solution")
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise UsageError(f"{path} holds no solution: expected the format {FORMAT!r}")
    try:
        return _arguments(data, statuses)
    except (KeyError, TypeError, ValueError, OverflowError, RuntimeError) as error:
        missing = f"{error} is missing or unknown" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{path} holds no solution: {missing}") from None


def _arguments(data: Mapping[str, Any], statuses: Mapping[str, Any]) -> dict[str, Any]:
    dtype, shape = _TYPES[data["dtype"]], [_whole(size) for size in data["shape"]]
    if not shape:
        raise UsageError("h must have a dimension")
    batch, count = shape[:-1], math.prod(shape[:-1])
    kept = [_whole(step) for step in data["trajectory_steps"]]
    if (data["trajectory"] is None) != (not kept) or sorted(set(kept)) != kept:
        raise UsageError("trajectory_steps must say which steps the trajectory holds, in order")
    status = [statuses[name] for name in data["status"]]
    steps = [_whole(step) for step in data["steps"]]
    if len(status) != count or len(steps) != count:
        raise UsageError(f"status and steps must hold {count} entries")
    found = {
        "h": _tensor(data["h"], shape, dtype),
        "steps": torch.tensor(steps, dtype=torch.int64).reshape(batch),
        "status": status,
        "residual": _tensor(data["residual"], batch, dtype),
        "trajectory": None if not kept else _tensor(data["trajectory"], [len(kept), *shape], dtype),
        "trajectory_steps": tuple(kept),
    }
    finite = torch.isfinite(found["h"]).all(-1) & torch.isfinite(found["residual"])
    for one, sound in zip(status, finite.reshape(-1).tolist(), strict=True):
        if one is statuses["CONVERGED"] and not sound:
            raise UsageError("a state that is not finite has not converged")
    return found


def _numbers(x: Tensor) -> list[float | str]:
    flat = x.detach().double().reshape(-1).tolist()
    return [number if math.isfinite(number) else str(number) for number in flat]


def _tensor(numbers: Any, shape: list[int], dtype: torch.dtype) -> Tensor:
    if not isinstance(numbers, list) or len(numbers) != math.prod(shape):
        raise UsageError(f"expected {math.prod(shape)} numbers")
    for number in numbers:
        if isinstance(number, bool) or not (isinstance(number, float | int) or number in _BEYOND):
            raise UsageError(f"expected a number, got {shown(number)}")
    exact = torch.tensor([_BEYOND[x] if isinstance(x, str) else float(x) for x in numbers], dtype=torch.float64)
    found = exact.to(dtype)
    if not torch.equal(found.double().nan_to_num(nan=0.0), exact.nan_to_num(nan=0.0)):
        raise UsageError(f"a number does not fit into {dtype}")
    return found.reshape(shape)


def _whole(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < _LARGEST:
        raise UsageError(f"expected a number of steps or a size, got {shown(number)}")
    return number
