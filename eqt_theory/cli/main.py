"""The command `eqt-theory`: how every error becomes one line and an exit status.

Nothing heavy is imported here, so that an interrupt while the rest is loading ends in one line, too.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from eqt_theory.cli.streams import lasting_streams
from eqt_theory.core.errors import ContradictoryFindings, ProverDisagreement, UsageError, describe
from eqt_theory.core.files import is_fault
from eqt_theory.core.plain_text import one_line

CLEAN, PROBLEMS, USAGE, INTERRUPTED = 0, 1, 2, 130
_WAIT = 20.0
"""Seconds that threads have to end once everything is written."""
TRACEBACK = "EQT_THEORY_TRACEBACK"
"""Set to anything, this variable shows where an error of this tool itself comes from."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 clean, 1 problems, 2 a usage error, 130 interrupted.

    Args:
        arguments: without the program's name; default: those of the process.

    Raises:
        SystemExit: always, with the exit status.
    """
    with lasting_streams():
        status = _status(arguments)
    if arguments is None:
        _leave_with(status)
    raise SystemExit(status)


def _leave_with(status: int) -> None:
    """See to it that the process ends, also where a check left a thread behind that never does."""
    last = threading.Timer(_WAIT, os._exit, [status])
    last.daemon = True
    last.start()


def _status(arguments: Sequence[str] | None) -> int:
    try:
        return _run(arguments)
    except UsageError as error:
        return _fail(str(error), USAGE)
    except ContradictoryFindings as error:
        return _fail(f"contradictory findings, a bug in a check: {error}", PROBLEMS)
    except ProverDisagreement as error:
        return _fail(f"the provers disagree, so no answer of theirs counts: {error}", PROBLEMS)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except OSError as error:
        return _fail(str(error), PROBLEMS if is_fault(error) else USAGE)
    except MemoryError:
        return _fail("not enough memory; ask for fewer or smaller things", PROBLEMS)
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        return _fail(f"a bug in eqt-theory, please report it: {describe(error)} ({TRACEBACK}=1 shows where)", PROBLEMS)


def _run(arguments: Sequence[str] | None) -> int:
    import typer

    from eqt_theory.cli.app import app

    try:
        status = app(args=arguments, prog_name="eqt-theory", standalone_mode=False)
    except typer.TyperException as error:
        return _fail(error.format_message(), USAGE)
    sys.stdout.flush()
    return status if isinstance(status, int) else CLEAN


def _fail(message: str, status: int) -> int:
    """Print the message in one line, where anybody can read it; returns the status."""
    with contextlib.suppress(OSError):
        print(f"eqt-theory: {one_line(message)}", file=sys.stderr, flush=True)
    return status
