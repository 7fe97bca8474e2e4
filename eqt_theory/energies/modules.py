"""The modules that a user's function works with: they are left as they were, and refused while they are blank."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from eqt_theory.core.errors import UsageError
from eqt_theory.core.functions import closure_of, defaults_of, home_of, names_in, of_a_library, slots_of

_DEPTH = 10
_REGISTERED = ("_parameters", "_buffers", "_modules")


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
    for part in _parts(thing):
        _gather(part, found, seen, depth - 1)


def _parts(thing: Any) -> Iterator[Any]:
    if isinstance(thing, FunctionType):
        yield from (value for _, value in (*closure_of(thing), *defaults_of(thing)))
        if not _elsewhere(thing):
            yield from _named_by(thing)
    elif isinstance(thing, MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, staticmethod | classmethod):
        yield thing.__func__
    elif isinstance(thing, property):
        yield thing.fget
    elif isinstance(thing, partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, tuple | list | deque):
        if thing and not (isinstance(thing[0], int | float) and isinstance(thing[-1], int | float)):  # corners, say
            yield from thing
    elif isinstance(thing, set | frozenset):
        yield from thing
    elif isinstance(thing, dict):
        yield from thing.values()
    elif isinstance(thing, nn.Module):  # what it holds and has not registered, as in a list, or its forward names
        for part in thing.modules():
            yield from (value for name, value in vars(part).items() if name not in _REGISTERED)
            yield type(part)
    elif isinstance(thing, type):
        if not _elsewhere(thing):
            yield from (*vars(thing).values(), *thing.__bases__)
    elif type(thing).__module__ not in ("builtins", "torch", "numpy") and not isinstance(thing, Tensor | ModuleType):
        yield from (*getattr(thing, "__dict__", {}).values(), *(value for _, value in slots_of(thing)), type(thing))


def _named_by(function: FunctionType) -> Iterator[Any]:
    """What the code of a function names of its own module, and of those that it names."""
    names, seen = sorted(names_in(function.__code__)), function.__globals__
    for value in (seen[name] for name in names if name in seen):
        if isinstance(value, ModuleType):
            yield from (part for name in names if isinstance(part := vars(value).get(name), nn.Module))
        else:
            yield value


def _elsewhere(thing: Any) -> bool:
    """Whether a class or function is none of a user's own, and so names no module of theirs."""
    return of_a_library(thing) or home_of(thing) == "eqt_theory"


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


_IN_QUESTION: dict[int, "_Kept"] = {}
_LOCK = threading.Lock()


@contextmanager
def buffers_kept(*things: Any) -> Iterator[None]:
    """Put the buffers of modules back in the end: a question about a model leaves no trace in it, in whichever mode.

    Where questions about one module overlap, in threads or inside of each other, the last to end puts them back.

    Args:
        things: as for `modules_of`.
    """
    parts = list({id(p): p for module in modules_of(things) for p in module.modules()}.values())
    with _LOCK:
        for part in parts:
            _IN_QUESTION.setdefault(id(part), _Kept(part)).questions += 1
    try:
        yield
    finally:
        with _LOCK:
            for part in parts:
                kept = _IN_QUESTION[id(part)]
                kept.questions -= 1
                if not kept.questions:
                    _IN_QUESTION.pop(id(part)).put_back()


class _Kept:
    """The buffers of one module, without those of its parts, as they are now."""

    def __init__(self, part: nn.Module) -> None:
        self.part, self.questions = part, 0
        self.buffers = dict(part._buffers)
        self.values = {name: b.clone() for name, b in part._buffers.items() if b is not None}

    def put_back(self) -> None:
        now = self.part._buffers
        # A script's are no dictionary, and always the same ones.
        if isinstance(now, dict) and (
            list(now) != list(self.buffers) or any(now[name] is not b for name, b in self.buffers.items())
        ):
            now.clear()
            now.update(self.buffers)
        for name, value in self.values.items():
            buffer = self.buffers[name]
            assert buffer is not None
            with torch.inference_mode() if buffer.is_inference() else torch.no_grad():
                if buffer.shape != value.shape:
                    buffer.resize_(value.shape)
                if not torch.equal(buffer, value):
                    buffer.copy_(value)
