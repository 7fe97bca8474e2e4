"""Calls into the solver of semidefinite programs, whose eigenvalue routine panics on some of them."""

import contextlib
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")
_ACCOUNT = b"thread '"


def unless_it_panics(call: Callable[[], T]) -> T | None:
    """What a call gives; None where it panicked, which reaches Python as no Exception.

    A panic writes its own account to the standard error of the process; that is kept from the user.

    Args:
        call: of compiled code.

    Returns:
        Its result, or None.
    """
    with _ERRORS.held() as said:
        try:
            return call()
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            said.panicked = True
            return None


class _Errors:
    """The standard error of the process, held back while somebody is inside; threads share one copy."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside, self.panicked = 0, False
        self._kept: tuple[Any, int, contextlib.ExitStack] | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator["_Errors"]:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._kept, self.panicked = self._hold(), False
        try:
            yield self
        finally:
            with self._lock:
                self._inside -= 1
                if not self._inside and self._kept is not None:
                    self._let_go(*self._kept)

    @staticmethod
    def _hold() -> tuple[Any, int, contextlib.ExitStack] | None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
            before = os.dup(2)
            opened.callback(os.close, before)
            kept = opened.enter_context(tempfile.TemporaryFile())
            os.dup2(kept.fileno(), 2)
            return kept, before, opened.pop_all()
        return None  # nobody listens, or there is no room: then nothing is held back

    def _let_go(self, kept: Any, before: int, opened: contextlib.ExitStack) -> None:
        with opened:
            os.dup2(before, 2)
            kept.seek(0)
            told = kept.read()
        if self.panicked:
            told = told.partition(_ACCOUNT)[0].removesuffix(b"\n")
        with contextlib.suppress(OSError):
            os.write(2, told)


_ERRORS = _Errors()
