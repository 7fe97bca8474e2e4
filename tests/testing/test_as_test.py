"""What a report of one check is to pytest; the tests of the decorators show it in whole suites."""

import pytest

from eqt_theory.core.finding import inconclusive
from eqt_theory.core.verdict import Method
from eqt_theory.testing import CheckFailed
from eqt_theory.testing.as_test import tell_pytest
from eqt_theory.testing.report import Outcome, Report, Result


@pytest.mark.parametrize(
    ("outcome", "raised"),
    [
        (Outcome.PASSED, None),
        (Outcome.FAILED, CheckFailed),
        (Outcome.UNEXPECTED_PASS, CheckFailed),
        (Outcome.UNFINISHED, CheckFailed),
        (Outcome.NOT_APPLICABLE, pytest.skip.Exception),
        (Outcome.EXPECTED_FAILURE, pytest.xfail.Exception),
    ],
)
def test_each_outcome_is_told_with_its_reason(outcome: Outcome, raised: type[BaseException] | None):
    report = Report("a map", (Result(inconclusive(Method.PROPERTY, "the reason", check="a_check"), outcome, "known"),))
    if raised is None:
        tell_pytest(report)
        return
    with pytest.raises(raised, match="the reason"):
        tell_pytest(report)
