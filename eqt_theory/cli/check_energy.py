"""`eqt-theory check-energy`: the battery of checks for somebody's energy."""

from typing import Annotated

import typer

from eqt_theory.cli.battery import conclude
from eqt_theory.cli.options import (
    MANY,
    Accuracy,
    Expected,
    FailFast,
    HtmlPage,
    Seconds,
    Seed,
    require_number,
    require_page,
    require_seed,
)
from eqt_theory.cli.progress import following
from eqt_theory.cli.target import Target, load_target
from eqt_theory.cli.unfinished import begin_page

_LARGE = 4096
"""Every check forms Hessians, d x d for each of its states."""


def check_energy(
    energy: Target,
    dim: Annotated[int, typer.Option(help="d, the dimension of the states.", metavar="D")],
    seed: Seed = 0,
    samples: Annotated[int, typer.Option(help="States tried by each check.", metavar="N")] = 64,
    accuracy: Accuracy = None,
    expect: Expected = None,
    fail_fast: FailFast = False,
    seconds: Seconds = None,
    html: HtmlPage = None,
) -> int:
    """Check an energy: an Energy, or a function of a state.

    The module may lie in the current directory. Exit status: 0 when no check fails; 1 when one does; 2 for a usage
    error, such as a module that cannot be imported.
    """
    require_seed(seed)
    require_number("--dim", dim, 1, _LARGE)
    require_number("--samples", samples, 1, MANY)
    require_page(html)
    target = load_target(energy)
    # Only now: these load torch.
    from eqt_theory.testing.energy_battery import as_energy
    from eqt_theory.testing.energy_battery import check_energy as run_checks
    from eqt_theory.testing.options import expected_failures

    begin_page(html, "energy.html")
    with following("checking"):
        report = run_checks(
            as_energy(target),
            dim,
            on_fail=None,
            seed=seed,
            samples=samples,
            accuracy=accuracy or 0.0,
            expected_failures=expected_failures(expect or ()),
            fail_fast=fail_fast,
            seconds=seconds,
        )
    about = f"{samples} states per check, dimension {dim}, seed {seed}."
    again = f"eqt-theory check-energy {energy} --dim {dim} --samples {samples} --seed {seed}"
    return conclude(report, html, "energy", about, again)
