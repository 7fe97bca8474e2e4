"""What somebody's solver keeps outside of its states."""

import contextvars
import functools
import gc
import io
import random
import re
import sys
import types
import weakref
from typing import Any

import numpy as np
import sympy as sp
import torch
from torch import Tensor

from eqt_theory.core.functions import closure_of, defaults_of, names_in, of_a_library, slots_of
from eqt_theory.evidence.rate.tracing.affine import Affine, plain

_DEPTH = 20
_PLAIN_CONTENT = ("array", "collections", "ctypes", "itertools")
_CACHE = "'s cache of "


class _Found(dict[str, Any]):
    """What was found, by name; nothing hides what had the same name before it, as a default on the class would.

    Attributes:
        words: the names in the code that was looked at.
        kinds: the classes of libraries, of which only what that code names is looked at.
        caches: functions that remember what they returned, by path.
    """

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self.words: set[str] = set()
        self.kinds: dict[type, str] = {}
        self.caches: list[tuple[str, Any]] = []

    def __setitem__(self, name: str, value: Any) -> None:
        again = self._times.get(name, 0)
        self._times[name] = again + 1
        super().__setitem__(f"{name} ({again + 1})" if again else name, value)


def surroundings(thing: Any) -> dict[str, Any]:
    """What a solver can remember outside of its states: its attributes, closures, the globals that it names.

    Args:
        thing: the solver.

    Returns:
        All of it by name, with the random number generators of Python, NumPy and torch. A difference between two shows
        a hidden memory.
    """
    found = _Found()
    found["random"] = random.getstate()
    found["numpy.random"] = _numpy_state()
    found["torch's random numbers"] = bytes(torch.get_rng_state().numpy())
    seen: dict[int, Any] = {}
    _look(thing, type(thing).__name__, found, seen, 0)
    for kind, path in list(found.kinds.items()):  # somebody's own attributes on classes of libraries
        for name in sorted(found.words & vars(kind).keys()):
            if not (callable(vars(kind)[name]) or hasattr(vars(kind)[name], "__get__")):
                _look(vars(kind)[name], f"{path}.{name}", found, seen, 1)
    for path, cached in found.caches:  # which grows meanwhile
        for result in _results(cached):
            _look(result, f"{path}{_CACHE}{id(result)}", found, seen, 1)
    if "cache_info" in found.words:
        found.update({f"{path}.cache_info()": cached.cache_info() for path, cached in found.caches})
    return found


def content(thing: Any) -> dict[str, Any]:
    """What a thing in a state holds, by name; two that hold the same are equal."""
    found = _Found()
    found["type"] = type(thing)
    _look(thing, type(thing).__name__, found, {}, 0)
    return found


def _numpy_state() -> tuple[Any, ...]:
    name, keys, *rest = np.random.get_state()
    return name, np.asarray(keys).tobytes(), *rest


