"""The command `eqt-theory`: its subcommands, and how every error becomes one line and an exit status."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from eqt_theory import __version__
from eqt_theory.cli import check_energy, check_solver, diagnose, parity, plan, show, verify
from eqt_theory.cli import list as list_command
from eqt_theory.core.errors import ContradictoryFindings, ProverDisagreement, UsageError

CLEAN, PROBLEMS, USAGE, INTERRUPTED = 0, 1, 2, 130

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
app.command("plan")(plan.plan)
app.command("check-solver")(check_solver.check_solver)
app.command("check-energy")(check_energy.check_energy)
app.command("parity")(parity.parity)
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


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 clean, 1 problems, 2 a usage error, 130 interrupted.

    Args:
        arguments: without the program's name; default: those of the process.

    Raises:
        SystemExit: always, with the exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # no traceback for a terminal without "└"
    raise SystemExit(_status(arguments))


def _status(arguments: Sequence[str] | None) -> int:
    try:
        status = app(args=arguments, prog_name="eqt-theory", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else CLEAN
    except (UsageError, typer.TyperException) as error:
        message = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        return _fail(message, USAGE)
    except ContradictoryFindings as error:
        return _fail(f"contradictory findings, a bug in a check: {error}", PROBLEMS)
    except ProverDisagreement as error:
        return _fail(f"the provers disagree, so no answer of theirs counts: {error}", PROBLEMS)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader went away, as in `eqt-theory list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEMS
    except OSError as error:
        return _fail(str(error), USAGE)


def _fail(message: str, status: int) -> int:
    """Print the message in one line; returns the status."""
    print(f"eqt-theory: {' '.join(message.split())}", file=sys.stderr)
    return status
