"""Processes of this machine that run checks and studies, each with a module state of its own."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import connection, reduction
from multiprocessing.context import BaseContext
from typing import Any

_LOADED = ("torch", "torch._dynamo", "sympy", "scipy.stats", "scipy.optimize", "hypothesis", "eqt_theory.core.runner")
"""What nearly every worker needs, seconds of imports (an optimiser of torch imports its compiler, too)."""


def prepare() -> None:
    """Begin to load in the background what workers need, so that they start at once, where the system can do that."""
    if _context().get_start_method() == "forkserver":
        from multiprocessing import forkserver  # not everywhere

        forkserver.ensure_running()


def _context() -> BaseContext:
    """As forks of a server that has imported the libraries and done nothing else; where there is none, afresh.

    Never as forks of this process, which would copy its threads in the middle of what they do.

    Returns:
        How workers start.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(list(_LOADED))
    return made


class Processes:
    """Makes process pools whose workers end with this process, however it ends."""

    def __init__(self) -> None:
        self._before = set(multiprocessing.active_children())
        self._made = False

    def __call__(self, jobs: int) -> ProcessPoolExecutor:
        """A pool of so many processes."""
        self._made = True
        return ProcessPoolExecutor(jobs, _context(), _begin, (dict(os.environ), _Errors()))

    def end(self) -> None:
        """End the workers that still run."""
        if self._made:
            for child in set(multiprocessing.active_children()) - self._before:
                child.kill()


class _Errors:
    """This process's standard error, for a worker: that of the server is where it was when the server began."""

    def __reduce__(self) -> tuple[Any, ...]:  # for each worker anew, when it starts
        try:
            return _as_it_came, (reduction.DupFd(2),)  # pyright: ignore[reportAttributeAccessIssue] # not on Windows
        except (AttributeError, OSError):
            return _as_it_came, (None,)


def _as_it_came(handle: Any) -> Any:
    return handle


def _begin(environment: Mapping[str, str], errors: Any) -> None:
    """What a worker does first: print where its owner does, leave Ctrl-C to it, and end with it.

    Args:
        environment: of the owner, as it is when the worker starts.
        errors: the owner's standard error; None: as it is.
    """
    os.environ.clear()
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    with contextlib.suppress(OSError):
        if errors is not None:
            os.dup2(errors.detach(), 2)
        os.dup2(2, 1)


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
