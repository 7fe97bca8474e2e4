"""Budget: the seconds that a call may take, who is told how far it is, and what its reader should know besides.

Long loops say what they do (`stage`) and count (`tick`); they know neither the clock nor who listens. The clock gives
INCONCLUSIVE and nothing else, so that no verdict depends on how busy the machine is.
"""

import contextlib
import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method

P = ParamSpec("P")
R = TypeVar("R")

Told = Callable[[str], object]
"""Takes a line that says how far a call is; called about once a second at most."""
_EVERY = 1.0


class OverBudget(BaseException):
    """The seconds are over. No `except Exception` on the way keeps it.

    Args:
        budget: whose seconds.
    """

    def __init__(self, budget: "Budget") -> None:
        super().__init__(f"the {budget.seconds:g} s were over {budget.doing}")
        self.budget = budget


class Budget:
    """What one call may take, and what is known of it so far.

    Args:
        seconds: from now on; None is no limit.
        progress: is told how far it is; None is nobody.
        outer: the budget of the call around this one, which holds inside, too.
    """

    def __init__(self, seconds: float | None, progress: Told | None, outer: "Budget | None") -> None:
        self.seconds, self.progress, self.outer = seconds, progress, outer
        self.begun = self._told = time.monotonic()
        self.what, self.total, self.done = "beginning", 0, 0
        self.remarks: list[str] = []

    @property
    def doing(self) -> str:
        """What it is at, as "while descending, 12 of 40"."""
        counted = f", {self.done} of {self.total}" if self.total else f", {self.done} done" if self.done else ""
        return f"while {self.what}{counted}"

    @property
    def expired(self) -> bool:
        """Whether its seconds are over."""
        return self.seconds is not None and time.monotonic() - self.begun > self.seconds

    def look(self) -> None:
        """Tell how far it is, and end it if its time is over.

        Raises:
            OverBudget: it is, or that of a call around this one.
        """
        if self.progress is not None and time.monotonic() - self._told > _EVERY:
            self._told = time.monotonic()
            self.progress(f"{self.doing.removeprefix('while ')}, {self._told - self.begun:.0f} s")
        if self.outer is not None:
            self.outer.what, self.outer.total, self.outer.done = self.what, self.total, self.done
            self.outer.look()
        if self.expired:
            raise OverBudget(self)


_CURRENT: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextlib.contextmanager
def budget(seconds: float | None = None, progress: Told | None = None) -> Iterator[Budget]:
    """A budget for what runs inside.

    Args:
        seconds: that it may take; None is no limit.
        progress: is told how far it is; None is nobody.

    Yields:
        The budget.
    """
    made = Budget(seconds, progress, _CURRENT.get())
    token = _CURRENT.set(made)
    try:
        yield made
    finally:
        _CURRENT.reset(token)


def stage(what: str, total: int = 0) -> None:
    """Say what comes now.

    Args:
        what: as "comparing pairs of states".
        total: how many pieces of it there are; 0 where that is not known.
    """
    current = _CURRENT.get()
    if current is not None:
        current.what, current.total, current.done = what, total, 0
        current.look()


def tick() -> None:
    """Count one piece of what is being done; the place where a call that has taken too long ends."""
    current = _CURRENT.get()
    if current is not None:
        current.done += 1
        current.look()


def ticked(found: R) -> R:
    """The same, counted: for comprehensions."""
    tick()
    return found


def look() -> None:
    """The place where a call that has taken too long ends, inside of a piece that counts as one."""
    current = _CURRENT.get()
    if current is not None:
        current.look()


def looked(found: R) -> R:
    """The same, after a look: for comprehensions."""
    look()
    return found


def left() -> float:
    """The seconds that are left, for what can be told beforehand how long it may take; infinite without a limit."""
    current, found = _CURRENT.get(), math.inf
    while current is not None:
        if current.seconds is not None:
            found = min(found, max(current.begun + current.seconds - time.monotonic(), 0.0))
        current = current.outer
    return found


def remark(text: str) -> None:
    """Something that the reader of what is found should know; said once, however often it happens."""
    current = _CURRENT.get()
    while current is not None:
        if text not in current.remarks:
            current.remarks.append(text)
        current = current.outer


def budgeted(function: Callable[P, Finding]) -> Callable[P, Finding]:
    """Give a check its keywords `seconds` and `progress`, and its finding the remarks that were made.

    Args:
        function: a check with both keywords, whose values it does not look at.

    Returns:
        A function of the same signature, INCONCLUSIVE where the seconds were over.
    """
    return _budgeted(function, Method.SAMPLING)


def budgeted_proof(function: Callable[P, Finding]) -> Callable[P, Finding]:
    """As `budgeted`, for a function that proves.

    Args:
        function: with both keywords, whose values it does not look at.

    Returns:
        A function of the same signature, INCONCLUSIVE where the seconds were over.
    """
    return _budgeted(function, Method.SMT)


def _budgeted(function: Callable[P, Finding], method: Method) -> Callable[P, Finding]:
    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> Finding:
        seconds, progress = kwargs.get("seconds"), kwargs.get("progress")
        with budget(seconds, progress) as current:  # type: ignore[arg-type]
            try:
                found = function(*args, **kwargs)
            except OverBudget as over:
                if over.budget is not current:
                    raise
                found = inconclusive(method, f"not finished: {over}; nothing was found out in that time")
        new = [text for text in current.remarks if text not in found.note]
        return dataclasses.replace(found, note="; ".join([found.note, *new] if found.note else new)) if new else found

    return inside
