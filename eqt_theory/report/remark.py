"""One claim on one page, as a referee would write it up: statement, judgement, readings, evidence, repair."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eqt_theory.core.claim import Claim
from eqt_theory.core.finding import Finding, Replay, ReplayLine
from eqt_theory.core.judge import Result
from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.report.console import judgement_text
from eqt_theory.report.smtlib import obligations_of
from eqt_theory.report.wording import (
    JUDGEMENT,
    METHOD,
    RELATION,
    SHOWN_BY,
    STANDING,
    VERDICT_STYLE,
    assumptions,
    grounds,
    quantity,
    rests_on,
    said_of,
    verify_again,
)

_PROSE = 100
"""Lines of prose are no longer than this."""


def print_remark(console: Console, ledger: Ledger, claim_id: str, *, smtlib: bool = False) -> None:
    """Print what a run found out about one claim and its repaired statement.

    Args:
        console: where to.
        ledger: a run that holds the claim.
        claim_id: the claim.
        smtlib: whether to print the text that the provers read, too.
    """
    entry = ledger.entry(claim_id)
    if entry is None:
        return
    parts = [_claim(entry, smtlib)]
    repair = ledger.entry(entry.claim.repair) if entry.claim.repair else None
    if repair is not None:
        parts += [_heading("Repaired statement"), Padding(_claim(repair, smtlib), (1, 0, 0, 2))]
    elif entry.claim.repair:
        parts += [_heading("Repaired statement"), _prose(f"{entry.claim.repair} was not run")]
    parts += [_heading("Check it again"), _again(verify_again(ledger, claim_id))]
    console.print(Group(*parts), width=min(console.width, _PROSE))


def _claim(entry: Entry, smtlib: bool) -> Group:
    claim = entry.claim
    top = Text(claim.id, style="bold")
    top.append(f"  {claim.title}" if claim.title else "", style="default")
    parts: list[RenderableType] = [
        top,
        Text(claim.source, style="dim"),
        _heading("Statement"),
        _prose(claim.statement),
        _heading("Judgement"),
        _prose(judgement_text(entry.shown).append(f". {_judged(entry)}", style="default")),
    ]
    if claim.remark:
        parts += [_heading("Remark"), _prose(claim.remark)]
    if claim.rocq:
        parts += [_heading("In Rocq (proofs/rocq)"), _prose(", ".join(claim.rocq))]
    for reading in claim.readings:
        said = STANDING[entry.assessment.readings[reading.name].standing]
        parts.append(_heading(f"Reading {reading.name!r}, {RELATION[reading.relation]}: {said}"))
        if reading.statement != claim.statement:
            parts.append(_prose(reading.statement))
        results = [result for result in entry.results if result.check.reading == reading.name]
        parts += [Padding(_result(claim, result, smtlib), (1, 0, 0, 2)) for result in results]
        if not results:
            parts.append(_prose("No check ran."))
    return Group(*parts)


def _judged(entry: Entry) -> str:
    """What the judgement means, what it is limited to, and for an open one what is missing."""
    lacks = entry.assessment.ground.lacks
    missing = f"Missing: {'; '.join(lacks)}." if lacks and not entry.left_out else ""
    return " ".join(text for text in (JUDGEMENT[entry.shown], grounds(entry), missing) if text)


def _result(claim: Claim, result: Result, smtlib: bool) -> Group:
    finding = result.finding
    head = Text(finding.verdict, style=f"bold {VERDICT_STYLE[finding.verdict]}")
    head.append(f" by {METHOD[finding.method]}: {result.check.name}", style="default")
    if result.check.part is not None:
        head.append(f", part {result.check.part!r}", style="default")
    head.append(f" ({finding.seconds:.2f} s)", style="dim")
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, fact in _facts(claim, result):
        facts.add_row(Text(name), fact)
    parts: list[RenderableType] = [head, Padding(facts, (0, 0, 0, 2))]
    if smtlib:
        for obligation in obligations_of(finding):
            text = Text(obligation.smtlib.strip(), overflow="fold")
            parts.append(Padding(Group(Text(f"; {obligation.name}", style="dim"), text), (1, 0, 0, 2)))
    return Group(*parts)


def _facts(claim: Claim, result: Result) -> Iterator[tuple[str, RenderableType]]:
    finding = result.finding
    yield "found", Text(finding.detail)
    if finding.formal:
        yield "statement", Text(finding.formal)
    if finding.shown_by is not None:
        yield "shown by", Text(SHOWN_BY[finding.shown_by])
    yield "for", Text(result.check.scope)
    yield from ((name, Text(text)) for name, text in rests_on(result.check))
    if taken := assumptions(claim, result):
        yield "assumes", Text(taken)
    if finding.examples:
        yield "cases", Text(f"{finding.examples:,}")
    if finding.note:
        yield "note", Text(finding.note)
    if finding.enclosures:
        yield "values", _values(finding.enclosures)
    if finding.witness:
        yield "witness", _values(finding.witness)
    if finding.replay is not None:
        yield "put back", _replay(finding.replay)
    yield from _proof(finding)


def _proof(finding: Finding) -> Iterator[tuple[str, RenderableType]]:
    obligations = obligations_of(finding)
    if obligations:
        table = _grid(2)
        for obligation in obligations:
            answers = ", ".join(said_of(obligation))
            scaled = f" (with {obligation.normalised})" if obligation.normalised else ""
            table.add_row(Text(obligation.name), Text(f"{answers or 'nobody answered'}{scaled}"))
        yield "obligations", table
    if finding.proof is None:
        return
    if finding.proof.identities:
        table = _grid(2)
        for identity in finding.proof.identities:
            table.add_row(Text(identity.text), Text(f"leaves {identity.residual}"))
        yield "identities", table
    if finding.proof.satisfied_at:
        yield "not vacuous", Text(f"the hypotheses hold at {_point(finding.proof.satisfied_at)}")


def _replay(replay: Replay) -> RenderableType:
    table = _grid(3)
    for kind, lines in (("hypothesis", replay.hypotheses), ("conclusion", replay.conclusions)):
        for line in lines:
            table.add_row(Text(kind, style="dim"), _holds(line), Text(line.margin, style="dim"))
    return Group(Text(f"by other code, in {replay.arithmetic}"), table)


def _holds(line: ReplayLine) -> Text:
    text = Text("holds " if line.holds else "fails ", style="green" if line.holds else "red")
    return text.append(line.text, style="default")


def _values(values: Mapping[Any, Any]) -> Table:
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(Text(f"{name} ="), Text(quantity(value), overflow="fold"))
    return table


def _point(values: Mapping[Any, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def _grid(columns: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table


def _heading(text: str) -> RenderableType:
    return Padding(Text(text, style="bold"), (1, 0, 0, 0))


def _prose(text: str | Text) -> RenderableType:
    return Padding(Text(text) if isinstance(text, str) else text, (0, 0, 0, 2))


def _again(command: str) -> RenderableType:
    table = _grid(2)
    table.add_row(Text(command), Text("runs it anew"))
    table.add_row(Text(f"{command} --smtlib DIR"), Text("writes its obligations"))
    return Padding(table, (0, 0, 0, 2))
