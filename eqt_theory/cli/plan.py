"""`eqt-theory plan`: step size, rate and number of steps from mu, L and gamma."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from eqt_theory.cli.console import make_console
from eqt_theory.evidence.rate.plan import Plan, count
from eqt_theory.evidence.rate.plan import plan as make_plan
from eqt_theory.report.console import bulleted


def plan(
    mu: Annotated[float, typer.Option(help="Strong convexity of the energy; negative: weak convexity.")],
    lipschitz: Annotated[float, typer.Option(help="L, the Lipschitz constant of its gradient.")],
    gamma: Annotated[float, typer.Option(help="The damping.")],
    step_size: Annotated[float | None, typer.Option(help="The step size; default: the best one.")] = None,
    epsilon: Annotated[float, typer.Option(help="The factor by which |h - h*| is to shrink.")] = 1e-3,
) -> int:
    """Step sizes, rates and numbers of steps.

    Prints the exact stable range, the best step, and the tight rate beside the paper's, with the
    number of steps that each asks for, and warns where the paper's range or rate misleads.
    """
    found = make_plan(mu, lipschitz, gamma, step_size=step_size, epsilon=epsilon)
    console = make_console()
    console.print(_table(found, given=step_size is not None))
    if found.warnings:
        console.print(bulleted("Beware:", found.warnings))
    return 0


def _table(found: Plan, *, given: bool) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")

    def row(name: str, value: str, formula: str) -> None:
        table.add_row(Text(name), Text(value), Text(formula))

    row("m", _number(found.m), "mu + 1/gamma")
    row("M", _number(found.M), "L + 1/gamma")
    if found.condition_number is None:
        return table
    row("condition number of Phi", _number(found.condition_number), "M/m")
    row("stable steps", f"(0, {_number(found.step_limit)})", "0 < alpha < 2/M, exactly")
    row("best step", _number(found.best_step), "2/(m + M)")
    row("  tight rate there", _rate(found.best_rate, found.best_steps), "(M - m)/(M + m)")
    row(f"  steps to shrink by {found.epsilon:g}", _steps(found.best_steps), "")
    row("planned step", _number(found.step_size), "as given" if given else "the best one")
    row("  tight rate", _rate(found.rate, found.steps), "max(|1 - alpha m|, |1 - alpha M|)")
    row(f"  steps to shrink by {found.epsilon:g}", _steps(found.steps), "ceil(ln(1/eps)/-ln(rate))")
    silent = "does not apply"
    limit = silent if found.paper_step_limit is None else f"(0, {_number(found.paper_step_limit)})"
    row("paper's stable steps", limit, "Eq. 25: 2/(mu + L + 1/gamma)")
    rate = silent if found.paper_rate is None else _rate(found.paper_rate, found.paper_steps)
    row("  rate", rate, "Eq. 26: 1 - 2 alpha mu/(1 + L/mu)")
    steps = silent if found.paper_steps is None else _steps(found.paper_steps)
    row(f"  steps to shrink by {found.epsilon:g}", steps, "Eq. 27")
    return table


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def _rate(rate: float | None, steps: int | None) -> str:
    """A rate that rounds to 1 and yet converges is written as `1 - small`."""
    if rate is None:
        return "none"
    text = f"{rate:.6g}"
    if text == "1" and steps is not None:
        return f"1 - {1 - rate:.2g}" if rate < 1 else "below 1"
    return text


def _steps(steps: int | None) -> str:
    return "never" if steps is None else count(steps)
