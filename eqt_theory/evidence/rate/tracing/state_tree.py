"""The states of somebody's solver as trees of leaves."""

import copy
import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

from eqt_theory.core.functions import slots_of
from eqt_theory.evidence.rate.tracing.exact_float import Exact
from eqt_theory.evidence.rate.tracing.surroundings import is_open
from eqt_theory.evidence.rate.tracing.tape import Refused

_DEPTH = 8


def leaves(state: Any, path: str = "state") -> Iterator[tuple[str, Any]]:
    """Every tensor, number or other leaf, with its path.

    Raises:
        Refused: the tree is deeper than any state has reason to be.
    """
    if path.count(".") > _DEPTH:
        raise Refused(f"its state nests deeper than {_DEPTH} levels at {path}")
    fields = _fields(state)
    if fields is None:
        yield path, state
    else:
        for name, value in fields:
            yield from leaves(value, f"{path}.{name}")


def replaced(state: Any, new: dict[str, Any], path: str = "state") -> Any:
    """A copy of the state with other leaves at some paths; the state itself is not touched."""
    if path in new:
        return new[path]
    fields = _fields(state)
    if fields is None:
        return state
    parts = {name: replaced(value, new, f"{path}.{name}") for name, value in fields}
    if isinstance(state, dict):
        return type(state)((key, parts[_name(key)]) for key in state)
    if isinstance(state, tuple) and hasattr(state, "_fields"):
        return type(state)(**parts)
    if isinstance(state, list | tuple):
        return type(state)(parts.values())
    made = copy.copy(state)
    for name, value in parts.items():
        object.__setattr__(made, name, value)
    return made


def _fields(state: Any) -> list[tuple[str, Any]] | None:
    if isinstance(state, Tensor | type | float) or callable(state):  # a number of the tracer's passes for a float
        return None
    if isinstance(state, dict | list | tuple):
        beside = getattr(state, "__dict__", None)
        if beside and beside is not state:
            raise Refused(f"its state keeps {', '.join(beside)} beside the entries of a {type(state).__name__}")
    if isinstance(state, dict):
        if len({_name(key) for key in state}) < len(state):
            raise Refused(f"its state has keys that read the same: {', '.join(map(str, state))}")
        return [(_name(key), value) for key, value in state.items()]
    if isinstance(state, tuple) and hasattr(state, "_fields"):
        return list(zip(state._fields, state, strict=True))  # type: ignore[attr-defined]
    if isinstance(state, list | tuple):
        return [(str(i), value) for i, value in enumerate(state)]
    if is_open(state) and (dataclasses.is_dataclass(state) or hasattr(state, "__dict__")):
        named = [f.name for f in dataclasses.fields(state)] if dataclasses.is_dataclass(state) else []
        found = {**{n: getattr(state, n) for n in named}, **getattr(state, "__dict__", {}), **dict(slots_of(state))}
        return [(name, value) for name, value in found.items() if name != "__dict__"]
    return None


def _name(key: Any) -> str:
    return str(key).replace(".", ",")  # a dot goes one level down


def exact_parameters(solver: Any) -> Any:
    """A copy of a solver whose float attributes carry their exact values; the solver itself where it has none."""
    attributes = getattr(solver, "__dict__", {})
    if not any(type(value) is float for value in attributes.values()):
        return solver
    made = copy.copy(solver)
    for name, value in attributes.items():
        if type(value) is float and np.isfinite(value):
            object.__setattr__(made, name, Exact(value))
    return made
