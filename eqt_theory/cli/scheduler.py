"""Checks on a cluster of Dask: `verify --scheduler ADDRESS`. Its workers need this package and the claims files."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from importlib import import_module
from typing import Any

from eqt_theory.core.errors import UsageError, describe

_WAIT = 10.0
"""Seconds to wait for the scheduler."""


class Cluster(Executor):
    """The workers of a Dask scheduler, which replaces a worker that dies, and tries a check again.

    Args:
        address: of the scheduler, as tcp://host:8786.

    Raises:
        UsageError: Dask is not installed, nobody answers, there is no worker, or one that runs several tasks at once.
    """

    def __init__(self, address: str) -> None:
        try:
            make_client: Any = import_module("distributed").Client
        except ImportError:
            raise UsageError("--scheduler needs Dask: pip install 'eqt-theory[cluster]'") from None
        try:
            self._client = make_client(address, timeout=_WAIT, set_as_default=False)
            threads = self._client.nthreads()
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"--scheduler {address}: {describe(error)}") from None
        if not threads or set(threads.values()) != {1}:
            self._client.close()
            raise UsageError(
                f"--scheduler {address}: checks need a process each, so start workers with --nthreads 1; "
                f"threads of its workers: {sorted(threads.values()) or 'none, there is no worker'}"
            )
        self.jobs = len(threads)
        self._executor = self._client.get_executor(pure=False)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a worker call the function."""
        return self._executor.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Nothing: the cluster is not ours to end; see `close`."""

    def close(self) -> None:
        """Let go of the cluster; what it still runs for us is cancelled."""
        self._client.close()


@contextlib.contextmanager
def cluster(address: str | None) -> Iterator[Cluster | None]:
    """The cluster of a scheduler, let go of at the end; None where none is asked for."""
    far = None if address is None else Cluster(address)
    try:
        yield far
    finally:
        if far is not None:
            far.close()
