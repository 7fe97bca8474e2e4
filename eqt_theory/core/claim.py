"""Claim: a statement, its readings, and the checks that speak about them."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Relation

_ID = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


@dataclass(frozen=True)
class Run:
    """What a check may ask of the run it is part of.

    Args:
        seed: the seed of everything random.
        examples: how many cases a sampled check should try.
        device: "cpu" or "cuda"; for checks that compute with torch.
        quick: whether long checks are left out.
        timeout: seconds for each prover on each obligation.
    """

    seed: int = 0
    examples: int = 100
    device: str = "cpu"
    quick: bool = False
    timeout: float = 10.0


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
    """A function that returns one Finding about one reading (or one part of it).

    Args:
        name: the function's name.
        scope: for which functions, dimensions and parameters the evidence speaks.
        reading: the name of the reading.
        part: the part of the reading that it speaks about; None for the whole.
        quick: whether `--quick` runs it.
        function: takes nothing or a Run; returns a Finding.
    """

    name: str
    scope: str
    reading: str
    part: str | None
    quick: bool
    function: Callable[..., Finding]

    def __call__(self, run: Run) -> Finding:
        """Run the check."""
        return self.function(run) if inspect.signature(self.function).parameters else self.function()


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


@dataclass(eq=False)
class Claim:
    """A statement with its readings and checks. What is known of it is derived by the ledger, never written here.

    Args:
        id: lower case words joined by `-` or `.`, as `theorem-2`.
        source: section and equations in the source, as "Theorem 2, Eqs. 25 and 26".
        statement: the statement in our own words.
        readings: what the words may mean, made precise. Default: one STATED reading, the statement.
        repair: the id of the claim that says it right, for a statement that is not.
        title: a few words for tables.
        remark: what a reader should know beyond the evidence; no verdict.

    Raises:
        UsageError: a malformed id, two readings of one name, or no STATED or CONTRADICTION reading.
    """

    id: str
    source: str
    statement: str
    readings: tuple[Reading, ...] = ()
    repair: str | None = None
    title: str = ""
    remark: str = ""
    checks: list[Check] = field(default_factory=list, init=False)
    drawings: list[Drawing] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise UsageError(f"id must be lower case words joined by '-' or '.', got {self.id!r}")
        for name in ("source", "statement"):
            if not getattr(self, name).strip():
                raise UsageError(f"{name} of claim {self.id} must not be empty")
        self.readings = tuple(self.readings) or (Reading("stated", self.statement),)
        names = [reading.name for reading in self.readings]
        if len(set(names)) < len(names):
            raise UsageError(f"readings of claim {self.id} must have different names, got {names}")
        if {r.relation for r in self.readings} <= {Relation.COMPLETED, Relation.SHARPER}:
            raise UsageError(f"claim {self.id} has no reading of the statement as written")

    def reading(self, name: str) -> Reading:
        """Returns the reading of that name.

        Raises:
            UsageError: there is none.
        """
        for reading in self.readings:
            if reading.name == name:
                return reading
        raise UsageError(f"claim {self.id} has no reading {name!r}; it has {[r.name for r in self.readings]}")

    def shows(
        self, scope: str, *, reading: str | None = None, part: str | None = None, quick: bool = True
    ) -> Callable[[Callable[..., Finding]], Callable[..., Finding]]:
        """Register the decorated function as a check of this claim.

        Args:
            scope: for which functions, dimensions and parameters the evidence speaks.
            reading: which reading; default: the first.
            part: which part of that reading; default: the whole.
            quick: whether `--quick` runs it.

        Returns:
            The decorator; it returns the function unchanged.

        Raises:
            UsageError: no such reading or part, a second check of the same name, or an empty scope.
        """
        target = self.reading(reading) if reading is not None else self.readings[0]
        if part is not None and part not in target.parts:
            raise UsageError(f"reading {target.name!r} of claim {self.id} has no part {part!r}; it has {target.parts}")
        if not scope.strip():
            raise UsageError(f"scope of a check of claim {self.id} must not be empty")

        def register(function: Callable[..., Finding]) -> Callable[..., Finding]:
            if any(check.name == function.__name__ for check in self.checks):
                raise UsageError(f"claim {self.id} has two checks named {function.__name__!r}")
            self.checks.append(Check(function.__name__, scope, target.name, part, quick, function))
            return function

        return register

    def draws(self, caption: str, *, of: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register the decorated function as a figure for this claim's page.

        It runs only when a page is written, so it imports what it draws with (`eqt_theory.report.plots`, or
        Matplotlib itself) in its body. A figure is no evidence: no judgement depends on it.

        Args:
            caption: one or two sentences on what is to be seen; also read out to those who do not see it.
            of: the name of a check above it, whose Finding the function is given, so that it draws the witness or the
                numbers found and not a copy of them. Where that check did not run, or found nothing out, the figure is
                left out.

        Returns:
            The decorator; it returns the function unchanged.

        Raises:
            UsageError: an empty caption, no such check, or a second figure of the same name.
        """
        if not caption.strip():
            raise UsageError(f"caption of a figure of claim {self.id} must not be empty")
        if of is not None and all(check.name != of for check in self.checks):
            raise UsageError(f"claim {self.id} has no check {of!r} above its figure; it has {self._check_names()}")

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            if any(drawing.name == function.__name__ for drawing in self.drawings):
                raise UsageError(f"claim {self.id} has two figures named {function.__name__!r}")
            self.drawings.append(Drawing(function.__name__, caption, of, function))
            return function

        return register

    def _repr_html_(self) -> str:
        """For notebooks: the statement and its readings; what is known of it is the ledger's to say."""
        readings = {
            r.name if r.name == r.relation else f"{r.name} ({r.relation})": r.statement
            for r in self.readings
            if r.statement != self.statement
        }
        return table(
            {
                "claim": f"{self.id}: {self.title}" if self.title else self.id,
                "source": self.source,
                "statement": self.statement,
                **readings,
                "remark": self.remark,
                "repaired by": self.repair or "",
                "checks": ", ".join(check.name.replace("_", " ") for check in self.checks),
            }
        )

    def _check_names(self) -> list[str]:
        return [check.name for check in self.checks]
