"""Former names of arguments: they keep working for one version, with a warning that says the new name."""

import inspect
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from eqt_theory.core.errors import UsageError

T = TypeVar("T")


def renamed(**former: str) -> Callable[[T], T]:
    """Let a function take arguments by their former names.

    Args:
        **former: former name = name of today.

    Returns:
        A decorator. The function keeps its signature; a call that uses a former name warns (DeprecationWarning) and
        goes on; one that gives both names raises UsageError.
    """

    def decorate(function: T) -> T:
        assert callable(function)
        title = getattr(function, "__name__", "this function")
        order = list(inspect.signature(function).parameters)

        @wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            __tracebackhide__ = True
            for old, new in former.items():
                if old not in kwargs:
                    continue
                if new in kwargs or order.index(new) < len(args):
                    raise UsageError(f"{title}: {old!r} is the former name of {new!r}; give one of them, got both")
                said = f"{title}: {old!r} is the former name of {new!r} and goes in the next version"
                warnings.warn(said, DeprecationWarning, stacklevel=2)
                kwargs[new] = kwargs.pop(old)
            return function(*args, **kwargs)

        return inside  # type: ignore[return-value]

    return decorate
