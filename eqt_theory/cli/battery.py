"""How `check-solver`, `check-energy` and `check-operator` end."""

from pathlib import Path
from typing import TYPE_CHECKING

from eqt_theory.cli.console import say

if TYPE_CHECKING:
    from eqt_theory.testing.report import Report


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
