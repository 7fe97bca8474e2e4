import pytest

from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.testing.battery import NotApplicable, run_battery, says
from eqt_theory.testing.report import CheckFailed, Outcome


def is_even(bench: int) -> Finding:
    """The number is even.

    More words.
    """
    if bench % 2 == 0:
        return Finding(Verdict.SUPPORTED, Method.PROPERTY, "it is", examples=1)
    replay = Replay(Arithmetic.FLOAT, (), (ReplayLine("n is even", False, f"n = {bench}"),))
    return Finding(Verdict.REFUTED, Method.PROPERTY, "it is not", witness={"n": bench}, replay=replay)


def can_tell(bench: int) -> Finding:
    """It can be told."""
    return inconclusive(Method.PROPERTY, "too large") if bench > 10 else is_even(2)


def divides_ten(bench: int) -> Finding:
    """Ten divided by it is a number."""
    return is_even(2 * (10 // bench))


def is_prime(bench: int) -> Finding:
    """Only for numbers above 1."""
    if bench < 2:
        raise NotApplicable("below 2")
    return is_even(2)


CHECKS = (is_even, can_tell, divides_ten, is_prime)


def test_a_battery_runs_every_check():
    report = run_battery("2", CHECKS, 2)
    assert report.passed and len(report) == 4 and report.summary == "2: 4 checks ran, 4 passed, 0 failed"
    assert [finding.check for finding in report] == [check.__name__ for check in CHECKS]
    assert all(finding.seconds > 0 for finding in report)
    assert says(is_even) == "The number is even."


def test_a_fault_an_unknown_and_an_error_all_fail():
    report = run_battery("13", CHECKS, 13, on_fail=None)
    assert [finding.check for finding in report.failed] == ["is_even", "can_tell"]
    report = run_battery("0", CHECKS, 0, on_fail=None)
    assert [finding.check for finding in report.failed] == ["divides_ten"]
    assert "raised ZeroDivisionError" in report["divides_ten"].detail
    assert [finding.check for finding in report.skipped] == ["is_prime"]
    with pytest.raises(CheckFailed, match="n = 13") as caught:
        run_battery("13", CHECKS, 13)
    assert caught.value.finding.witness == {"n": 13}


def test_what_several_checks_raise_is_told_by_the_first_of_them():
    def divides_again(bench: int) -> Finding:
        return divides_ten(bench)

    def has_no_inverse(bench: int) -> Finding:
        raise KeyError(bench)

    report = run_battery("0", (divides_ten, divides_again, has_no_inverse), 0, on_fail=None)
    assert [finding.check for finding in report.failed] == ["divides_ten", "divides_again", "has_no_inverse"]
    assert report["divides_again"].detail == "the same error, as told at divides_ten"
    assert report.explain().count("ZeroDivisionError") == 1 and "KeyError: 0" in report["has_no_inverse"].detail


def test_expected_failures_are_strict():
    report = run_battery("3", CHECKS, 3, expected_failures={"is_even": "odd"})
    assert report.passed and [finding.check for finding in report.skipped] == ["is_even"]
    with pytest.raises(CheckFailed, match=r"was expected to fail \(odd\)"):
        run_battery("2", CHECKS, 2, expected_failures={"is_even": "odd"})
    report = run_battery("0", CHECKS, 0, on_fail=None, expected_failures={"is_prime": "too small"})
    assert report.results[3].outcome is Outcome.NOT_APPLICABLE


def test_bad_arguments():
    with pytest.raises(ValueError, match="must name checks"):
        run_battery("2", CHECKS, 2, expected_failures={"is_evn": "odd"})
    with pytest.raises(ValueError, match="must be the reason"):
        run_battery("2", CHECKS, 2, expected_failures={"is_even": " "})
    with pytest.raises(ValueError, match='on_fail must be "raise" or None'):
        run_battery("2", CHECKS, 2, on_fail="warn")  # type: ignore[arg-type]
