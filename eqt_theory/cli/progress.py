"""Progress: of a run a bar on a terminal, a plain line per check elsewhere; of one long call a line that moves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.core.budget import budget
from eqt_theory.core.claim import Check, Claim, Run
from eqt_theory.core.finding import Finding


@contextmanager
def following(what: str) -> Iterator[None]:
    """Show on standard error, where that is a terminal, what the call inside is at; nothing stays of it.

    Args:
        what: the call, as "certifying".

    Yields:
        Nothing.
    """
    console = make_console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(what)) as status, budget(progress=lambda line: status.update(Text(f"{what}: {line}"))):
        yield


class Watch:
    """Follows a run; a context manager, whose methods are the callbacks of `run_ledger`.

    Args:
        console: where to.
        claims: what will run.
        run: decides whether long checks count.
    """

    def __init__(self, console: Console, claims: Sequence[Claim], run: Run) -> None:
        self._console = console
        self._total = sum(check.quick or not run.quick for claim in claims for check in claim.checks)
        self._bar: Progress | None = None
        self._task = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (SpinnerColumn(), MofNCompleteColumn(), BarColumn(20), TimeElapsedColumn())
            text = TextColumn("{task.description}", markup=False)
            self._bar = Progress(*columns, text, console=self._console, transient=True)
            self._task = self._bar.add_task("", total=self._total)
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def started(self, claim: Claim, check: Check) -> None:
        """Show which check runs now."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, description=f"{claim.id}: {check.name}")

    def found(self, claim: Claim, finding: Finding, *, anew: bool = True) -> None:
        """Count a finished check; without a line of its own where it is not of this run."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)
            return
        if not anew:
            return
        line = f"{claim.id}: {finding.check}: {finding.verdict} by {finding.method}, {finding.seconds:.1f} s"
        self._console.print(Text(line), soft_wrap=True)
