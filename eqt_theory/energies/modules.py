"""The modules that a user's function works with: they are left as they were, and refused while they are blank."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from eqt_theory.core.errors import UsageError

_DEPTH = 10


def modules_of(thing: Any) -> list[nn.Module]:
    """The outermost modules that a thing is made of, or a function can see.

    Args:
        thing: a module, a function, or an object that holds such, as an energy or a problem does.

    Returns:
        The modules themselves, a partial's, a method's and a closure's, and what a function's code names of its own
        module; each once.
    """
    found: dict[int, nn.Module] = {}
    _gather(thing, found, set(), _DEPTH)
    return list(found.values())


def _gather(thing: Any, found: dict[int, nn.Module], seen: set[int], depth: int) -> None:
    if depth == 0 or id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, nn.Module):
        found[id(thing)] = thing
        return
    for part in _parts(thing):
        _gather(part, found, seen, depth - 1)


def _parts(thing: Any) -> Iterator[Any]:
    if isinstance(thing, FunctionType):
        for cell in thing.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # not yet filled
                continue
        yield from thing.__defaults__ or ()
        names = thing.__globals__
        yield from (names[n] for n in thing.__code__.co_names if isinstance(names.get(n), nn.Module | FunctionType))
    elif isinstance(thing, MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, tuple | list):
        if thing and not isinstance(thing[0], int | float):  # corners of a domain, say
            yield from thing
    elif isinstance(thing, dict):
        yield from thing.values()
    elif not isinstance(thing, type | Tensor) and type(thing).__module__ not in ("builtins", "torch", "numpy"):
        yield from getattr(thing, "__dict__", {}).values()


def require_initialised(*things: Any) -> None:
    """Refuse a lazy module that has not seen a state yet: its weights would be drawn in the middle of a question.

    Args:
        things: as for `modules_of`.

    Raises:
        UsageError: a parameter or buffer has no shape yet.
    """
    for module in modules_of(things):
        for path, tensor in (*module.named_parameters(), *module.named_buffers()):
            if is_lazy(tensor):
                raise UsageError(
                    f"{type(module).__name__} must have been called on a state once, got the lazy parameter {path!r}, "
                    "which has no shape yet"
                )


@contextmanager
def buffers_kept(*things: Any) -> Iterator[None]:
    """Put the buffers of modules in training mode back in the end: a question about a model leaves no trace in it.

    Args:
        things: as for `modules_of`.
    """
    parts = [p for module in modules_of(things) for p in module.modules() if getattr(p, "training", False)]
    kept = [(p, n, b, b.clone()) for p in parts for n, b in p._buffers.items() if b is not None]
    try:
        yield
    finally:
        with torch.no_grad():
            for part, name, buffer, value in kept:
                if part._buffers.get(name) is not buffer:
                    part._buffers[name] = buffer
                if not torch.equal(buffer, value):
                    buffer.copy_(value)
