"""Reading and writing files: whole or not at all, one writer at a time, and tried before the work that fills them."""

import contextlib
import errno
import json
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError


class _Named:
    words = "a path"

    def holds(self, value: Path | str) -> bool:
        return "\0" not in str(value)


AnyPath = Annotated[Path | str, _Named()]
"""A path that a file can have, for `checked`."""
STANDARD_OUTPUT = Path("-")
"""The name that stands for standard output wherever a command writes one file."""
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EFBIG}
"""What is no mistake in a name: a full disk, too many open files."""


def is_fault(error: OSError) -> bool:
    """Whether the machine is at fault (a full disk) rather than the name that was given."""
    return error.errno in _MACHINE


def write_text(file: Path, text: str) -> Path:
    """Write a text file in UTF-8, as `write_bytes` does; what UTF-8 cannot hold is written as an escape."""
    return write_bytes(file, text.encode("utf-8", "backslashreplace"))


def write_bytes(file: Path, content: bytes) -> Path:
    """Write a file as a whole: where that fails, on a full disk say, the file that was there stays as it was.

    Args:
        file: its folder must exist; `-` is standard output. A link is followed; what is no regular file (a pipe, a
            device) is written to directly.
        content: of the file.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written.
    """
    if file == STANDARD_OUTPUT:
        _to_standard_output(content)
        return file
    return replace_file(file, lambda fresh: _fill(fresh, content))


def replace_file(file: Path, write: Callable[[Path], object]) -> Path:
    """Have a file written beside its place and put there once it is complete and on the disk.

    Args:
        file: as for `write_bytes`, without `-`.
        write: writes a file of the name that it is given.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written.
    """
    target = Path(os.path.realpath(file))
    if target.exists() and not target.is_file():
        write(target)
        return file
    fresh = _unused(target.parent)
    try:
        # Made here and not by `write`, so that the mode is the usual one, and never that of another's file.
        os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        if target.exists():
            fresh.chmod(stat.S_IMODE(target.stat().st_mode))
        write(fresh)
        with fresh.open("rb") as done:
            os.fsync(done.fileno())
        fresh.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise
    return file


