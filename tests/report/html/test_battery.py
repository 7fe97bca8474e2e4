"""The page of a battery: every check with its outcome, the failing case with its numbers, texts escaped."""

import re

import pytest
import torch
from report.html.browser import complaints, needs_browser
from sample_findings import proved, refuted, supported, unknown

from eqt_theory.core.errors import UsageError
from eqt_theory.report.html import write_page
from eqt_theory.report.html.battery import battery_page
from eqt_theory.testing import check_energy, check_solver
from eqt_theory.testing.report import Outcome, Report, Result

HOSTILE = '<script>document.title = "stolen"</script>'


def of(*reports, **options):
    return battery_page(reports, file="solver.html", name="Solver checks", **options)


@pytest.fixture(scope="module")
def wrong() -> Report:
    return check_solver(lambda objective, h: h - 0.1 * objective.gradient(h) + 0.01, on_fail=None, max_examples=1)


def test_every_check_is_in_the_table_with_its_outcome(wrong, tmp_path):
    page = write_page(of(wrong), tmp_path).read_text("utf-8")
    badges = re.findall(r'<tr><th scope="row">([^<]*)</th><td data-label="Outcome"><span class="badge (\w+)">', page)
    words = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.NOT_APPLICABLE: "skipped"}
    assert badges == [(r.finding.check.replace("_", " "), words[r.outcome]) for r in wrong.results]
    assert {"passed", "failed", "skipped"} == {word for _, word in badges}
    assert wrong.notes[0][1:60] in page


def test_a_failing_case_is_shown_with_its_numbers_and_where_it_fails(wrong, tmp_path):
    page = write_page(of(wrong), tmp_path).read_text("utf-8")
    assert page.count('<details class="finding refuted"') == len(wrong.failed) > 3
    assert page.count("Put back by other code") == len(wrong.failed)
    assert "<dt>problem</dt><dd>quadratic Phi, curvature" in page
    assert '<tr class="fails">' in page and '<tr class="holds">' in page


def test_expected_failures_and_unexpected_passes_are_named(tmp_path):
    results = (
        Result(refuted(), Outcome.EXPECTED_FAILURE, "known"),
        Result(supported(), Outcome.UNEXPECTED_PASS, "thought so"),
    )
    page = write_page(of(Report("mine", results)), tmp_path).read_text("utf-8")
    assert '<span class="badge expected">expected</span>' in page and "expected (known): x = 1 breaks it" in page
    assert '<span class="badge failed">failed</span>' in page and "was expected to fail (thought so)" in page
    assert Outcome.EXPECTED_FAILURE.value in page


def test_several_reports_have_an_overview_that_leads_to_each(tmp_path):
    reports = [Report(name, (Result(proved(), Outcome.PASSED),)) for name in ("first", "second")]
    page = write_page(of(*reports, again=["eqt-theory check-solver a:b"]), tmp_path).read_text("utf-8")
    assert [f'<a href="#report-{i}">{r.subject}</a>' in page for i, r in enumerate(reports, 1)] == [True, True]
    assert len(re.findall(r'<h2 id="report-\d">', page)) == 2
    assert '<pre tabindex="0">eqt-theory check-solver a:b</pre>' in page


def test_texts_of_users_are_escaped(tmp_path):
    from dataclasses import replace

    bad = replace(refuted(), detail=HOSTILE, witness={HOSTILE: HOSTILE}, check=HOSTILE)
    report = Report(HOSTILE, (Result(bad, Outcome.FAILED), Result(unknown(), Outcome.NOT_APPLICABLE)), (HOSTILE,))
    page = write_page(of(report, about=HOSTILE, again=[HOSTILE]), tmp_path).read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page


def test_a_page_is_written_to_a_file_or_into_a_folder(tmp_path):
    page = of(Report("mine", ()))
    assert write_page(page, tmp_path / "a.html") == tmp_path / "a.html"
    assert write_page(page, tmp_path / "folder") == tmp_path / "folder" / "solver.html"
    assert "<nav" not in (tmp_path / "a.html").read_text("utf-8"), "alone, it leads nowhere"
    (tmp_path / "taken").write_text("")
    for path in (tmp_path / "taken", tmp_path / "absent" / "a.html"):
        with pytest.raises(UsageError, match="needs a folder"):
            write_page(page, path)


@needs_browser
def test_the_page_is_quiet_in_a_browser(wrong, tmp_path):
    energy = check_energy(lambda h: h.square().sum(-1) + torch.rand(()), 2, on_fail=None, samples=8)
    assert energy.failed
    assert complaints(write_page(of(wrong, energy), tmp_path).as_uri()) == []
