"""Writing the site. Every text is escaped; nothing is fetched; files that it did not write are left alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from eqt_theory import __version__
from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError
from eqt_theory.core.judge import Result, standing
from eqt_theory.core.ledger import Entry, Ledger
from eqt_theory.core.verdict import Judgement
from eqt_theory.report.html.typeset import typeset
from eqt_theory.report.json import environment
from eqt_theory.report.smtlib import files_of, write_smtlib
from eqt_theory.report.wording import JUDGEMENT, METHOD, RELATION, STANDING, quantity


def write_site(ledger: Ledger, run: Run, folder: Path) -> list[Path]:
    """Write the site of a run: `index.html`, `claims/<id>.html` and `smtlib/`.

    Args:
        ledger: the run.
        run: its settings, shown at the foot of the table.
        folder: made where it does not exist; files of other names in it stay.

    Returns:
        The files written.

    Raises:
        UsageError: the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"the site needs a folder, got the file {folder}")
    (folder / "claims").mkdir(parents=True, exist_ok=True)
    templates = _templates()
    index = folder / "index.html"
    index.write_text(templates.get_template("index.html.j2").render(_index(ledger, run)), "utf-8")
    written = [index]
    page = templates.get_template("claim.html.j2")
    for position, entry in enumerate(ledger.entries):
        file = folder / "claims" / f"{entry.claim.id}.html"
        file.write_text(page.render(_claim(ledger, position)), "utf-8")
        written.append(file)
    return [*written, *write_smtlib(ledger, folder / "smtlib")]


def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("eqt_theory.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["typeset"] = typeset
    templates.filters["quantity"] = quantity
    templates.globals.update(version=__version__, judgement_text=JUDGEMENT, method_text=METHOD)
    return templates


def _index(ledger: Ledger, run: Run) -> dict[str, Any]:
    repairs = {entry.claim.repair for entry in ledger.entries if entry.claim.repair}
    statements = [entry for entry in ledger.entries if entry.claim.id not in repairs]
    counts = {j: sum(entry.judgement is j for entry in statements) for j in Judgement}
    return {
        "statements": [(entry, ledger.entry(entry.claim.repair or "")) for entry in statements],
        "counts": {j: number for j, number in counts.items() if number},
        "checks": sum(len(entry.results) for entry in ledger.entries),
        "problems": ledger.problems(),
        "interrupted": ledger.interrupted,
        "environment": environment(run),
    }


def _claim(ledger: Ledger, position: int) -> dict[str, Any]:
    entry = ledger.entries[position]
    claim = entry.claim
    repairs = [other for other in ledger.entries if other.claim.repair == claim.id]
    return {
        "entry": entry,
        "claim": claim,
        "readings": list(_readings(entry)),
        "repair": ledger.entry(claim.repair) if claim.repair else None,
        "repairs": repairs,
        "before": ledger.entries[position - 1] if position else None,
        "after": ledger.entries[position + 1] if position + 1 < len(ledger.entries) else None,
        "witness": _smallest_witness(entry),
    }


def _readings(entry: Entry) -> Iterator[dict[str, Any]]:
    for reading in entry.claim.readings:
        results = [result for result in entry.results if result.check.reading == reading.name]
        yield {
            "reading": reading,
            "relation": RELATION[reading.relation],
            "standing": standing(entry.claim, reading, entry.results).name.lower(),
            "standing_text": STANDING[standing(entry.claim, reading, entry.results)],
            "results": [
                {"check": r.check, "finding": r.finding, "files": files_of(entry.claim.id, r)} for r in results
            ],
        }


def _smallest_witness(entry: Entry) -> Result | None:
    """The refutation with the fewest numbers in it, to show first."""
    refuted = [result for result in entry.results if result.finding.witness]
    return min(refuted, key=lambda r: (len(r.finding.witness or {}), len(str(r.finding.witness))), default=None)
