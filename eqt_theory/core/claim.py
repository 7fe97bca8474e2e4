"""Claim: a statement, its readings, and the checks that speak about them."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eqt_theory.core.annotated import checked
from eqt_theory.core.check import WHOLE as WHOLE
from eqt_theory.core.check import Check as Check
from eqt_theory.core.check import Drawing as Drawing
from eqt_theory.core.check import Reading as Reading
from eqt_theory.core.check import Run as Run
from eqt_theory.core.check import Whole
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.made import made
from eqt_theory.core.nearest import nearest
from eqt_theory.core.symbols import declared, relations
from eqt_theory.core.verdict import Relation, Role

_ID = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_ELSEWHERE = re.compile(rf"{_ID.pattern}|[\w.-]+(?::[\w.-]+){{1,2}}")  # a claim; a check of one, or one of another text

_Function = Callable[..., Finding]
_Uses = str | _Function | Sequence[str | _Function]


@checked
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
        symbols: the SymPy symbols of the statement, declared with all that it says of them. A check that assumes more
            about a symbol of the same name, or a relation among them that is not in `assumes`, establishes nothing
            beyond its own `cases`.
        assumes: the relations among the symbols that the statement assumes, as `[d <= N]`, of SymPy.
        closed: whether that is all that may be assumed. Else a check may have symbols of its own, those of a definition
            or of an argument, and the page says what it assumes of them; in a closed claim it establishes nothing.
        rocq: theorems of `proofs/rocq` that state it, or a part of it, for the proof assistant Rocq; for reports, no
            judgement depends on them.

    Attributes:
        file: the file that it was loaded from; None where it was made in passing.
        checks: those registered, in order.
        drawings: its figures, in order.
        slips: its usual wrong versions, made by `slip`.
        form: of one made by `theorem`: statement and check with other values.

    Raises:
        UsageError: a malformed id, two readings or symbols of one name, an assumption that is no relation, or no STATED
            or CONTRADICTION reading.
    """

    id: str
    source: str
    statement: str
    readings: Sequence[Reading] = ()
    repair: str | None = None
    title: str = ""
    remark: str = ""
    symbols: Sequence[Any] = ()
    assumes: Sequence[Any] = ()
    closed: bool = False
    rocq: Sequence[str] = ()
    file: Path | None = field(default=None, init=False, repr=False)
    checks: list[Check] = field(default_factory=list, init=False)
    drawings: list[Drawing] = field(default_factory=list, init=False)
    slips: list["Claim"] = field(default_factory=list, init=False, repr=False)
    form: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise UsageError(f"id must be lower case words joined by '-' or '.', got {self.id!r}")
        for name in ("source", "statement"):
            if not getattr(self, name).strip():
                raise UsageError(f"{name} of claim {self.id} must not be empty")
        self.symbols = declared(self.symbols)
        self.assumes = relations(self.assumes)
        self.readings = tuple(self.readings) or (Reading("stated", self.statement),)
        names = [reading.name for reading in self.readings]
        if len(set(names)) < len(names):
            raise UsageError(f"readings of claim {self.id} must have different names, got {names}")
        if {r.relation for r in self.readings} <= {Relation.COMPLETED, Relation.SHARPER}:
            raise UsageError(f"claim {self.id} has no reading of the statement as written")
        made(self)

    def repaired(self, statement: str, **more: Any) -> "Claim":
        """The claim that says it right, its id that of this one with `-repaired`; keep it in a variable of the file.

        Args:
            statement: the right statement.
            more: arguments of Claim; by default its source "corrects" that of this claim, and the symbols are the same.

        Returns:
            The claim, without checks.

        Raises:
            UsageError: this claim has another repair already, or as for Claim.
        """
        name = f"{self.id}-repaired"
        if self.repair not in (None, name):
            raise UsageError(f"claim {self.id} is repaired by {self.repair} already")
        more = {"source": f"corrects {self.source}", "symbols": self.symbols, **more}
        right = Claim(id=name, statement=statement, **more)
        self.repair = name
        return right

    def reading(self, name: str) -> Reading:
        """Returns the reading of that name.

        Raises:
            UsageError: there is none.
        """
        if found := [reading for reading in self.readings if reading.name == name]:
            return found[0]
        raise UsageError(f"claim {self.id} has no reading {name!r}; it has {[r.name for r in self.readings]}")

    def shows(
        self,
        scope: str,
        *,
        reading: str | None = None,
        part: str | Whole | None = None,
        cases: str | None = None,
        cites: str | Sequence[str] = (),
        uses: _Uses = (),
        quick: bool = True,
    ) -> Callable[[_Function], _Function]:
        """Register the decorated function as a check that shows a reading, or a part of it.

        All that shows a part is needed: one check that is not PROVED or CERTIFIED leaves the part unestablished, and
        one part the reading.

        Args:
            scope: for which functions, dimensions and parameters the evidence speaks, in words.
            reading: which reading; default: the first.
            part: which part of that reading; `WHOLE`: all of them at once. Needed where the reading has parts.
            cases: the cases covered, as "d <= 10", where these are not all that the reading speaks about. The
                judgement is then `holds_in_cases`, and says in which.
            cites: theorems used and not proved here, as "Banach's fixed point theorem"; the judgement says so.
            uses: what the argument rests on: checks of this claim that stand above (functions or names), theorems of
                others ("claim-id:check"), or whole claims ("claim-id"). One not established, and this is not.
            quick: whether `--quick` runs it.

        Returns:
            The decorator; it returns the function unchanged.

        Raises:
            UsageError: no such reading, part or check, no part where there are some, a second check of the same name,
                or an empty text.
        """
        return self._register(Role.SHOWS, scope, reading, part, quick, cases=cases, cites=cites, uses=uses)

    def lemma(
        self,
        scope: str,
        *,
        uses: _Uses = (),
        cites: str | Sequence[str] = (),
        cases: str | None = None,
        reading: str | None = None,
        part: str | None = None,
        quick: bool = True,
    ) -> Callable[[_Function], _Function]:
        """Register the decorated function as a step that other checks use; by itself it establishes nothing.

        Args:
            scope: for which functions, dimensions and parameters the evidence speaks, in words.
            uses: as in `shows`.
            cites: as in `shows`; what uses the lemma cites them too.
            cases: as in `shows`; what uses the lemma holds in these cases at most.
            reading: beside which reading a report shows it; default: the first.
            part: of which part it is a step; default: of none in particular.
            quick: whether `--quick` runs it.

        Returns:
            The decorator; it returns the function unchanged.

        Raises:
            UsageError: as in `shows`.
        """
        return self._register(Role.LEMMA, scope, reading, part, quick, cases=cases, cites=cites, uses=uses)

    def samples(
        self, scope: str, *, reading: str | None = None, part: str | Whole | None = None, quick: bool = True
    ) -> Callable[[_Function], _Function]:
        """Register the decorated function as evidence that can refute and support, and that establishes nothing.

        Args:
            scope: from which functions, dimensions and parameters the samples are drawn.
            reading: which reading; default: the first.
            part: which part of it; `WHOLE`: all of them. Needed where the reading has parts.
            quick: whether `--quick` runs it.

        Returns:
            The decorator; it returns the function unchanged.

        Raises:
            UsageError: as in `shows`.
        """
        return self._register(Role.SAMPLES, scope, reading, part, quick)

    def _register(
        self,
        role: Role,
        scope: str,
        reading: str | None,
        part: str | Whole | None,
        quick: bool,
        *,
        cases: str | None = None,
        cites: str | Sequence[str] = (),
        uses: _Uses = (),
    ) -> Callable[[_Function], _Function]:
        target = self.reading(reading) if reading is not None else self.readings[0]
        self._check_part(role, target, part)
        if not isinstance(scope, str) or not scope.strip():
            raise UsageError(f"scope of a check of claim {self.id} must not be empty, got {scope!r}")
        if cases is not None and (not isinstance(cases, str) or not cases.strip()):
            raise UsageError(f"cases of a check of claim {self.id} must say which, as 'd <= 10', got {cases!r}")
        cited = (cites,) if isinstance(cites, str) else tuple(cites)
        if not all(isinstance(name, str) and name.strip() for name in cited):
            raise UsageError(f"cites of a check of claim {self.id} must be names of theorems, got {cites!r}")
        used = self._used(uses)
        piece = None if isinstance(part, Whole) else part

        def register(function: _Function) -> _Function:
            name = function.__name__.replace("<lambda>", re.sub(r"\W+", "_", piece or target.name))
            if any(check.name == name for check in self.checks):
                raise UsageError(f"claim {self.id} has two checks named {name!r}")
            self.checks.append(Check(name, scope, target.name, piece, quick, function, role, cases, cited, used))
            return function

        return register

    def _check_part(self, role: Role, target: Reading, part: str | Whole | None) -> None:
        of = f"reading {target.name!r} of claim {self.id}"
        if part is None and target.parts and role is not Role.LEMMA:
            raise UsageError(f"{of} has parts, so say which one is meant: part= one of {target.parts}, or WHOLE")
        if part is not None and not isinstance(part, Whole) and part not in target.parts:
            raise UsageError(f"{of} has no part {part!r}; it has {target.parts}")

    def _used(self, uses: _Uses) -> tuple[str, ...]:
        """The names of what a check uses; those of this claim must stand above it."""
        items = (uses,) if isinstance(uses, str) or callable(uses) else tuple(uses)
        names = tuple(item if isinstance(item, str) else getattr(item, "__name__", "") for item in items)
        above = {check.name: check for check in self.checks}
        for item, name in zip(items, names, strict=True):
            if name in above and above[name].role is not Role.SAMPLES:
                continue
            if name in above:
                raise UsageError(f"claim {self.id} uses {name!r}, which samples and so establishes nothing")
            if not isinstance(item, str) or not _ELSEWHERE.fullmatch(name) or name == self.id:
                raise UsageError(
                    f"claim {self.id} has no check {name or item!r} above the one that uses it{nearest(name, above)}; "
                    f"it has {[*above]}; of another claim: 'claim-id:check' or 'claim-id'"
                )
        return names

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
            named = [check.name for check in self.checks]
            raise UsageError(f"claim {self.id} has no check {of!r} above its figure; it has {named}")

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
