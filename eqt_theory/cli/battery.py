"""What `check-solver`, `check-energy` and `check-operator` share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eqt_theory.cli.console import say
from eqt_theory.cli.options import MANY, require_number, require_page, require_seed
from eqt_theory.cli.progress import following
from eqt_theory.cli.target import load_target
from eqt_theory.cli.unfinished import begin_page

if TYPE_CHECKING:
    from eqt_theory.testing.report import Report

_LARGE = 4096
"""The checks form Hessians or Jacobians, d x d for each of their states."""


def on_states(
    kind: str,
    named: str,
    battery: Callable[[], Callable[..., "Report"]],
    *,
    dim: int,
    seed: int,
    samples: int,
    accuracy: float | None,
    expect: list[str] | None,
    html: Path | None,
    **limits: Any,
) -> int:
    """Run a battery that tries somebody's thing at states.

    Args:
        kind: "energy" or "operator".
        named: MODULE:ATTR.
        battery: loads the checks, and with them torch; called once the arguments are seen to be usable.
        dim: d, the dimension of the states.
        seed: of everything random.
        samples: states tried by each check.
        accuracy: of derivatives by design.
        expect: checks that are known to fail, `check=reason`.
        html: the folder of the page, or None.
        limits: further arguments of the battery.

    Returns:
        The exit status.
    """
    require_seed(seed)
    require_number("--dim", dim, 1, _LARGE)
    require_number("--samples", samples, 1, MANY)
    require_page(html)
    target, checks = load_target(named), battery()
    from eqt_theory.testing.options import expected_failures  # loads torch

    begin_page(html, f"{kind}.html")
    with following("checking"):
        report = checks(
            target,
            dim,
            on_fail=None,
            seed=seed,
            samples=samples,
            accuracy=accuracy or 0.0,
            expected_failures=expected_failures(expect or ()),
            **limits,
        )
    about = f"{samples} states per check, dimension {dim}, seed {seed}."
    again = f"eqt-theory check-{kind} {named} --dim {dim} --samples {samples} --seed {seed}"
    return conclude(report, html, kind, about, again)


def conclude(report: "Report", html: Path | None, kind: str, about: str, again: str) -> int:
    """Print a report, and write its page.

    Args:
        report: of the battery.
        html: the folder of the page, or None.
        kind: "solver", "energy" or "operator".
        about: what was tried, a sentence.
        again: the command that checks it again.

    Returns:
        The exit status.
    """
    say(str(report))
    if not report.passed:
        say("\n" + report.explain())
    if html is not None:
        from eqt_theory.report.html import battery, write_page  # Jinja2 is slow to load and seldom needed

        name = f"{kind.capitalize()} checks"
        page = battery.battery_page([report], file=f"{kind}.html", name=name, about=about, again=[again])
        say(f"\npage: {write_page(page, html)}")
    return 0 if report.passed else 1
