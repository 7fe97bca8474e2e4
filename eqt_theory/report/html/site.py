"""Writing the site. Every text is escaped; nothing is fetched; files that it did not write are left alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eqt_theory.core.claim import Run
from eqt_theory.core.files import write_text
from eqt_theory.core.judge import Result
from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.core.manifest import Manifest, read_manifest
from eqt_theory.core.verdict import Judgement
from eqt_theory.report.html.figures import Picture, pictures_of
from eqt_theory.report.html.pages import Page, make_folder, render
from eqt_theory.report.json import environment
from eqt_theory.report.smtlib import file_name, files_of, write_certificates, write_smtlib
from eqt_theory.report.wording import (
    RELATION,
    STANDING,
    assumptions,
    grounds,
    rests_on,
    used_by,
    used_claims,
    verify_again,
)


@dataclass(frozen=True)
class Site:
    """A site that was written.

    Args:
        files: every file of it.
        problems: figures that could not be drawn, a sentence each; they are on the first page, too.
    """

    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def write_site(
    ledger: Ledger, run: Run, folder: Path, *, pages: Sequence[Page] = (), problems: Sequence[str] = ()
) -> Site:
    """Write the site of a run: `index.html`, `claims/<id>.html`, `smtlib/`, and the other pages given.

    The figures that claims attach to themselves (`Claim.draws`) are drawn here and nowhere else.

    Args:
        ledger: the run.
        run: its settings, shown at the foot of the table.
        folder: made where it does not exist; files of other names in it stay.
        pages: further pages, one navigation for all.
        problems: of these pages, a sentence each; shown with those of the run.

    Returns:
        What was written.

    Raises:
        UsageError: the folder is a file.
    """
    make_folder(folder)
    (folder / "claims").mkdir(exist_ok=True)
    pictures: dict[str, list[Picture]] = {}
    undrawn: list[str] = []
    for entry in ledger.entries:
        pictures[entry.claim.id], failed = pictures_of(entry)
        undrawn += failed
    index = Page("index.html", "Judgements", "index.html.j2", _index(ledger, run, [*problems, *undrawn]))
    sections = [index, *_texts_apart(ledger, run), *pages]
    written = []
    for page in (*sections, *_claims(ledger, pictures)):
        file = folder / page.file
        write_text(file, render(page, sections))
        written.append(file)
    written += [*write_smtlib(ledger, folder / "smtlib"), *write_certificates(ledger, folder / "smtlib")]
    return Site(tuple(written), tuple(undrawn))


def _texts_apart(ledger: Ledger, run: Run) -> list[Page]:
    """A page for each text, where a run has several."""
    folders: dict[Path, list[Entry]] = {}
    for entry in ledger.entries:
        if entry.claim.file is not None:
            folders.setdefault(entry.claim.file.parent, []).append(entry)
    if len(folders) < 2:
        return []
    pages = []
    for folder, entries in folders.items():
        values = _index(replace(ledger, entries=tuple(entries), failures=(), stale=()), run, ())
        title = read_manifest(folder).title or folder.name.replace("_", " ")
        values |= {"heading": title, "problems": [], "whole": False}
        pages.append(Page(f"text-{file_name(folder.name)}.html", title.partition(":")[0], "index.html.j2", values))
    return pages


def _index(ledger: Ledger, run: Run, problems: Sequence[str]) -> dict[str, Any]:
    repairs = {entry.claim.repair for entry in ledger.entries if entry.claim.repair}
    statements = [entry for entry in ledger.entries if entry.claim.id not in repairs]
    counts = {j: sum(entry.shown is j for entry in statements) for j in Judgement}
    return {
        "statements": [(entry, ledger.entry(entry.claim.repair or "")) for entry in statements],
        "beside": len(ledger.entries) - len(statements),
        "counts": {j: number for j, number in counts.items() if number},
        "checks": sum(len(entry.results) for entry in ledger.entries),
        "problems": [*ledger.problems(), *problems],
        "interrupted": ledger.interrupted,
        "environment": environment(run),
        "texts": _texts(ledger),
        "heading": "Judgements",
        "whole": True,
    }


def _texts(ledger: Ledger) -> list[Manifest]:
    """The manifests of the folders that the claims come from, those that say something."""
    folders = dict.fromkeys(entry.claim.file.parent for entry in ledger.entries if entry.claim.file is not None)
    return [manifest for folder in folders if str(manifest := read_manifest(folder))]


def _claims(ledger: Ledger, pictures: dict[str, list[Picture]]) -> Iterator[Page]:
    ids = {entry.claim.id for entry in ledger.entries}
    users = used_by(ledger)
    for position, entry in enumerate(ledger.entries):
        claim = entry.claim
        values = {
            "entry": entry,
            "claim": claim,
            "pictures": pictures[claim.id],
            "grounds": grounds(entry),
            "readings": list(_readings(entry)),
            "repair": ledger.entry(claim.repair) if claim.repair else None,
            "repairs": [other for other in ledger.entries if other.claim.repair == claim.id],
            "before": ledger.entries[position - 1] if position else None,
            "after": ledger.entries[position + 1] if position + 1 < len(ledger.entries) else None,
            "witness": _smallest_witness(entry),
            "ids": ids,
            "uses": used_claims(entry, ids),
            "used_by": users.get(claim.id, []),
            "commands": [verify_again(ledger, claim.id), f"{verify_again(ledger, claim.id)} --smtlib obligations"],
        }
        yield Page(f"claims/{file_name(claim.id)}.html", claim.title or claim.id, "claim.html.j2", values)


def _readings(entry: Entry) -> Iterator[dict[str, Any]]:
    for reading in entry.claim.readings:
        results = [result for result in entry.results if result.check.reading == reading.name]
        yield {
            "reading": reading,
            "relation": RELATION[reading.relation],
            "standing": entry.assessment.readings[reading.name].standing.name.lower(),
            "standing_text": STANDING[entry.assessment.readings[reading.name].standing],
            "results": [
                {
                    "check": r.check,
                    "finding": r.finding,
                    "rests_on": rests_on(r.check),
                    "assumes": assumptions(entry.claim, r),
                    "files": files_of(entry.claim.id, r),
                }
                for r in results
            ],
        }


def _smallest_witness(entry: Entry) -> Result | None:
    """The refutation with the fewest numbers in it, to show first."""
    refuted = [result for result in entry.results if result.finding.witness]
    return min(refuted, key=lambda r: (len(r.finding.witness or {}), len(str(r.finding.witness))), default=None)
