"""The page of a battery of checks: what became of each, and the smallest failing case of those that fail."""

from collections.abc import Sequence
from typing import Any

from eqt_theory.report.html.pages import Page
from eqt_theory.testing.report import Outcome, Report

_WORD = {
    Outcome.PASSED: "passed",
    Outcome.FAILED: "failed",
    Outcome.EXPECTED_FAILURE: "expected",
    Outcome.UNEXPECTED_PASS: "failed",
    Outcome.NOT_APPLICABLE: "skipped",
}


def battery_page(
    reports: Sequence[Report], *, file: str, name: str, about: str = "", again: Sequence[str] = ()
) -> Page:
    """A page for the reports of batteries.

    Args:
        reports: at least one.
        file: the page's name in a site.
        name: a word or two, its heading and its place in the navigation.
        about: a sentence on how the checks were run.
        again: commands that run them again.

    Returns:
        The page.
    """
    shown = [_shown(report, number) for number, report in enumerate(reports, start=1)]
    words = {_WORD[result.outcome]: result.outcome.value for report in reports for result in report.results}
    values = {"reports": shown, "about": about, "commands": list(again), "outcomes": words}
    return Page(file, name, "battery.html.j2", values)


def _shown(report: Report, number: int) -> dict[str, Any]:
    return {
        "id": f"report-{number}",
        "subject": report.subject,
        "summary": report.summary.removeprefix(f"{report.subject}: "),
        "passed": report.passed,
        "notes": report.notes,
        "results": [
            {"word": _WORD[result.outcome], "text": result.text, "finding": result.finding} for result in report.results
        ],
        "failed": report.failed,
    }
