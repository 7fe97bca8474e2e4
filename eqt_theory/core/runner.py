"""Runs checks: here, in other processes, or by any executor. What was found depends on none of it."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from eqt_theory.core import store
from eqt_theory.core.check import Check, Run, during
from eqt_theory.core.claim import Claim
from eqt_theory.core.errors import ProverDisagreement, UsageError, describe
from eqt_theory.core.finding import Finding, inconclusive, numbered
from eqt_theory.core.folder import load_file
from eqt_theory.core.limit import LOADING, TooLong, limited
from eqt_theory.core.processes import Processes
from eqt_theory.core.verdict import Method

Task = tuple[Claim, Check]
Started = Callable[[Claim, Check], None]

_GRACE = 120.0
"""Seconds beyond its limit in which a check may load and be interrupted, before its process is ended."""
_LONGEST = threading.TIMEOUT_MAX


@dataclass(frozen=True)
class Order:
    """A check as another process is asked for it: by name, since functions do not travel.

    Args:
        file: the claims file.
        claim: the claim's id.
        check: the check's name.
        run: what the check may ask of its run.
    """

    file: Path
    claim: str
    check: str
    run: Run


def run_check(check: Check, run: Run) -> Finding:
    """Run one check in this process. Whatever goes wrong in it makes this finding INCONCLUSIVE and loses no other.

    What the check prints goes to standard error.

    Args:
        check: the check.
        run: what it may ask of its run.

    Returns:
        The finding, built anew, so that only what a Finding allows is in it.

    Raises:
        ProverDisagreement: two provers contradict each other.
        KeyboardInterrupt: the user's own.
    """
    begun, before = time.perf_counter(), numbered()
    try:
        with (
            limited(run.limit, "the check"),
            during(run),
            store.using(run.certificates, run.search),
            contextlib.redirect_stdout(sys.stderr),
        ):
            found = check(run)
        return _plain(found, check, time.perf_counter() - begun, before)
    except TooLong as late:
        return _lost(check, str(late), time.perf_counter() - begun)
    except (ProverDisagreement, KeyboardInterrupt):
        raise
    except BaseException as error:  # anybody's claims, SystemExit and worse among what they raise
        return _lost(check, f"the check raised {describe(error)}", time.perf_counter() - begun)


def fulfil(order: Order) -> Finding:
    """Run the check that an order names; the function that executors are given.

    Args:
        order: of a claims file that this machine has, too.

    Returns:
        The finding.

    Raises:
        KeyboardInterrupt: the user's own.
    """
    try:
        with limited(LOADING, "loading its file"):
            check = _checks_of(order.file)[order.claim, order.check]
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        check = Check(order.check, "none", "", None, True, _nothing)
        return _lost(check, f"the check could not be loaded: {describe(error)}", 0.0)
    return run_check(check, order.run)


def run_here(tasks: Sequence[Task], run: Run, started: Started) -> Iterator[tuple[int, Finding]]:
    """Run checks in this process, one after another.

    Args:
        tasks: claims with a check of each.
        run: what they may ask of the run.
        started: called before each.

    Yields:
        The number of the task, and its finding.
    """
    for number, (claim, check) in enumerate(tasks):
        started(claim, check)
        yield number, run_check(check, run)


class Workers:
    """Runs checks by an executor; a context manager, whose end ends what still runs. One run may follow another.

    Args:
        jobs: how many checks run at once.
        executor: makes the executor; default: processes of this machine, each with a module state of its own.
    """

    def __init__(self, jobs: int, executor: Callable[[int], Executor] | None = None) -> None:
        self._jobs = jobs
        self._kept: Executor | None = None  # of the run before, for the next
        self._processes = Processes() if executor is None else None
        self._make: Callable[[int], Executor] = self._processes or executor or Processes()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        if self._kept is not None:
            self._kept.shutdown(wait=False, cancel_futures=True)
        if self._processes is not None:
            self._processes.end()

    def run(self, tasks: Sequence[Task], run: Run, started: Started) -> Iterator[tuple[int, Finding]]:
        """Run checks, several at once; findings come as they are finished.

        A worker that dies costs the check that killed it, and no other: those that were running are tried once more,
        each alone. A check past its limit of time that cannot be interrupted costs itself, too: its process is ended.
        Checks of claims that come from no file run here, after the others.

        Args:
            tasks: claims with a check of each.
            run: what they may ask of the run.
            started: called before each.

        Yields:
            The number of the task, and its finding.
        """
        away = [number for number, (claim, _) in enumerate(tasks) if claim.file is not None]
        here = [number for number, (claim, _) in enumerate(tasks) if claim.file is None]
        while away:
            suspects = yield from self._together(tasks, away, run, started)
            for number in suspects:
                yield number, self._alone(tasks[number], run)
        for number in here:
            for _, finding in run_here([tasks[number]], run, started):
                yield number, finding

    def _together(self, tasks: Sequence[Task], away: list[int], run: Run, started: Started):
        """Runs what is in `away`, and takes it out; stops with those that ran when a worker died."""
        running: dict[Future[Finding], int] = {}
        ends: dict[Future[Finding], float] = {}
        executor, self._kept = self._kept or self._make(self._jobs), None
        try:
            while away or running:
                while away and len(running) < self._jobs:
                    number = away.pop(0)
                    started(*tasks[number])
                    try:
                        future = executor.submit(fulfil, _order(tasks[number], run))
                    except BrokenExecutor:
                        away.insert(0, number)
                        return sorted(running.values())
                    running[future], ends[future] = number, time.monotonic() + run.limit + _GRACE
                soonest = min(ends[future] for future in running) - time.monotonic()
                done = wait(running, timeout=min(max(0.0, soonest), _LONGEST), return_when=FIRST_COMPLETED).done
                late = [f for f in running if f not in done and ends[f] <= time.monotonic()]
                for future in late:
                    yield running[future], self._late(tasks[running.pop(future)][1], run)
                if late:
                    self._end_processes()
                for future in done:
                    try:
                        finding = _received(future, tasks[running[future]][1])
                    except BrokenExecutor:
                        return sorted(running.values())
                    yield running.pop(future), finding
            self._kept = executor
            return []
        finally:
            if self._kept is None:
                executor.shutdown(wait=False, cancel_futures=True)

    def _alone(self, task: Task, run: Run) -> Finding:
        executor = self._make(1)
        try:
            future = executor.submit(fulfil, _order(task, run))
            if not wait([future], timeout=min(run.limit + _GRACE, _LONGEST)).done:
                self._end_processes()
                return self._late(task[1], run)
            return _received(future, task[1])
        except BrokenExecutor:
            return _lost(task[1], "the process that ran the check ended, twice: it was killed, or ended itself", 0.0)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _end_processes(self) -> None:
        """End the workers, where these are processes of ours, with whatever else they run; the rest is tried again."""
        if self._processes is not None:
            self._processes.end()

    def _late(self, check: Check, run: Run) -> Finding:
        reason = f"the check did not end within {run.limit:g} s, nor when it was interrupted; its process was given up"
        return _lost(check, reason, run.limit)


def _order(task: Task, run: Run) -> Order:
    claim, check = task
    assert claim.file is not None
    return Order(claim.file, claim.id.rpartition(":")[2], check.name, run)


def _received(future: Future[Finding], check: Check) -> Finding:
    try:
        found = future.result()
        return _plain(found, check, found.seconds)
    except (ProverDisagreement, BrokenExecutor, KeyboardInterrupt):
        raise
    except BaseException as error:  # a finding that does not travel, an executor's own trouble
        return _lost(check, f"the finding did not arrive: {describe(error)}", 0.0)


def _plain(found: object, check: Check, seconds: float, before: int = 0) -> Finding:
    """The same finding, built by the constructor, which rejects what does not stand; it must be the check's own."""
    if not isinstance(found, Finding):
        raise UsageError(f"a check must return a Finding, got {type(found).__name__}")
    if not found.made_after(before):
        raise UsageError("the finding was made before the check ran: for another check, or while the file was loaded")
    values = {f.name: getattr(found, f.name) for f in fields(Finding)}
    return Finding(**{**values, "check": check.name, "seconds": seconds})


def _lost(check: Check, reason: str, seconds: float) -> Finding:
    return inconclusive(Method.EXACT, reason, check=check.name, seconds=seconds)


def _nothing() -> Finding:
    raise UsageError("there is no such check")


@cache
def _checks_of(file: Path) -> dict[tuple[str, str], Check]:
    return {(claim.id, check.name): check for claim in load_file(file) for check in claim.checks}
