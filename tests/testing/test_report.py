import pytest

from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.testing.report import CheckFailed, Outcome, Report, Result


def _good(name: str) -> Finding:
    return Finding(Verdict.SUPPORTED, Method.PROPERTY, "no violation", check=name, examples=3)


def _bad(name: str) -> Finding:
    replay = Replay(Arithmetic.FLOAT, (), (ReplayLine("|h - h*| <= 1e-12", False, "0.5"),))
    return Finding(
        Verdict.REFUTED, Method.PROPERTY, "fails at d = 1", check=name, witness={"d": 1}, replay=replay, examples=2
    )


def _absent(name: str) -> Finding:
    return inconclusive(Method.PROPERTY, "does not apply: no promise", check=name)


def test_a_report_counts_and_shows_what_ran():
    report = Report(
        "mine",
        (
            Result(_good("a"), Outcome.PASSED),
            Result(_bad("b"), Outcome.FAILED),
            Result(_bad("c"), Outcome.EXPECTED_FAILURE, "known"),
            Result(_good("d"), Outcome.UNEXPECTED_PASS, "was known"),
            Result(_absent("e"), Outcome.NOT_APPLICABLE),
        ),
        ("on quadratics",),
    )
    assert [finding.check for finding in report] == ["a", "b", "c", "d"]
    assert [finding.check for finding in report.failed] == ["b", "d"]
    assert [finding.check for finding in report.skipped] == ["c", "e"]
    assert not report.passed
    assert report.summary == "mine: 4 checks ran, 1 passed, 2 failed, 1 failed as expected; 1 did not apply"
    table = str(report)
    assert table.splitlines()[0] == report.summary
    assert "on quadratics" in table
    assert "expected (known): fails at d = 1" in table
    assert "was expected to fail (was known)" in table
    assert report["e"].detail == "does not apply: no promise"
    with pytest.raises(KeyError):
        report["nonsense"]
    error = CheckFailed(report)
    assert error.finding.check == "b" and error.report is report
    assert "    d = 1" in str(error) and "fails: |h - h*| <= 1e-12 (0.5)" in str(error)
    assert "e" not in [line.split(":")[0] for line in str(error).splitlines()]


def test_nothing_tried_is_no_pass():
    empty = Report("mine", (Result(_absent("e"), Outcome.NOT_APPLICABLE),))
    assert not empty.passed and len(empty) == 0 and bool(empty)
    assert Report("mine", (Result(_good("a"), Outcome.PASSED),)).passed
    expected = Report("mine", (Result(_bad("a"), Outcome.EXPECTED_FAILURE, "known"),))
    assert expected.passed and not expected.failed
