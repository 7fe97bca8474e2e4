"""`eqt-theory list`: the claims of a folder on one screen."""

import sys
from typing import Annotated

import typer

from eqt_theory.cli.claims import folders_of
from eqt_theory.cli.console import make_console
from eqt_theory.cli.options import Proofs
from eqt_theory.core.outline import outline_texts
from eqt_theory.report.console import bulleted, listing
from eqt_theory.report.markdown import judgement_table
from eqt_theory.report.wording import counted


def list_claims(
    proofs: Proofs = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table, as in the README.")] = False,
) -> int:
    """List the claims and their judgements on record."""
    outlines, recorded, failures = outline_texts(folders_of(proofs))
    # a pipe gets whole lines, a terminal lines that fit
    width = None if sys.stdout.isatty() else 200
    console = make_console(width=width)
    if markdown:
        sys.stdout.write(judgement_table(outlines, recorded))
    else:
        console.print(listing(outlines, recorded, console.width))
    if failures:
        console = make_console(stderr=True) if markdown else console
        reasons = [f"{failure.file}: {failure.reason}" for failure in failures]
        console.print(bulleted(f"{counted(len(failures), 'file')} could not be read:", reasons))
    return 1 if failures else 0
