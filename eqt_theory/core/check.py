"""What a claim is made of: readings, the checks that speak about them, drawings, and the run that they are part of."""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

from eqt_theory.core.annotated import Count, Positive, Seed, checked
from eqt_theory.core.finding import Finding
from eqt_theory.core.limit import LIMIT
from eqt_theory.core.verdict import Relation, Role


class Whole(Enum):
    """Every part of a reading at once; see WHOLE."""

    WHOLE = auto()


WHOLE: Final = Whole.WHOLE
"""For `part=`: the check speaks about all parts of its reading at once."""


@checked
@dataclass(frozen=True)
class Run:
    """What a check may ask of the run it is part of.

    Args:
        seed: the seed of everything random.
        examples: how many cases a sampled check should try.
        device: "cpu" or "cuda"; for checks that compute with torch.
        quick: whether long checks are left out.
        timeout: seconds for each prover on each obligation.
        certificates: the folder of stored certificates that spare the provers; None: do without.
        search: the work that a search for another certificate may cost, in units of about a microsecond.
        limit: seconds of the clock after which a check is INCONCLUSIVE; a last resort against one that never ends.
    """

    seed: Seed = 0
    examples: Count = 100
    device: str = "cpu"
    quick: bool = False
    timeout: Positive = 10.0
    certificates: Path | None = None
    search: int = 500_000
    limit: Positive = LIMIT


def wants_run(taken: inspect.Parameter) -> bool:
    """Whether what a check takes is the Run: it is called so, or annotated so, or has no value of its own."""
    return taken.name == "run" or taken.annotation in (Run, Run.__name__) or taken.default is taken.empty


_RUNNING: ContextVar[Run | None] = ContextVar("run", default=None)


def running() -> Run:
    """The run whose check is running, for what a check asks; outside of one, a run with the usual settings."""
    return _RUNNING.get() or Run()


@contextlib.contextmanager
def during(run: Run) -> Iterator[None]:
    """Make this run the one that `running` returns, meanwhile."""
    token = _RUNNING.set(run)
    try:
        yield
    finally:
        _RUNNING.reset(token)


@checked
@dataclass(frozen=True)
class Reading:
    """One precise reading of a statement.

    Args:
        name: short, used by the checks that speak about it.
        statement: the reading in words and formulas.
        relation: how it stands to the statement as written.
        parts: names of the conjuncts; each must be established on its own, and one refuted part
            refutes the reading. Empty: the reading is one piece.
    """

    name: str
    statement: str
    relation: Relation = Relation.STATED
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """A function that returns one Finding.

    Args:
        name: the function's name.
        scope: for which functions, dimensions and parameters the evidence speaks, in words.
        reading: the name of the reading that it speaks about, or, a lemma, that it was made for.
        part: the part of the reading; None for the whole, and for a lemma of no part in particular.
        quick: whether `--quick` runs it.
        function: takes nothing or a Run, and what else has a value of its own; returns a Finding.
        role: whether it shows the reading, is a step that others use, or samples.
        cases: the cases that it covers, where these are not all that the reading speaks about; None: all of them.
        cites: theorems that it uses and that nothing here proves.
        uses: what else it rests on: names of checks of the same claim, `claim-id:check`, or `claim-id`.
    """

    name: str
    scope: str
    reading: str
    part: str | None
    quick: bool
    function: Callable[..., Finding]
    role: Role = Role.SHOWS
    cases: str | None = None
    cites: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    def __call__(self, run: Run) -> Finding:
        """Run the check."""
        taken = inspect.signature(self.function).parameters.values()
        return self.function(run) if any(map(wants_run, taken)) else self.function()


@dataclass(frozen=True)
class Drawing:
    """A function that draws a figure for the page of a claim. It is called when a page is written, never by a run.

    Args:
        name: the function's name.
        caption: what the figure shows, for those who see it and for those who hear it read.
        of: the name of the check whose finding it draws; None where it needs none.
        function: takes that Finding, or nothing; returns a Matplotlib figure.
    """

    name: str
    caption: str
    of: str | None
    function: Callable[..., Any]

    def applies(self, findings: Mapping[str, Finding]) -> bool:
        """Whether there is something to draw: a finding that it needs may be left out, or have found nothing out."""
        return self.of is None or (self.of in findings and findings[self.of].conclusive)

    def __call__(self, findings: Mapping[str, Finding]) -> Any:
        """Draw the figure.

        Args:
            findings: of the claim, `{check: finding}`; see `applies`.

        Returns:
            What the function returns.
        """
        return self.function() if self.of is None else self.function(findings[self.of])
