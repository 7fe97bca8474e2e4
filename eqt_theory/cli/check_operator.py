"""`eqt-theory check-operator`: the battery of checks for somebody's map."""

from typing import Annotated, Any, cast

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
"""The checks form Jacobians, d x d for each of their states."""


def check_operator(
    operator: Target,
    dim: Annotated[int, typer.Option(help="d, the dimension of the states.", metavar="D")],
    seed: Seed = 0,
    samples: Annotated[int, typer.Option(help="States tried by each check.", metavar="N")] = 64,
    accuracy: Accuracy = None,
    expect: Expected = None,
    fail_fast: FailFast = False,
    seconds: Seconds = None,
    html: HtmlPage = None,
) -> int:
    """Check a map: a FixedPoint, an Inclusion, a matrix, or a function from states to states.

    The module may lie in the current directory. Exit status: 0 when no check fails; 1 when one does; 2 for a usage
    error, such as a module that cannot be imported.
    """
    require_seed(seed)
    require_number("--dim", dim, 1, _LARGE)
    require_number("--samples", samples, 1, MANY)
    require_page(html)
    target = load_target(operator)
    # Only now: these load torch.
    from eqt_theory.testing.operator_battery import check_operator as run_checks
    from eqt_theory.testing.options import expected_failures

    begin_page(html, "operator.html")
    with following("checking"):
        report = run_checks(
            cast("Any", target),
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
    again = f"eqt-theory check-operator {operator} --dim {dim} --samples {samples} --seed {seed}"
    return conclude(report, html, "operator", about, again)
