"""The SMT-LIB text of every obligation of a run, a file each, for anyone with a solver of their own."""

import re
from pathlib import Path

from eqt_theory.core.files import write_text
from eqt_theory.core.finding import Finding, Obligation
from eqt_theory.core.judge import Result
from eqt_theory.core.ledger import Ledger


def write_smtlib(ledger: Ledger, folder: Path) -> list[Path]:
    """Write `folder/<claim>/<check>-<number>-<obligation>.smt2` for every obligation.

    Args:
        ledger: the run.
        folder: made where it does not exist.

    Returns:
        The files written, in order of the run.
    """
    written = []
    for entry in ledger.entries:
        for result in entry.results:
            for name, obligation in files_of(entry.claim.id, result):
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                write_text(file, obligation.smtlib.rstrip("\n") + "\n")
                written.append(file)
    return written


def write_certificates(ledger: Ledger, folder: Path) -> list[Path]:
    """Write the certificates of obligations beside their texts, with the ending .json; returns the files written."""
    written = []
    for entry in ledger.entries:
        for result in entry.results:
            for name, obligation in files_of(entry.claim.id, result):
                if obligation.certificate is not None:
                    file = (folder / name).with_suffix(".json")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    obligation.certificate.save(file)
                    written.append(file)
    return written


def files_of(claim_id: str, result: Result) -> list[tuple[str, Obligation]]:
    """The file name of each obligation of a check, relative to the folder, with `/` between its parts."""
    named = enumerate(obligations_of(result.finding), start=1)
    return [(f"{file_name(claim_id)}/{result.check.name}-{n:02d}-{_slug(o.name)}.smt2", o) for n, o in named]


def file_name(claim_id: str) -> str:
    """The id of a claim as a name of files and in links: that of another text has a colon in it, `text:claim-id`."""
    return claim_id.replace(":", "--")


def obligations_of(finding: Finding) -> tuple[Obligation, ...]:
    """Every obligation of a finding once: those asked about, and those that its proof rests on."""
    proof = finding.proof.obligations if finding.proof is not None else ()
    return (*finding.obligations, *(o for o in proof if o not in finding.obligations))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "obligation"
