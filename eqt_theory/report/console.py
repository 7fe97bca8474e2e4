"""The table of judgements of a ledger, its problems, and one line that sums it up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.core.outline import Outline
from eqt_theory.core.verdict import Judgement, Verdict
from eqt_theory.report.wording import JUDGEMENT_STYLE, VERDICT_STYLE, counted, shares

WIDE = 110
"""From this many columns on, the source has a column of its own."""


def print_ledger(console: Console, ledger: Ledger) -> None:
    """Print the table, the problems and the summary of a run."""
    if ledger.entries:
        console.print(judgements(ledger, console.width))
    problems = ledger.problems()
    if problems:
        console.print(bulleted(counted(len(problems), "problem") + ":", problems))
    console.print(summary(ledger))


def judgements(ledger: Ledger, width: int) -> Table:
    """The table of judgements: a row per claim, each repaired statement below the claim that it repairs.

    Args:
        ledger: the run.
        width: columns at hand; from `WIDE` on, the source has a column of its own.

    Returns:
        The table.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("claim", max_width=34)
    if width >= WIDE:
        table.add_column("source", max_width=34)
    table.add_column("judgement", no_wrap=True)
    table.add_column("evidence", min_width=18)
    table.add_column("s", justify="right", no_wrap=True)
    for entry, below in _arranged(ledger.entries):
        name = Text("  └\N{NO-BREAK SPACE}" if below else "").append(entry.claim.id)
        source = Text(entry.claim.source, style="dim")
        cells: list[RenderableType] = [name, source]
        if width < WIDE:
            cells = [Group(name, Padding(source, (0, 0, 0, 4 if below else 0)))]
        seconds = sum(result.finding.seconds for result in entry.results)
        judged = judgement_text(entry.shown)
        if entry.left_out:
            judged.append(" on record" if entry.from_record else " so far", style="dim")
        cells += [judged, evidence(entry), Text(f"{seconds:.1f}")]
        table.add_row(*cells)
    return table


def evidence(entry: Entry) -> Text:
    """How often each method gave each verdict: `2 PROVED by SMT, 1 REFUTED by EXACT`."""
    counts = Counter((r.finding.verdict, r.finding.method) for r in entry.results)
    order = list(Verdict)
    text = Text()
    for (verdict, method), number in sorted(counts.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        if text:
            text.append(", ")
        text.append(f"{number} ").append(verdict, style=VERDICT_STYLE[verdict]).append(f" by {method}")
    ground = entry.assessment.ground
    if ground.cases and not entry.left_out:
        text.append(f"; in cases: {'; '.join(ground.cases)}", style="dim")
    if ground.cites and not entry.left_out:
        text.append(f"; citing {'; '.join(ground.cites)}", style="dim")
    return text or Text("no check ran", style="magenta")


def judgement_text(judgement: str) -> Text:
    """A judgement in its colour."""
    style = JUDGEMENT_STYLE[Judgement(judgement)] if judgement in list(Judgement) else "magenta"
    return Text(judgement, style=style)


def bulleted(heading: str, lines: Sequence[str]) -> RenderableType:
    """A heading in red and a list below it, each line indented as a whole."""
    items = Table.grid(padding=(0, 1))
    for line in lines:
        items.add_row(Text("-"), Text(line, overflow="fold"))
    return Padding(Group(Text(heading, style="bold red"), items), (1, 0, 0, 0))


def summary(ledger: Ledger) -> Text:
    """By what findings are shown, and in one line how many claims, their judgements, checks, problems, seconds."""
    counts = Counter(entry.shown for entry in ledger.entries)
    kinds = ", ".join(f"{counts[j]} {j}" for j in Judgement if counts[j])
    checks = sum(len(entry.results) for entry in ledger.entries)
    problems = len(ledger.problems())
    line = Text("\n")
    if by := shares(ledger):
        line.append(f"shown by: {by}\n", style="dim")
    if ledger.interrupted:
        line.append("interrupted; finished: ", style="bold magenta")
    line.append(counted(len(ledger.entries), "claim"), style="bold")
    line.append(f" ({kinds}), " if kinds else ", ")
    line.append(f"{counted(checks, 'check')}, ")
    left_out = sum(entry.left_out for entry in ledger.entries)
    if left_out:
        line.append(f"{left_out} more not run (--quick), ", style="magenta")
    line.append(counted(problems, "problem") if problems else "no problems", style="red" if problems else "green")
    return line.append(f", {ledger.seconds:.1f} s")


def listing(outlines: Sequence[Outline], recorded: Mapping[str, str], width: int) -> Table:
    """The claims of a folder with the judgements on record, a line each.

    Args:
        outlines: the heads of the claims.
        recorded: `{claim id: judgement}`.
        width: columns at hand; below `WIDE` the source is left out, which the id names anyway.

    Returns:
        The table; ids and judgements are whole, a source or title too long for the console ends in an ellipsis.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    ids = max((len(outline.id) for outline in outlines), default=0)
    judgement_width = max(len(judgement) for judgement in Judgement)
    sources = min(34, max((len(outline.source) for outline in outlines), default=0)) if width >= WIDE else 0
    rest = max(12, width - ids - judgement_width - sources - 3 * 2)
    table.add_column("claim", no_wrap=True, width=ids)
    table.add_column("judgement", no_wrap=True, width=judgement_width)
    if sources:
        table.add_column("source", no_wrap=True, overflow="ellipsis", max_width=sources)
    table.add_column("title", no_wrap=True, overflow="ellipsis", max_width=rest)
    for outline in outlines:
        judgement = judgement_text(recorded[outline.id]) if outline.id in recorded else Text("-", style="dim")
        source = [Text(outline.source, style="dim")] if sources else []
        table.add_row(Text(outline.id), judgement, *source, Text(outline.title))
    return table


def _arranged(entries: Sequence[Entry]) -> Iterator[tuple[Entry, bool]]:
    """The entries in order, each repaired statement moved below the first claim that names it."""
    by_id = {entry.claim.id: entry for entry in entries}
    repairs = {e.claim.repair for e in entries if e.claim.repair in by_id and e.claim.repair != e.claim.id}
    shown: set[str] = set()
    for entry in entries:
        if entry.claim.id in repairs:
            continue
        below = False
        current: Entry | None = entry
        while current is not None and current.claim.id not in shown:
            shown.add(current.claim.id)
            yield current, below
            current, below = by_id.get(current.claim.repair or ""), True
    yield from ((entry, False) for entry in entries if entry.claim.id not in shown)  # repairs in a circle