def _look(thing: Any, path: str, found: _Found, seen: dict[int, Any], depth: int) -> None:
    if depth > _DEPTH or id(thing) in seen or isinstance(thing, types.ModuleType):
        return
    if thing is None or isinstance(thing, bool | int | float | complex | str | bytes):
        found[path] = (type(thing).__name__, repr(thing))
        return
    seen[id(thing)] = thing  # held, so that its id is not given to another
    if isinstance(thing, Tensor):
        found[path] = plain(thing).cpu().tolist()
        if not isinstance(thing, Affine) and not thing.is_inference():
            found[f"{path}._version"] = thing._version  # how often it was changed in place
        _look_at_attributes(thing, path, found, seen, depth)
    elif isinstance(thing, np.ndarray):
        found[path] = thing.tolist() if thing.dtype != object else None
        if thing.dtype == object:
            _look(thing.tolist(), path, found, seen, depth + 1)
    elif isinstance(thing, sp.Basic) and type(thing).__module__.startswith("sympy."):
        found[path] = str(thing)  # it does not change, but for what it keeps of its own computations
    elif isinstance(thing, bytearray | memoryview):
        found[path] = bytes(thing)
    elif isinstance(thing, io.IOBase):
        if not thing.closed and thing.seekable() and thing not in (sys.stdout, sys.stderr):
            found[path] = thing.tell()
    elif isinstance(thing, random.Random):
        found[path] = thing.getstate()
    elif isinstance(thing, np.random.Generator):
        found[path] = repr(thing.bit_generator.state)
    elif isinstance(thing, torch.Generator):
        found[path] = bytes(thing.get_state().numpy())
    elif isinstance(thing, types.GeneratorType):
        found[f"{path}'s place"] = thing.gi_frame and thing.gi_frame.f_lasti
        for part in (thing.gi_frame and thing.gi_frame.f_locals, thing.gi_yieldfrom):
            _look(part, path, found, seen, depth + 1)
    elif isinstance(thing, contextvars.ContextVar):
        _look(thing.get(None), path, found, seen, depth + 1)
    elif isinstance(thing, weakref.ref):
        _look(thing(), path, found, seen, depth + 1)
    elif isinstance(thing, dict):
        found[f"{path}'s size"] = len(thing)
        _look_at_attributes(thing, path, found, seen, depth)
        for key, value in list(thing.items()):
            plain_key = isinstance(key, str | int | float)
            _look(value, f"{path}[{key!r}]" if plain_key else path, found, seen, depth + 1)
            if not plain_key:
                _look(key, f"{path}'s key", found, seen, depth + 1)
    elif isinstance(thing, list | tuple | set | frozenset):
        found[f"{path}'s size"] = len(thing)
        _look_at_attributes(thing, path, found, seen, depth)
        for i, value in enumerate(list(thing)):
            _look(value, f"{path}[{i}]", found, seen, depth + 1)
    elif isinstance(thing, staticmethod | classmethod):
        _look(thing.__func__, path, found, seen, depth + 1)
    elif isinstance(thing, property):
        for part in (thing.fget, thing.fset, thing.fdel):
            _look(part, path, found, seen, depth + 1)
    elif isinstance(thing, types.BuiltinFunctionType | types.MethodWrapperType):
        found[path] = thing.__qualname__
        _look(thing.__self__, path, found, seen, depth + 1)  # as of `iterator.__next__`
    elif isinstance(thing, types.MethodType):
        _look(thing.__self__, path, found, seen, depth + 1)
        _look(thing.__func__, path, found, seen, depth + 1)
    elif isinstance(thing, functools._lru_cache_wrapper):
        found.caches.append((path, thing))
        _look(thing.__wrapped__, path, found, seen, depth + 1)
    elif isinstance(thing, types.FunctionType):
        _look_into_function(thing, path, found, seen, depth)
    elif isinstance(thing, type):
        if of_a_library(thing):
            for kind in thing.__mro__:
                found.kinds.setdefault(kind, kind.__name__)
        else:
            for name, value in list(vars(thing).items()):
                method = isinstance(value, types.FunctionType)
                if not (_own(value) if method else name.startswith("__")):
                    _look(value, f"{path}.{name}", found, seen, depth + 1)
            for base in (*thing.__bases__, type(thing)):
                _look(base, base.__name__, found, seen, depth + 1)
    elif type(thing).__module__ in _PLAIN_CONTENT or hasattr(thing, "__next__") or not is_open(thing):
        _look_into_reduced(thing, path, found, seen, depth)
        _look_at_attributes(thing, path, found, seen, depth)
    else:
        if isinstance(thing, functools.partial | functools.partialmethod):
            for part in (thing.func, thing.args, thing.keywords):
                _look(part, path, found, seen, depth + 1)
        _look_at_attributes(thing, path, found, seen, depth)


def _look_at_attributes(thing: Any, path: str, found: _Found, seen: dict[int, Any], depth: int) -> None:
    for name, value in [*getattr(thing, "__dict__", {}).items(), *slots_of(thing)]:
        _look(value, f"{path}.{name}", found, seen, depth + 1)
    _look(type(thing), path, found, seen, depth + 1)


