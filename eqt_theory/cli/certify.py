"""`eqt-theory certify`: the rate of anybody's solver on a class of functions, with a certificate."""

import math
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from eqt_theory.cli.console import say
from eqt_theory.cli.options import HtmlPage, require_page
from eqt_theory.cli.outputs import Outputs
from eqt_theory.cli.progress import following
from eqt_theory.cli.target import Target, load_target
from eqt_theory.cli.unfinished import begin_page
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding


class Measure(StrEnum):
    """What is measured after some steps."""

    VALUE = "value"
    DISTANCE = "distance"
    GRADIENT = "gradient"


def certify(
    solver: Target,
    mu: Annotated[str, typer.Option(help="Strong convexity of Phi, 0 or more; a number or p/q.", metavar="M")],
    lipschitz: Annotated[str, typer.Option(help="Lipschitz constant of the gradient of Phi.", metavar="L")],
    rate: Annotated[str | None, typer.Option(help="The factor per step that is claimed.", metavar="R")] = None,
    gamma: Annotated[str | None, typer.Option(help="The damping that the solver may read.", metavar="G")] = None,
    steps: Annotated[int | None, typer.Option(help="Bound what is left after N steps instead.", metavar="N")] = None,
    measure: Annotated[Measure | None, typer.Option(help="What is bounded after N steps; default: value.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the certificate to this file.", metavar="FILE")] = None,
    seconds: Annotated[float, typer.Option(help="After which the search is given up.", metavar="S")] = 60.0,
    html: HtmlPage = None,
) -> int:
    """Certify how fast a solver converges: a Solver, or a function (objective, h) -> next h.

    Without --rate the smallest rate that can be shown. Phi is the energy together with its proximal term, so that mu is
    that of the energy plus 1/gamma. Exit status: 0 when it is certified; 1 when it is refuted or not decided; 2 for a
    usage error.
    """
    m, M = _number("--mu", mu), _number("--lipschitz", lipschitz)
    claimed = None if rate is None else _number("--rate", rate)
    damping = None if gamma is None else _number("--gamma", gamma)
    if steps is None and measure is not None:
        raise UsageError("--measure says what is bounded after --steps N, which is missing")
    if steps is not None and claimed is not None:
        raise UsageError("--rate and --steps exclude each other")
    if steps is not None and html is not None:
        raise UsageError("--html shows a rate; leave out --steps, or --html")
    outputs = Outputs({"--out": out})
    require_page(html)
    target = load_target(solver)
    # Only now: these load torch.
    from eqt_theory.evidence.rate.bound_after import bound_after
    from eqt_theory.evidence.rate.certify_class import certify_rate
    from eqt_theory.testing.solver_battery import as_solver

    made = as_solver(target)
    begin_page(html, "rate.html")
    with following("certifying"):
        if steps is None:
            finding = certify_rate(made, m, M, claimed, gamma=1 if damping is None else damping, seconds=seconds)
        else:
            within = math.inf if damping is None else damping
            chosen = str(measure or Measure.VALUE)
            finding = bound_after(made, steps, m, M, measure=chosen, gamma=within, seconds=seconds)
    say(str(finding))
    for name, value in finding.enclosures.items():
        say(f"  {name} = {float(value):.17g}  ({str(value) if len(str(value)) < 60 else 'exact in the certificate'})")
    if finding.note:
        say(f"  note: {finding.note}")
    certificate = finding.certificate
    if certificate is not None:
        say(f"  checked by the kernel: {certificate.shows}")
        outputs.attempt("--out", lambda: None if out is None else certificate.save(out))
    elif out is not None:
        say(f"  {out} was not written, as there is no certificate")
    if html is not None:
        options = [f"--mu {mu}", f"--lipschitz {lipschitz}"]
        options += [f"--{name} {value}" for name, value in (("rate", rate), ("gamma", gamma)) if value is not None]
        again = [f"eqt-theory certify {solver} {' '.join(options)}"]
        say(f"  page: {_page(finding, made, m, M, 1 if damping is None else damping, again, html)}")
    for problem in outputs.problems:
        say(problem)
    return 0 if finding.verdict == "CERTIFIED" and not outputs.problems else 1


def _page(
    finding: Finding, solver: Any, m: Fraction, M: Fraction, gamma: Fraction | int, again: list[str], html: Path
) -> Path:
    """Write the page of a rate, with the rates of the same solver on other classes."""
    from eqt_theory.evidence.rate.curve import rates_by_condition
    from eqt_theory.evidence.rate.trace import trace
    from eqt_theory.report.html import write_page
    from eqt_theory.report.html.rate import rate_page
    from eqt_theory.testing.naming import solver_name

    try:
        recurrence = trace(solver, Fraction(gamma))
    except UsageError:
        recurrence = None
    curve = rates_by_condition(solver, m, M, gamma=gamma) if recurrence is not None and m > 0 else None
    page = rate_page(finding, recurrence, f"The rate of {solver_name(solver)}", curve=curve, again=again)
    return write_page(page, html)


def _number(option: str, text: str) -> Fraction:
    """The exact number of a text such as 0.1, 1e-3 or 9/11.

    Raises:
        UsageError: it is none.
    """
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"{option} must be a finite number such as 0.1 or 9/11, got {text!r}") from None
