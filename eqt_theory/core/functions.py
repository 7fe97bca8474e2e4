"""What a function or an object of a user's own works with besides its arguments."""

import inspect
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

_LIBRARIES = ("torch", "numpy", "sympy", "scipy")


def closure_of(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The variables of the functions around it, by their names; those that have no value yet are left out."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            content = cell.cell_contents
        except ValueError:
            continue
        yield name, content


def defaults_of(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """The defaults of its arguments: of those by place by their number, of those by keyword by their name."""
    yield from ((str(i), value) for i, value in enumerate(function.__defaults__ or ()))
    yield from (function.__kwdefaults__ or {}).items()


def names_in(code: CodeType) -> set[str]:
    """The names that a piece of code, and the functions in it, may look up: texts, too, as of `globals()["count"]`."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    texts = {constant for constant in code.co_consts if isinstance(constant, str) and constant.isidentifier()}
    return set(code.co_names).union(texts, *map(names_in, inner))


def slots_of(thing: Any) -> Iterator[tuple[str, Any]]:
    """What stands in the slots of an object, those whose names are mangled too; those without a value are left out."""
    for kind in type(thing).__mro__:
        for name, member in vars(kind).items():
            if inspect.ismemberdescriptor(member):
                try:
                    yield name, member.__get__(thing)
                except AttributeError:
                    continue


def home_of(thing: Any) -> str:
    """The package that a class or function belongs to."""
    home = thing.__module__ if isinstance(thing.__module__, str) else "builtins"  # a metaclass may have none
    return home.partition(".")[0]


def of_a_library(thing: Any) -> bool:
    """Whether a class or function belongs to a library or to Python, and so knows nothing of a user's own."""
    home = home_of(thing)
    return home != "__main__" and (home in _LIBRARIES or home in sys.stdlib_module_names)
