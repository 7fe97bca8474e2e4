"""`eqt-theory check-solver`: the battery of checks for somebody's solver."""

from typing import Annotated

import typer

from eqt_theory.cli.battery import conclude
from eqt_theory.cli.options import (
    Accuracy,
    Device,
    Expected,
    FailFast,
    HtmlPage,
    OnDevice,
    Seconds,
    Seed,
    make_run,
    require_page,
)
from eqt_theory.cli.progress import following
from eqt_theory.cli.target import Target, load_target
from eqt_theory.cli.unfinished import begin_page


def check_solver(
    solver: Target,
    seed: Seed = 0,
    examples: Annotated[int, typer.Option(help="Cases per check at most.", metavar="N")] = 50,
    device: OnDevice = Device.CPU,
    accuracy: Accuracy = None,
    expect: Expected = None,
    fail_fast: FailFast = False,
    seconds: Seconds = None,
    html: HtmlPage = None,
) -> int:
    """Check a solver: a Solver, or a function (objective, h) -> next h.

    The module may lie in the current directory. Exit status: 0 when no check fails; 1 when one does; 2 for a usage
    error, such as a module that cannot be imported.
    """
    run = make_run(seed, examples, device, quick=False)
    require_page(html)
    target = load_target(solver)
    # Only now: these load torch and hypothesis.
    from eqt_theory.testing.options import expected_failures
    from eqt_theory.testing.solver_battery import as_solver
    from eqt_theory.testing.solver_battery import check_solver as run_checks

    as_solver(target)
    begin_page(html, "solver.html")
    with following("checking"):
        report = run_checks(
            target,  # type: ignore[arg-type]
            on_fail=None,
            seed=run.seed,
            max_examples=run.examples,
            device=run.device,
            accuracy=accuracy,
            expected_failures=expected_failures(expect or ()),
            fail_fast=fail_fast,
            seconds=seconds,
        )
    about = f"{run.examples} cases per check at most, seed {run.seed}, {run.device}."
    again = f"eqt-theory check-solver {solver} --examples {run.examples} --seed {run.seed}"
    return conclude(report, html, "solver", about, again)
