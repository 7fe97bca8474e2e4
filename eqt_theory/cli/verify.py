"""`eqt-theory verify`: run the ledger and print what it found out."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from eqt_theory.cli.claims import Selection, choose
from eqt_theory.cli.console import make_console
from eqt_theory.cli.journal import Journal
from eqt_theory.cli.options import (
    Device,
    Examples,
    Jobs,
    Limit,
    OnDevice,
    Proofs,
    Quick,
    Scheduler,
    Seed,
    Timeout,
    make_run,
    number_of_jobs,
)
from eqt_theory.cli.outputs import Outputs
from eqt_theory.cli.progress import Watch
from eqt_theory.cli.scheduler import cluster
from eqt_theory.cli.site_parts import Parts, load_parts, make_pages
from eqt_theory.cli.unfinished import begin
from eqt_theory.core.claim import Claim, Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import locked, try_file
from eqt_theory.core.finding import Finding
from eqt_theory.core.ledger import Ledger, run_ledger
from eqt_theory.core.limit import LIMIT
from eqt_theory.core.outline import Outline
from eqt_theory.core.processes import prepare
from eqt_theory.core.record import RECORD, Record, digest, read_record, save_record
from eqt_theory.core.runner import Workers
from eqt_theory.core.store import FOLDER, keep
from eqt_theory.report.console import print_ledger
from eqt_theory.report.earlier import Earlier
from eqt_theory.report.json import to_json
from eqt_theory.report.junit import to_junit
from eqt_theory.report.markdown import judgement_table
from eqt_theory.report.rocq import write_rocq
from eqt_theory.report.smtlib import write_smtlib
from eqt_theory.report.wording import counted

_THOROUGH = 100_000_000
"""What a search for a certificate may cost where it is put on record."""


def verify(
    claims: Annotated[list[str] | None, typer.Argument(help="Which claims; default: all.", metavar="CLAIM")] = None,
    proofs: Proofs = None,
    json: Annotated[
        Path | None, typer.Option(help="Write the run as JSON; - for standard output.", metavar="FILE")
    ] = None,
    smtlib: Annotated[
        Path | None, typer.Option(help="Write the SMT-LIB text of every obligation.", metavar="DIR")
    ] = None,
    rocq: Annotated[
        Path | None, typer.Option(help="Write what certificates show as lemmas for Rocq.", metavar="DIR")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the run as a site, a page per claim.", metavar="DIR")] = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write JUnit XML, for a CI system; - as for --json.", metavar="FILE")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Write the table in Markdown; - as for --json.", metavar="FILE")
    ] = None,
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
    jobs: Jobs = None,
    scheduler: Scheduler = None,
    timeout: Timeout = 10.0,
    limit: Limit = LIMIT,
    record: Annotated[
        bool,
        typer.Option("--record", help="Put judgements and certificates on record instead of comparing with them."),
    ] = False,
    anew: Annotated[bool, typer.Option("--anew", help="Use no certificate on record; ask the provers.")] = False,
    resume: Annotated[
        Path | None,
        typer.Option(help="Go on from the JSON of an interrupted run: what the kernel sees again.", metavar="FILE"),
    ] = None,
) -> int:
    """Run the checks of the claims and print their judgements.

    With --html a full run of this project's own claims also checks the package's solvers, unless it is quick.

    Exit status: 0 when every finding is conclusive, nothing is left unfinished and every judgement is
    the one on record, and nothing on the site failed; 1 when not; 2 for a usage error; 130 when interrupted.
    """
    run, at_once = make_run(seed, examples, device, quick, timeout, limit), number_of_jobs(jobs, device)
    if record and (quick or resume is not None):
        raise UsageError(f"--record needs every check of this run; leave out {'--quick' if quick else '--resume'}")
    outputs = Outputs(
        {"--json": json, "--junit": junit, "--markdown": markdown}, {"--html": html, "--smtlib": smtlib, "--rocq": rocq}
    )
    if at_once > 1 and scheduler is None:
        prepare()
    earlier = None if resume is None else Earlier(resume)  # before the file of --json, maybe the same, is begun anew
    selections = choose(proofs, claims or [])
    every = [claim for selection in selections for claim in selection.claims]
    if record:
        run = replace(run, search=_THOROUGH)
    if record:
        for selection in selections:
            try_file("--record", selection.text.folder / RECORD)
    own = not proofs and not claims and not quick
    parts = load_parts(html, own=own, solvers=solver or [], checkpoint=checkpoint)
    console = make_console(stderr=outputs.takes_standard_output)
    known = {} if earlier is None else earlier.read_back(every, run)
    if earlier is not None:
        console.print(f"{counted(len(known), 'finding')} read back from {resume}, the kernel sees them", soft_wrap=True)
    with cluster(scheduler) as far:
        at_once = at_once if far is None else far.jobs
        journal = Journal(outputs, run, every, known)
        begin(outputs, html, [claim.id for claim in every], journal.text())
        ledger = follow(
            *(console, selections, run),
            compare=not record,
            jobs=at_once,
            anew=anew,
            executor=far,
            known=known,
            on_finding=journal.found,
        )
    print_ledger(console, ledger)
    if record and not ledger.interrupted:
        for selection in selections:
            for line in outputs.attempt("--record", partial(_put_on_record, selection, ledger)) or []:
                console.print(line, soft_wrap=True)
    if smtlib is not None:
        written = outputs.attempt("--smtlib", lambda: write_smtlib(ledger, smtlib))
        if written is not None:
            console.print(f"{counted(len(written), 'obligation')} written to {smtlib}", soft_wrap=True)
    if rocq is not None:
        lemmas = outputs.attempt("--rocq", lambda: write_rocq(ledger, rocq))
        if lemmas is not None:
            console.print(
                f"{counted(lemmas[1], 'lemma')} in {counted(len(lemmas[0]), 'file')} written to {rocq}; "
                f"{counted(lemmas[2], 'obligation')} left out",
                soft_wrap=True,
            )
    outputs.write("--json", lambda: to_json(ledger, run))
    outputs.write("--junit", lambda: to_junit(ledger))
    outputs.write("--markdown", lambda: _markdown(ledger))
    besides = [] if html is None else outputs.attempt("--html", lambda: _site(ledger, run, html, parts, console)) or []
    besides = [*besides, *outputs.problems]
    for problem in besides:
        console.print(Text(f"problem: {problem}"), soft_wrap=True)
    if ledger.interrupted:
        return 130
    return 1 if ledger.problems() or besides else 0


def follow(
    console: Console,
    selections: Sequence[Selection],
    run: Run,
    *,
    compare: bool = True,
    jobs: int = 1,
    anew: bool = False,
    executor: Executor | None = None,
    known: Mapping[tuple[str, str], Finding] | None = None,
    on_finding: Callable[[Claim, Finding], None] = lambda claim, finding: None,
) -> Ledger:
    """Run the selected claims with progress on the console.

    Args:
        console: where to.
        selections: what to run, a text after another.
        run: seed, examples, device.
        compare: whether the ledger holds the judgements against those on record.
        jobs: how many checks run at once.
        anew: whether to do without the certificates on record.
        executor: runs the checks; default: processes of this machine.
        known: as for `run_ledger`.
        on_finding: called after each check, too.

    Returns:
        The ledger.

    Raises:
        ProverDisagreement: two provers contradict each other.
    """
    ledger = Ledger(())

    def found(claim: Claim, finding: Finding) -> None:
        on_finding(claim, finding)
        watch.found(claim, finding, anew=(claim.id, finding.check) not in (known or {}))

    many = jobs > 1 or executor is not None
    with (
        Workers(jobs, None if executor is None else lambda _: executor) if many else nullcontext() as workers,
        Watch(console, [claim for selection in selections for claim in selection.claims], run) as watch,
    ):
        for selection in selections:
            more = run_ledger(
                selection.claims,
                replace(run, certificates=None if anew else selection.text.folder / FOLDER),
                failures=selection.failures,
                recorded=selection.text.record if compare else None,
                complete=selection.complete,
                beside=ledger.entries,
                workers=workers,
                on_start=watch.started,
                known=known,
                on_finding=found,
            )
            ledger = ledger.joined(more)
            if ledger.interrupted:
                break
    return ledger


def _put_on_record(selection: Selection, ledger: Ledger) -> list[str]:
    """Put judgements and certificates of a run on record, where a partial run keeps the others; returns what to say."""
    text = selection.text
    entries = {text.own(claim.id): entry for claim in selection.claims if (entry := ledger.entry(claim.id))}
    full = selection.complete and not selection.failures
    with locked(text.folder):
        old = Record() if full else read_record(text.folder)
        judgements = {name: str(entry.judgement) for name, entry in entries.items()}
        digests = {name: digest(entry.claim) for name, entry in entries.items()}
        file = save_record(text.folder, Record({**old.judgements, **judgements}, {**old.digests, **digests}))
        findings = {name: [result.finding for result in entry.results] for name, entry in entries.items()}
        kept = keep(text.folder / FOLDER, findings, all_claims=full)
    return [f"judgements on record in {file}", f"{counted(kept, 'certificate')} in {text.folder / FOLDER}"]


def _markdown(ledger: Ledger) -> str:
    outlines = [Outline(c.id, c.source, c.title, c.repair) for c in (entry.claim for entry in ledger.entries)]
    return judgement_table(outlines, {entry.claim.id: str(entry.shown) for entry in ledger.entries})


def _site(ledger: Ledger, run: Run, html: Path, parts: Parts, console: Console) -> list[str]:
    """Write the site; returns what went wrong on it."""
    from eqt_theory.report.html import write_site  # Jinja2 is slow to load and seldom needed

    pages, failed = ([], []) if ledger.interrupted else make_pages(parts, run, console)
    site = write_site(ledger, run, html, pages=pages, problems=failed)
    console.print(f"{counted(len(site.files), 'file')} written, begin at {html / 'index.html'}", soft_wrap=True)
    return [*failed, *site.problems]
