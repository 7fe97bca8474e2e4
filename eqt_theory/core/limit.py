"""A limit of the clock on the wall: the last resort against what never ends. It gives INCONCLUSIVE and nothing else."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

LIMIT = 3600.0
"""Seconds that a check may take; generous, so that no busy machine reaches it."""
LOADING = 600.0
"""Seconds that loading a claims file may take."""
_AGAIN = 1.0
"""Seconds after which what went on all the same is interrupted once more."""


class TooLong(BaseException):
    """The time is over. No `except Exception` on the way keeps it."""


@contextlib.contextmanager
def limited(seconds: float, what: str) -> Iterator[None]:
    """Interrupt the code inside after so many seconds.

    It works in the main thread, on systems that know alarms, and for code that returns to Python now and then;
    elsewhere nothing happens.

    Args:
        seconds: of the clock on the wall.
        what: that which must not take longer, for the message.

    Yields:
        Nothing.

    Raises:
        TooLong: the time is over.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    over = False

    def ring(number: int, frame: FrameType | None) -> None:
        if not over:
            raise TooLong(f"{what} did not end within {seconds:g} s, the last resort against what never ends")

    handler, begun = signal.signal(signal.SIGALRM, ring), time.monotonic()
    outer, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        try:
            yield
        finally:
            over = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler if handler is not None else signal.SIG_DFL)
        if outer:  # a limit around this one
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - begun), 1e-3), interval)
