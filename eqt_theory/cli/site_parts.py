"""What a site shows beside the judgements: the checks of solvers, and the diagnosis of a checkpoint."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from eqt_theory.cli.diagnose import examine, load_model, page_of
from eqt_theory.cli.target import load_target
from eqt_theory.core.claim import Run
from eqt_theory.core.errors import UsageError

_CASES = 3
"""Cases per check: the page shows that the solvers pass and what is checked; the suite tries more."""


@dataclass
class Parts:
    """What was asked for, loaded before the run so that a mistake is said at once.

    Args:
        own: whether to check this package's own solvers.
        solvers: `{MODULE:ATTR: object}` to check besides.
        checkpoint: the folder of the checkpoint, or None.
        model: its model.
    """

    own: bool = False
    solvers: dict[str, object] = field(default_factory=dict)
    checkpoint: Path | None = None
    model: Any = None


def load_parts(html: Path | None, *, own: bool, solvers: Sequence[str], checkpoint: Path | None) -> Parts:
    """Load what the site is to show.

    Args:
        html: the site's folder; None: no site is written.
        own: whether to check this package's own solvers, where a site is written.
        solvers: of the form MODULE:ATTR.
        checkpoint: a folder.

    Returns:
        The parts.

    Raises:
        UsageError: something is asked for and no site is written; a solver or a checkpoint cannot be loaded.
    """
    for option, given in (("--solver", solvers), ("--checkpoint", checkpoint)):
        if given and html is None:
            raise UsageError(f"{option} is for the site; add --html DIR")
    if html is None:
        return Parts()
    found: dict[str, object] = {}
    for name in solvers:
        from eqt_theory.testing.solver_battery import as_solver

        found[name] = load_target(name)
        as_solver(found[name])
    return Parts(own, found, checkpoint, None if checkpoint is None else load_model(checkpoint))


def make_pages(parts: Parts, run: Run, console: Console) -> tuple[list[Any], list[str]]:
    """Check the solvers and diagnose the checkpoint, with a line for each on the console.

    Args:
        parts: what to show.
        run: the seed and the device.
        console: where progress goes.

    Returns:
        The pages, and a sentence for each solver that failed.
    """
    pages: list[Any] = []
    problems: list[str] = []
    if parts.own or parts.solvers:
        page, problems = _solvers(parts, run, console)
        pages.append(page)
    if parts.checkpoint is not None:
        console.print(Text(f"diagnosis of {parts.checkpoint}"), soft_wrap=True)
        pages.append(page_of(examine(parts.checkpoint, parts.model, seed=run.seed)))
    return pages, problems


def _solvers(parts: Parts, run: Run, console: Console) -> tuple[Any, list[str]]:
    from eqt_theory.report.html.battery import battery_page
    from eqt_theory.testing import check_solver

    reports = []
    for solver in (*(own_solvers() if parts.own else ()), *parts.solvers.values()):
        report = check_solver(solver, on_fail=None, seed=run.seed, max_examples=_CASES, device=run.device)  # type: ignore[arg-type]
        console.print(Text(report.summary), soft_wrap=True)
        reports.append(report)
    again = [f"eqt-theory check-solver {shlex.quote(name)} --examples 50" for name in parts.solvers]
    about = f"{_CASES} cases per check at most, seed {run.seed}, {run.device}."
    page = battery_page(reports, file="solvers.html", name="Solver checks", about=about, again=again)
    return page, [f"{r.subject} fails {', '.join(f.check for f in r.failed)}" for r in reports if not r.passed]


def own_solvers() -> tuple[Any, ...]:
    """One of each kind of solver of this package that minimises; one that is sublinear alone has no place here."""
    from eqt_theory.solvers.anderson import Anderson
    from eqt_theory.solvers.backtracking import BacktrackingGradientDescent
    from eqt_theory.solvers.chebyshev import Chebyshev
    from eqt_theory.solvers.conjugate_gradients import ConjugateGradients
    from eqt_theory.solvers.fista import FISTA
    from eqt_theory.solvers.gradient_descent import GradientDescent
    from eqt_theory.solvers.heavy_ball import HeavyBall
    from eqt_theory.solvers.item import ITEM
    from eqt_theory.solvers.lookahead import Lookahead
    from eqt_theory.solvers.nesterov import Nesterov
    from eqt_theory.solvers.newton import Newton
    from eqt_theory.solvers.newton_cg import NewtonCG
    from eqt_theory.solvers.ogm import OGM
    from eqt_theory.solvers.proximal_gradient import ProximalGradient
    from eqt_theory.solvers.proximal_point import ProximalPoint
    from eqt_theory.solvers.scheduled import ScheduledGradientDescent
    from eqt_theory.solvers.scipy_lbfgs import ScipyLBFGS
    from eqt_theory.solvers.triple_momentum import TripleMomentum

    return (
        GradientDescent(0.1),
        BacktrackingGradientDescent(),
        ScheduledGradientDescent([0.1, 0.2]),
        ProximalGradient(0.3),
        HeavyBall(0.2, 0.25),
        Nesterov(0.1, 0.5),
        TripleMomentum.optimal(1.0, 10.0),
        ITEM.optimal(1.0, 10.0),
        Lookahead(0.1, 3, 0.5),
        Chebyshev(1.0, 10.0),
        FISTA(0.1),
        OGM(0.1),
        ConjugateGradients(),
        Anderson(0.3),
        Newton(),
        NewtonCG(),
        ProximalPoint(2.0),
        ScipyLBFGS(),
    )