def _look_into_reduced(thing: Any, path: str, found: _Found, seen: dict[int, Any], depth: int) -> None:
    """Containers and iterators of Python's own: their content and their place are in what a copy is made of."""
    try:
        parts = thing.__reduce_ex__(2)
    except Exception:  # it cannot be copied
        found[path] = repr(thing)
        return
    for i, part in enumerate(parts if isinstance(parts, tuple) else ()):
        content = list(part) if i in (3, 4) and part is not None else part  # iterators over the content
        _look(content, f"{path}'s part {i}", found, seen, depth + 1)


def is_open(thing: Any) -> bool:
    """Whether all that an object keeps is in its attributes: one made in C keeps more, as a deque or a class of it."""
    made = next(kind for kind in type(thing).__mro__ if getattr(kind.__new__, "__self__", None) is kind)
    kept = hasattr(thing, "__dict__") or any("__slots__" in vars(kind) for kind in type(thing).__mro__)
    return kept and (made in (object, types.SimpleNamespace) or isinstance(thing, functools.partial))


def _look_into_function(function: Any, path: str, found: _Found, seen: dict[int, Any], depth: int) -> None:
    for name, value in vars(function).items():
        _look(value, f"{path}.{name}", found, seen, depth + 1)
    found[path] = function.__code__
    if of_a_library(function):
        return
    names = [] if _own(function) else sorted(names_in(function.__code__))
    found.words.update(names)
    reached = [(name, function.__globals__.get(name, sys.modules.get(name))) for name in names]  # or imported inside
    for name, value in [*closure_of(function), *((name, value) for name, value in reached if value is not None)]:
        _look(value, name, found, seen, depth + 1)
        if isinstance(value, types.ModuleType):
            _look_into_module(value, name, names, found, seen, {id(value)})
    for name, value in defaults_of(function):
        _look(value, f"{path}'s default {name}", found, seen, depth + 1)


def _look_into_module(
    module: types.ModuleType, path: str, names: list[str], found: _Found, seen: dict[int, Any], been: set[int]
) -> None:
    """What a piece of code that names a module can reach in it: what it names too."""
    for name in (n for n in names if n in vars(module)):
        thing = vars(module)[name]
        if not isinstance(thing, types.ModuleType):
            _look(thing, f"{path}.{name}", found, seen, 1)
        elif id(thing) not in been:
            been.add(id(thing))
            _look_into_module(thing, f"{path}.{name}", names, found, seen, been)


def _own(function: Any) -> bool:
    """Whether a function is this package's, below its planted faults, whose globals remember nothing of any steps."""
    package, _, room = (function.__module__ or "").partition(".")
    return package == "eqt_theory" and room.partition(".")[0] in ("core", "energies", "operators", "solvers")


def _results(cached: Any) -> list[Any]:
    """What a cache holds, its keys too where it is bounded."""
    parts = [part for part in gc.get_referents(cached) if part is not vars(cached) and not isinstance(part, type)]
    if cached.cache_info().maxsize is None:
        return [result for part in parts if isinstance(part, dict) for result in part.values()]
    rest = [part for part in parts if part is not cached.__wrapped__ and not _is_link(part)]
    return [part for part in rest if not (isinstance(part, dict) and any(map(_is_link, part.values())))]


def _is_link(thing: Any) -> bool:
    return type(thing).__name__ == "_lru_list_elem"


def difference(before: dict[str, Any], after: dict[str, Any]) -> str:
    """The first thing that two surroundings differ in; empty where they are the same but for what caches newly hold."""

    def differs(key: str) -> bool:
        if _CACHE in key and not (key in before and key in after):
            return False
        return before.get(key, before) != after.get(key, before)

    found = next((key for key in [*before, *after] if differs(key)), "")
    return re.sub(rf"{_CACHE}\d+", "'s cache", found)


def newly_cached(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What caches hold after and did not before."""
    return {key: value for key, value in after.items() if _CACHE in key and key not in before}
