"""Standard output and error that outlast their readers: a closed pipe ends no run and changes no exit status."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any


class Lasting:
    """A text stream that goes on, into nothing, once nobody reads it; everything else is the stream's own.

    Args:
        stream: the stream.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: Any) -> int:
        """Write to the stream, if anybody reads it."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self.drop()
            return len(text)

    def flush(self) -> None:
        """Flush the stream, if anybody reads it."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self.drop()

    @property
    def buffer(self) -> Any:
        """The stream of bytes below, just as lasting."""
        return Lasting(self._stream.buffer)

    def drop(self) -> None:
        """Send what is still to come, and what could not be written, to nowhere."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def lasting_streams() -> Iterator[None]:
    """Standard output and error as `Lasting` streams that can show any text, also where they are closed.

    Yields:
        Nothing.
    """
    before = sys.stdout, sys.stderr
    _open_closed()
    sys.stdout, sys.stderr = (_lasting(stream) for stream in before)  # type: ignore[assignment]
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # told already, where there is anybody to tell
                stream.drop()  # type: ignore[union-attr]
        sys.stdout, sys.stderr = before


def _lasting(stream: Any) -> Any:
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  for as long as the process lives
    with contextlib.suppress(AttributeError):
        stream.reconfigure(errors="replace")  # no traceback for a terminal without "└"
    return Lasting(stream)


def _open_closed() -> None:
    """Without this the next file that is opened would take the place of standard output, and get what others print."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
