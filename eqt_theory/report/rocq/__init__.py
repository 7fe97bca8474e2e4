"""Every obligation that has a certificate as a lemma for the proof assistant Rocq, proved as its certificate says."""

import re
from pathlib import Path

from eqt_theory.core.files import write_text
from eqt_theory.core.ledger import Ledger
from eqt_theory.report.rocq.proof import HEAD, lemma
from eqt_theory.report.smtlib import file_name, obligations_of

__all__ = ["lemma", "write_rocq"]


def write_rocq(ledger: Ledger, folder: Path) -> tuple[list[Path], int, int]:
    """Write `folder/<claim>.v`, one lemma for each obligation that a certificate of contradiction shows.

    Obligations that hold otherwise (points, identities, two provers without a certificate) are named in a comment.
    `coqc FILE` checks a file; it needs Rocq's standard library only.

    Args:
        ledger: the run.
        folder: made where it does not exist.

    Returns:
        The files written, how many lemmas they hold, and how many obligations they leave out.
    """
    written, lemmas, left_out = [], 0, 0
    folder.mkdir(parents=True, exist_ok=True)
    for entry in ledger.entries:
        parts = []
        for result in entry.results:
            for n, obligation in enumerate(obligations_of(result.finding), start=1):
                name = f"{re.sub('[^A-Za-z0-9_]', '_', result.check.name)}_{n:02d}"
                certificate = obligation.certificate
                if certificate is not None and certificate.kind == "contradiction":
                    parts.append(f"(* {_comment(obligation.name)} *)\n{lemma(name, certificate.data)}")
                    lemmas += 1
                else:
                    parts.append(f"(* {name} is left out, it has no certificate of contradiction *)")
                    left_out += 1
        if parts:
            file = folder / (re.sub("[^A-Za-z0-9_]", "_", file_name(entry.claim.id)) + ".v")
            write_text(file, "\n".join([HEAD, *parts, ""]))
            written.append(file)
    return written, lemmas, left_out


def _comment(text: str) -> str:
    return text.replace("(*", "( *").replace("*)", "* )").replace('"', "'")
