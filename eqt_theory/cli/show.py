"""`eqt-theory show`: one claim with all its evidence."""

from typing import Annotated

import typer

from eqt_theory.cli.claims import Selection, choose
from eqt_theory.cli.console import make_console
from eqt_theory.cli.options import (
    Device,
    Examples,
    Jobs,
    OnDevice,
    Proofs,
    Quick,
    Seed,
    Timeout,
    make_run,
    number_of_jobs,
)
from eqt_theory.cli.verify import follow
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
) -> int:
    """Show one claim with all its evidence.

    Runs the checks of the claim and of its repaired statement. Exit status as for verify.
    """
    run, at_once = make_run(seed, examples, device, quick, timeout), number_of_jobs(jobs, device)
    chosen = choose(proofs, [claim])
    selection = Selection(chosen.folder, chosen.claims, (), chosen.record)
    ledger = follow(make_console(stderr=True), selection, run, jobs=at_once)
    console = make_console()
    print_remark(console, ledger, claim, smtlib=smtlib)
    problems = ledger.problems()
    if problems:
        console.print(bulleted(counted(len(problems), "problem") + ":", problems))
    if ledger.interrupted:
        console.print("interrupted")
        return 130
    return 1 if problems else 0
