"""The state of a step rule, and how finished states are dropped from it."""

import copy
import dataclasses
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError


class HasPoint(Protocol):
    """Any object with `h`, the states of shape (..., d)."""

    @property
    def h(self) -> Tensor: ...


@dataclass(frozen=True)
class State:
    """The least a step rule must carry: the current states, shape (..., d).

    Derive from it for more. Every tensor field has the batch as its leading dimension, so that states that are
    done can be dropped from it; a tensor without dimensions, and anything that is not a tensor, is shared by all.
    """

    h: Tensor


@dataclass(frozen=True)
class GradientState(State):
    """A state that promises `gradient` = grad Phi(h) at its own h; the loop then does not compute it again."""

    gradient: Tensor


@dataclass(frozen=True)
class ResidualState(State):
    """A state that promises `residual`, that of the problem at its own h; the loop then does not compute it again."""

    residual: Tensor


def promised(state: Any) -> Tensor | None:
    """The residual that a state promises, (..., d), or None."""
    if isinstance(state, GradientState):
        return state.gradient
    return state.residual if isinstance(state, ResidualState) else None


_SHARED = (type(None), bool, int, float, complex, str, enum.Enum, torch.dtype, torch.device, torch.Size)


def select_state(state: Any, index: Tensor, count: int, name: str = "state") -> Any:
    """The part of a solver's state that belongs to some states of a flat batch.

    Tensors are selected along their leading dimension; tuples, lists, dicts, dataclasses, named tuples and plain
    objects field by field; an object with a method `select(index)` by that method. Numbers, strings, functions,
    None and tensors without dimensions are shared. Nothing is modified.

    Args:
        state: a solver's state for `count` states.
        index: int64 positions to keep, shape (n,).
        count: how many states there are now.
        name: how to call it in an error.

    Returns:
        An object of the same type for the n states.

    Raises:
        UsageError: a tensor's leading dimension is not `count`, or a field is of a kind that cannot be selected.
    """
    if isinstance(state, Tensor):
        if state.ndim == 0:
            return state
        if state.shape[0] != count:
            raise UsageError(
                f"{name} must have the {count} states of the batch as its leading dimension, so that states that are "
                f"done can be dropped, got shape {tuple(state.shape)}; expand it, or give the state select(index)"
            )
        return state.index_select(0, index)
    if isinstance(state, _SHARED) or (callable(state) and not hasattr(state, "h")):
        return state
    own = getattr(state, "select", None)
    if callable(own):
        return own(index)
    named = getattr(state, "_fields", None)
    if isinstance(state, tuple) and named is not None:
        return type(state)(*(select_state(v, index, count, f"{name}.{k}") for k, v in zip(named, state, strict=True)))
    if isinstance(state, list | tuple):
        return type(state)(select_state(v, index, count, f"{name}[{i}]") for i, v in enumerate(state))
    if isinstance(state, dict):
        return {k: select_state(v, index, count, f"{name}[{k!r}]") for k, v in state.items()}
    names = _names(state)
    if names is None:
        raise UsageError(
            f"{name} must be made of tensors, numbers, dataclasses, tuples, lists or dicts, or have select(index), "
            f"so that states that are done can be dropped; got {type(state).__name__}"
        )
    selected = copy.copy(state)
    for field in names:
        object.__setattr__(selected, field, select_state(getattr(state, field), index, count, f"{name}.{field}"))
    return selected


def joined_states(parts: Sequence[Any]) -> Any:
    """The opposite of `select_state`: one state for the states of several flat batches, in their order.

    Args:
        parts: solver's states, of batches whose states took equally many steps.

    Returns:
        An object of the same type; None where what all states share differs, or nothing says how to join it.
    """
    try:
        return _joined(parts)
    except _Apart:
        return None


class _Apart(Exception):
    """States that cannot be joined."""


def _joined(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if any(type(part) is not type(first) for part in parts):
        raise _Apart
    if isinstance(first, Tensor) and first.ndim > 0:
        if len({(part.shape[1:], part.dtype, part.device) for part in parts}) > 1:  # as memories of unequal length
            raise _Apart
        return torch.cat(list(parts))
    if isinstance(first, (Tensor, *_SHARED)) or (callable(first) and not hasattr(first, "h")):
        if not all(part is first or _equal(part, first) for part in parts):
            raise _Apart
        return first
    if callable(getattr(first, "select", None)):
        raise _Apart
    if isinstance(first, tuple | list) and len({len(part) for part in parts}) == 1:
        fields = [_joined(field) for field in zip(*parts, strict=True)]
        return type(first)(*fields) if hasattr(first, "_fields") else type(first)(fields)
    if isinstance(first, dict) and all(part.keys() == first.keys() for part in parts):
        return {name: _joined([part[name] for part in parts]) for name in first}
    names = _names(first)
    if names is None or any(_names(part) != names for part in parts):
        raise _Apart
    both = copy.copy(first)
    for name in names:
        object.__setattr__(both, name, _joined([getattr(part, name) for part in parts]))
    return both


def _equal(one: Any, other: Any) -> bool:
    return torch.equal(one, other) if isinstance(one, Tensor) else bool(one == other)


def _names(state: Any) -> list[str] | None:
    """The fields of an object, or None where it has none."""
    if dataclasses.is_dataclass(state):
        return [field.name for field in dataclasses.fields(state)]
    return list(vars(state)) if hasattr(state, "__dict__") else None
