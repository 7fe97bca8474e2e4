"""Report: what a battery of checks found out about one object, and CheckFailed, which carries it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from eqt_theory.core.display import grid
from eqt_theory.core.finding import Finding


class Outcome(Enum):
    """What became of one check. The value is a sentence for the user."""

    PASSED = "The check ran and found no fault."
    FAILED = "The check found a fault, or could not tell; unknown is never a pass."
    EXPECTED_FAILURE = "The check found a fault, as expected_failures said it would."
    UNEXPECTED_PASS = "The check found no fault although expected_failures says that there is one; remove the entry."
    NOT_APPLICABLE = "The check does not apply to this object and did not run."
    UNFINISHED = "The battery stopped before the check was done: fail_fast had met a failure, or the seconds were over."


BAD = (Outcome.FAILED, Outcome.UNEXPECTED_PASS)
_ABSENT = (Outcome.NOT_APPLICABLE, Outcome.UNFINISHED)
_SKIPPED = (Outcome.EXPECTED_FAILURE, Outcome.NOT_APPLICABLE)
TOLD = "as told at "
"""Before the name of the check that has told, of the same cause, what another one would tell again."""
STEPS = "the solver takes its steps"
"""What fails where a solver raises, or gives what is no state."""
_WIDE = 100
"""Longer texts are cut in the table; `explain` has them in full."""
_WORD = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "FAILED",
    Outcome.EXPECTED_FAILURE: "expected",
    Outcome.UNEXPECTED_PASS: "FAILED",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.UNFINISHED: "not run",
}


@dataclass(frozen=True)
class Result:
    """One check of a battery.

    Args:
        finding: what it found; INCONCLUSIVE with the reason where it did not apply.
        outcome: what became of it.
        reason: why its failure was expected; empty where it was not.
    """

    finding: Finding
    outcome: Outcome
    reason: str = ""

    @property
    def text(self) -> str:
        """What a reader should know about it, in one line."""
        if self.outcome is Outcome.UNEXPECTED_PASS:
            return f"passed, but was expected to fail ({self.reason}); {self.finding.detail}"
        if self.outcome is Outcome.EXPECTED_FAILURE:
            return f"expected ({self.reason}): {self.finding.detail}"
        return self.finding.detail

    @property
    def brief(self) -> str:
        """The same for a table: of a failure what failed, without the case, which `explain` shows."""
        replay = self.finding.replay
        failing = next((line for line in replay.conclusions if not line.holds), None) if replay is not None else None
        if self.outcome is not Outcome.FAILED or failing is None or self.told_elsewhere:
            return self.text
        return failing.text + (f": {failing.margin}" if failing.margin else "")

    @property
    def told_elsewhere(self) -> bool:
        """Whether it failed of a cause that an earlier check tells."""
        return TOLD in self.finding.detail


@dataclass(frozen=True)
class Report:
    """What a battery of checks found out. Iterating gives the Findings of the checks that ran.

    Args:
        subject: what was checked, in a few words.
        results: one per check of the battery, in order.
        notes: what a reader should know about how it was checked, such as the problems that it was tried on.
    """

    subject: str
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Finding]:
        return (result.finding for result in self.results if result.outcome not in _ABSENT)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __bool__(self) -> bool:
        # A report of no checks is still a report; ask for `passed`.
        return True

    def __getitem__(self, name: str) -> Finding:
        """The finding of the check of that name, whether it applied or not."""
        for result in self.results:
            if result.finding.check == name:
                return result.finding
        raise KeyError(name)

    @property
    def passed(self) -> bool:
        """Whether at least one check ran, and none failed or was left undone. Expected failures do not count."""
        return len(self) > 0 and not self.failed and not self.unfinished

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings of the checks that failed, and of those that passed although they were expected to fail."""
        return tuple(result.finding for result in self.results if result.outcome in BAD)

    @property
    def skipped(self) -> tuple[Finding, ...]:
        """The findings of the checks that failed as expected, and of those that do not apply."""
        return tuple(result.finding for result in self.results if result.outcome in _SKIPPED)

    @property
    def unfinished(self) -> tuple[Finding, ...]:
        """The findings of the checks that were not done when the battery stopped, which are no pass."""
        return tuple(result.finding for result in self.results if result.outcome is Outcome.UNFINISHED)

    @property
    def summary(self) -> str:
        """One line: how many checks ran, and what became of them."""
        counts = {outcome: sum(result.outcome is outcome for result in self.results) for outcome in Outcome}
        parts = [f"{counts[Outcome.PASSED]} passed", f"{len(self.failed)} failed"]
        if counts[Outcome.EXPECTED_FAILURE]:
            parts.append(f"{counts[Outcome.EXPECTED_FAILURE]} failed as expected")
        text = f"{self.subject}: {len(self)} checks ran, {', '.join(parts)}"
        if self.unfinished:
            text += f"; {len(self.unfinished)} not done"
        absent = counts[Outcome.NOT_APPLICABLE]
        return f"{text}; {absent} did not apply" if absent else text

    @property
    def error(self) -> "CheckFailed":
        """The exception that says what failed."""
        return CheckFailed(self)

    def __str__(self) -> str:
        width = max((len(result.finding.check) for result in self.results), default=0)
        lines = [self.summary, *(f"  ({note})" for note in self.notes)]
        for result in self.results:
            finding = result.finding
            tried = f"{finding.examples:>5} cases" if finding.examples else " " * 11
            text = result.brief if len(result.brief) <= _WIDE else result.brief[: _WIDE - 3] + "..."
            lines.append(f"  {finding.check:<{width}}  {_WORD[result.outcome]:<8}  {tried}  {text}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """For notebooks: the table of `str`, with the texts in full and without the times."""
        rows = [
            (r.finding.check.replace("_", " "), _WORD[r.outcome], str(r.finding.examples or ""), r.text)
            for r in self.results
        ]
        return grid(("check", "outcome", "cases", "what it says"), rows, ". ".join((self.summary, *self.notes)))

    def explain(self) -> str:
        """The failures only: the smallest failing case of each, with what was replayed there."""
        lines = [self.summary]
        for result in self.results:
            if result.outcome not in BAD:
                continue
            finding = result.finding
            lines.append(f"{finding.check}: {result.text}")
            if result.told_elsewhere:
                continue
            if finding.witness:
                lines.extend(f"    {name} = {value}" for name, value in finding.witness.items())
            if finding.replay is not None:
                for line in finding.replay.conclusions:
                    mark = "holds" if line.holds else "fails"
                    lines.append(f"    {mark}: {line.text}" + (f" ({line.margin})" if line.margin else ""))
        if self.unfinished:
            lines.append(f"{len(self.unfinished)} checks are left: {self.unfinished[0].detail}")
        return "\n".join(lines)


class CheckFailed(AssertionError):
    """A battery found a fault. The message shows the smallest failing case found by each check that failed.

    Args:
        report: the whole report, kept as an attribute.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(report.explain())
        self.report = report

    @property
    def finding(self) -> Finding:
        """The first failure, or else the first check that is not done."""
        return (*self.report.failed, *self.report.unfinished)[0]
