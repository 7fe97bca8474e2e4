"""What a function of a user's own works with besides its arguments."""

from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any


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
