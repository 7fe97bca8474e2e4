"""`eqt-theory check-energy`: the battery of checks for somebody's energy."""

from typing import Annotated

import typer

from eqt_theory.cli.options import Seed
from eqt_theory.cli.target import Target, load_target


def check_energy(
    energy: Target,
    dim: Annotated[int, typer.Option(help="d, the dimension of the states.", metavar="D")],
    seed: Seed = 0,
    samples: Annotated[int, typer.Option(help="States tried by each check.", metavar="N")] = 64,
) -> int:
    """Check an energy: an Energy, or a function of a state.

    The module may lie in the current directory. Exit status: 0 when no check fails; 1 when one does; 2 for a usage
    error, such as a module that cannot be imported.
    """
    target = load_target(energy)
    # Only now: these load torch.
    from eqt_theory.testing.energy_battery import as_energy
    from eqt_theory.testing.energy_battery import check_energy as run_checks

    report = run_checks(as_energy(target), dim, on_fail=None, seed=seed, samples=samples)
    typer.echo(str(report))
    if report.failed:
        typer.echo("\n" + report.explain())
    return 0 if report.passed else 1
