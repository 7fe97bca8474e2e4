"""What claims are made while a file is loaded, so that one that no name keeps is missed."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_MADE: ContextVar[list[Any] | None] = ContextVar("_MADE", default=None)


def made(claim: Any) -> None:
    """Take down that a claim was made, where somebody asks."""
    if (every := _MADE.get()) is not None:
        every.append(claim)


@contextmanager
def claims_made() -> Iterator[list[Any]]:
    """Yields a list of the claims that are made meanwhile, by this thread."""
    every: list[Any] = []
    token = _MADE.set(every)
    try:
        yield every
    finally:
        _MADE.reset(token)
