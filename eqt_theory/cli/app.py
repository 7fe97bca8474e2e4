"""The command line itself: its subcommands and the options of the whole."""

from typing import Annotated

import typer

from eqt_theory import __version__
from eqt_theory.cli import (
    certify,
    check_energy,
    check_operator,
    check_solver,
    diagnose,
    new,
    parity,
    plan,
    recheck,
    show,
    study,
    verify,
)
from eqt_theory.cli import list as list_command

app = typer.Typer(
    name="eqt-theory",
    help="Checks the theory behind energy-based latent refinement, claim by claim, and shows its evidence.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("verify")(verify.verify)
app.command("list")(list_command.list_claims)
app.command("show")(show.show)
app.command("new")(new.new)
app.command("recheck")(recheck.recheck)
app.command("plan")(plan.plan)
app.command("certify")(certify.certify)
app.command("check-solver")(check_solver.check_solver)
app.command("check-energy")(check_energy.check_energy)
app.command("check-operator")(check_operator.check_operator)
app.command("parity")(parity.parity)
app.command("study")(study.study)
app.command("diagnose")(diagnose.diagnose)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"eqt-theory {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def entry(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Checks the theory behind energy-based latent refinement, claim by claim, and shows its evidence."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
