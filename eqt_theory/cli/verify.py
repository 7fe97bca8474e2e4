"""`eqt-theory verify`: run the ledger and print what it found out."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from eqt_theory.cli.claims import Selection, choose
from eqt_theory.cli.options import Device, Examples, OnDevice, Proofs, Quick, Seed, make_run
from eqt_theory.cli.progress import Watch
from eqt_theory.cli.site_parts import load_parts, make_pages
from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.folder import save_record
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.outline import Outline
from eqt_theory.report.console import print_ledger
from eqt_theory.report.json import to_json
from eqt_theory.report.junit import to_junit
from eqt_theory.report.markdown import judgement_table
from eqt_theory.report.smtlib import write_smtlib
from eqt_theory.report.wording import counted


def verify(
    claims: Annotated[list[str] | None, typer.Argument(help="Which claims; default: all.", metavar="CLAIM")] = None,
    proofs: Proofs = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the run as JSON; - for standard output.", metavar="FILE")
    ] = None,
    smtlib: Annotated[
        Path | None, typer.Option(help="Write the SMT-LIB text of every obligation.", metavar="DIR")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the run as a site, a page per claim.", metavar="DIR")] = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML, for a CI system.", metavar="FILE")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table in Markdown.", metavar="FILE")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(help="Also put the diagnosis of a trained model on the site.", metavar="CHECKPOINT"),
    ] = None,
    solver: Annotated[
        list[str] | None, typer.Option(help="Also put the checks of a solver on the site.", metavar="MODULE:ATTR")
    ] = None,
    seed: Seed = 0,
    examples: Examples = 100,
    device: OnDevice = Device.CPU,
    quick: Quick = False,
    record: Annotated[
        bool, typer.Option("--record", help="Put the judgements on record instead of comparing with it.")
    ] = False,
) -> int:
    """Run the checks of the claims and print their judgements.

    With --html a full run of this project's own claims also checks the package's solvers, unless it is quick.

    Exit status: 0 when every finding is conclusive, nothing is left unfinished and every judgement is
    the one on record, and nothing on the site failed; 1 when not; 2 for a usage error; 130 when interrupted.
    """
    run = make_run(seed, examples, device, quick)
    if record and quick:
        raise UsageError("--record needs every check; leave out --quick")
    for option, file in (("--json", json), ("--junit", junit), ("--markdown", markdown)):
        _writable(option, file)
    if html is not None and html.exists() and not html.is_dir():
        raise UsageError(f"--html must name a folder, got the file {html}")
    selection = choose(proofs, claims or [])
    own = proofs is None and not claims and not quick
    parts = load_parts(html, own=own, solvers=solver or [], checkpoint=checkpoint)
    console = Console(stderr=json == Path("-"), highlight=False, markup=False, emoji=False)
    ledger = follow(console, selection, run, compare=not record)
    print_ledger(console, ledger)
    if smtlib is not None:
        console.print(f"{counted(len(write_smtlib(ledger, smtlib)), 'obligation')} written to {smtlib}", soft_wrap=True)
    if json == Path("-"):
        sys.stdout.write(to_json(ledger, run))
    elif json is not None:
        json.write_text(to_json(ledger, run), "utf-8")
    if junit is not None:
        junit.write_text(to_junit(ledger), "utf-8")
    if markdown is not None:
        outlines = [Outline(c.id, c.source, c.title, c.repair) for c in (entry.claim for entry in ledger.entries)]
        judgements = {entry.claim.id: str(entry.judgement) for entry in ledger.entries}
        markdown.write_text(judgement_table(outlines, judgements), "utf-8")
    besides: list[str] = []
    if html is not None:
        from eqt_theory.report.html import write_site  # Jinja2 is slow to load and seldom needed

        pages, besides = ([], []) if ledger.interrupted else make_pages(parts, run, console)
        site = write_site(ledger, run, html, pages=pages, problems=besides)
        besides = [*besides, *site.problems]
        for problem in besides:
            console.print(Text(f"problem: {problem}"), soft_wrap=True)
        console.print(f"{counted(len(site.files), 'file')} written, begin at {html / 'index.html'}", soft_wrap=True)
    if ledger.interrupted:
        return 130
    if record:
        console.print(f"judgements on record in {_record(selection, ledger, full=not claims)}", soft_wrap=True)
    return 1 if ledger.problems() or besides else 0


def follow(console: Console, selection: Selection, run: Run, *, compare: bool = True) -> Ledger:
    """Run the selected claims with progress on the console.

    Args:
        console: where to.
        selection: what to run.
        run: seed, examples, device.
        compare: whether the ledger holds the judgements against those on record.

    Returns:
        The ledger.

    Raises:
        ContradictoryFindings: a reading is both established and refuted.
        ProverDisagreement: two provers contradict each other.
    """
    with Watch(console, selection.claims, run) as watch:
        return run_ledger(
            selection.claims,
            run,
            failures=selection.failures,
            recorded=selection.recorded if compare else {},
            on_start=watch.started,
            on_finding=watch.found,
        )


def _record(selection: Selection, ledger: Ledger, *, full: bool) -> Path:
    """Put the judgements of a run on record; a partial run keeps the others."""
    keep = {} if full and not ledger.failures else dict(selection.recorded)
    return save_record(selection.folder, keep | {e.claim.id: str(e.judgement) for e in ledger.entries})


def _writable(option: str, file: Path | None) -> None:
    """Fail before the run, not after it."""
    if file is None or file == Path("-"):
        return
    if file.is_dir():
        raise UsageError(f"{option} must name a file, got the folder {file}")
    if not file.parent.is_dir():
        raise UsageError(f"{option} {file}: the folder {file.parent} does not exist")