def append_line(file: Path, line: str) -> None:
    """Add a line to a text file; where that fails, the file is cut back to what it was.

    Raises:
        OSError: it cannot be written.
    """
    with file.open("ab") as out:
        size = out.seek(0, os.SEEK_END)
        try:
            out.write(line.encode("utf-8", "backslashreplace") + b"\n")
            out.flush()
            os.fsync(out.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(out.fileno(), size)
            raise


@contextlib.contextmanager
def locked(folder: Path, *, wait: bool = True) -> Iterator[None]:
    """Keep other writers out of a folder; the lock ends with the process that holds it, however that ends.

    Only those who ask are kept out. It leaves no file behind. Where the file system knows no locks, nobody is.

    Args:
        folder: it must exist.
        wait: whether to wait for another writer to finish.

    Yields:
        Nothing.

    Raises:
        UsageError: another writer is there, and `wait` is false.
    """
    try:
        import fcntl
    except ImportError:  # pragma: no cover  Windows has no such locks: there two writers are not kept apart
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another process is writing to {folder}; wait for it, or name another folder") from None
        except OSError:  # not on this file system
            pass
        yield
    finally:
        os.close(held)


def existing_file(path: object, what: str) -> Path:
    """The path, if it is that of a file.

    Args:
        path: what was given.
        what: it should hold, as "a finding".

    Returns:
        The path.

    Raises:
        UsageError: it is no path, or there is no such file.
    """
    # os.path: it is False of a name that is too long, too.
    if not isinstance(path, str | Path) or "\0" in str(path) or not os.path.isfile(path):
        raise UsageError(f"path must be a file that holds {what}, got {shown(path)}")
    return Path(path)


def writable_file(path: object) -> Path:
    """The path, if a file can be written there; `-` is standard output.

    Args:
        path: what was given.

    Returns:
        The path.

    Raises:
        UsageError: it is no path, a folder, or in a folder that does not exist or cannot be written to.
    """
    if not isinstance(path, str | Path):
        raise UsageError(f"path must be a path, got {shown(path)}")
    try_file("path", Path(path))
    return Path(path)


def read_json(file: Path, what: str) -> Any:
    """The value in a JSON file, which may be anybody's: damaged, too deep, not text at all.

    Args:
        file: the file; a byte-order mark is passed over.
        what: what the error calls it, as "the record".

    Returns:
        Dictionaries, lists, texts, numbers, booleans and None.

    Raises:
        UsageError: it is not JSON in UTF-8.
        OSError: it cannot be read.
    """
    try:
        return parse_json(file.read_text("utf-8-sig"))
    except ValueError as error:
        raise UsageError(f"{what} {file} is not JSON: {error}") from None


def parse_json(text: str) -> Any:
    """The value of a JSON text: dictionaries, lists, texts, numbers, booleans and None.

    Args:
        text: the text.

    Returns:
        The value.

    Raises:
        ValueError: it is not JSON, or nested deeper or with a longer number than Python reads.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def try_file(name: str, file: Path | None) -> None:
    """Say before the work that a file cannot be written.

    Args:
        name: of the option, for the error.
        file: `-` and None are always good.

    Raises:
        UsageError: it is a folder, its folder does not exist or cannot be written to, or it is write-protected.
    """
    if file is None or file == STANDARD_OUTPUT:
        return
    with _said(name, file):
        target = Path(os.path.realpath(file))
        if target.is_dir():
            raise UsageError(f"{name} must name a file, got the folder {file}")
        if not target.parent.is_dir():
            raise UsageError(f"{name} {file}: the folder {target.parent} does not exist")
        if target.exists() and not os.access(target, os.W_OK):
            raise UsageError(f"{name} {file}: the file is write-protected")
        if target.is_file() or not target.exists():
            _probe(target.parent)


def try_folder(name: str, folder: Path | None) -> None:
    """Say before the work that a folder cannot be made or written to; nothing is left behind.

    Args:
        name: of the option, for the error.
        folder: it need not exist; None is always good.

    Raises:
        UsageError: it is a file, or `-`, or cannot be made or written to.
    """
    if folder is None:
        return
    if folder == STANDARD_OUTPUT:
        raise UsageError(f"{name} must name a folder, got -, which stands for standard output")
    with _said(name, folder):
        if os.path.lexists(folder) and not folder.is_dir():
            raise UsageError(f"{name} must name a folder, got the file {folder}")
        missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
        made: list[Path] = []
        try:
            for place in reversed(missing):
                place.mkdir()
                made.append(place)
            _probe(folder)
        finally:
            for place in reversed(made):
                place.rmdir()


@contextlib.contextmanager
def _said(name: str, path: Path) -> Iterator[None]:
    """Turns what the system says of a path into a usage error; a full disk stays what it is."""
    try:
        yield
    except UsageError:
        raise
    except OSError as error:
        if is_fault(error):
            raise
        raise UsageError(f"{name} {path} cannot be written: {error.strerror or error}") from None
    except ValueError as error:  # a null byte in it
        raise UsageError(f"{name} {str(path)!r} is no usable name: {error}") from None


def _probe(folder: Path) -> None:
    probe = _unused(folder)
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    probe.unlink()


def _unused(folder: Path) -> Path:
    return folder / f".eqt-theory-{os.getpid()}-{secrets.token_hex(4)}.tmp"


def _fill(file: Path, content: bytes) -> None:
    with file.open("wb") as out:
        out.write(content)


def _to_standard_output(content: bytes) -> None:
    sys.stdout.flush()
    raw = getattr(sys.stdout, "buffer", None)
    if raw is None:
        sys.stdout.write(content.decode("utf-8"))
    else:
        raw.write(content)
    sys.stdout.flush()
