"""`eqt-theory show`: one claim with all its evidence."""

from dataclasses import replace
from typing import Annotated

import typer

from eqt_theory.cli.claims import choose
from eqt_theory.cli.console import make_console
from eqt_theory.cli.options import (
    Device,
    Examples,
    Jobs,
    Limit,
    OnDevice,
    Proofs,
    Quick,
    Seed,
    Timeout,
    make_run,
    number_of_jobs,
)
from eqt_theory.cli.verify import follow
from eqt_theory.core.limit import LIMIT
from eqt_theory.report.console import bulleted
from eqt_theory.report.remark import print_remark
from eqt_theory.report.wording import counted


def show(
    claim: Annotated[str, typer.Argument(help="Id of the claim.", metavar="CLAIM")],
    proofs: Proofs = None,
    smtlib: Annotated[bool, typer.Option("--smtlib", help="Print the text that the provers read, too.")] = False,
    seed: Seed = 0,
    examples: Examples = 100,
    device: OnDevice = Device.CPU,
    quick: Quick = False,
    jobs: Jobs = None,
    timeout: Timeout = 10.0,
    limit: Limit = LIMIT,
) -> int:
    """Show one claim with all its evidence.

    Runs the checks of the claim and of its repaired statement. Exit status as for verify.
    """
    run, at_once = make_run(seed, examples, device, quick, timeout, limit), number_of_jobs(jobs, device)
    chosen = [replace(selection, failures=()) for selection in choose(proofs, [claim])]
    ledger = follow(make_console(stderr=True), chosen, run, jobs=at_once)
    console = make_console()
    name = claim if ledger.entry(claim) else claim.partition(":")[2]  # of the first text, ids stand alone
    print_remark(console, ledger, name, smtlib=smtlib)
    problems = ledger.problems()
    if problems:
        console.print(bulleted(counted(len(problems), "problem") + ":", problems))
    if ledger.interrupted:
        console.print("interrupted")
        return 130
    return 1 if problems else 0
