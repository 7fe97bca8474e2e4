"""A limit of work for computer algebra, counted in calls and not in seconds, so that a busy machine changes nothing."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

from sympy.core.cache import clear_cache

T = TypeVar("T")


class WorkSpent(Exception):
    """The task did not end within its work."""


class _Stop(BaseException):
    """Ends the task; no `except Exception` on the way keeps it."""


def within(work: int, task: Callable[[], T]) -> T:
    """Run a task of SymPy's, and end it once it has made so many calls.

    SymPy's memory of earlier results is cleared before, so that what ran earlier in the process makes no difference.

    Args:
        work: calls and returns of functions that are allowed, of Python and of C; a million take about 0.3 s.
        task: what to run, in this thread.

    Returns:
        What the task returns.

    Raises:
        WorkSpent: the work did not suffice.
    """
    done = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal done
        if argument is sys.setprofile:  # the end of the count, which nothing may interrupt
            return
        done += 1
        if done > work:
            raise _Stop

    clear_cache()
    before = sys.getprofile()
    profiler: Any = None if callable(before) else before  # cProfile, up to Python 3.11
    sys.setprofile(count)
    try:
        result = task()
    except _Stop:
        result = None
    finally:
        sys.setprofile(before if profiler is None else None)
        if profiler is not None:
            profiler.enable()
    if done > work:  # also where something on the way kept the exception
        clear_cache()
        raise WorkSpent(f"more than {work} calls")
    return result  # pyright: ignore[reportReturnType]
