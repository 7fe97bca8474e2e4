"""`eqt-theory check-energy`: the battery of checks for somebody's energy."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from eqt_theory.cli.battery import on_states
from eqt_theory.cli.options import Accuracy, Expected, FailFast, HtmlPage, Seconds, Seed
from eqt_theory.cli.target import Target

if TYPE_CHECKING:
    from eqt_theory.testing.report import Report


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
    return on_states(
        "energy",
        energy,
        _battery,
        dim=dim,
        seed=seed,
        samples=samples,
        accuracy=accuracy,
        expect=expect,
        html=html,
        fail_fast=fail_fast,
        seconds=seconds,
    )


def _battery() -> "Callable[..., Report]":
    from eqt_theory.testing.energy_battery import as_energy
    from eqt_theory.testing.energy_battery import check_energy as run_checks

    return lambda target, dim, **named: run_checks(as_energy(target), dim, **named)
