"""What a report of one check is to pytest."""

from eqt_theory.testing.report import Outcome, Report


def tell_pytest(report: Report) -> None:
    """Raise what makes the running test end as the report's one result did; return where it passed.

    Args:
        report: of one check.

    Raises:
        CheckFailed: it failed.
    """
    __tracebackhide__ = True
    import pytest  # the extra `test`; who calls this has it

    (result,) = report.results
    if result.outcome is Outcome.NOT_APPLICABLE:
        pytest.skip(result.text)  # the reason that the check gives, as that no CUDA device is there
    if result.outcome is Outcome.EXPECTED_FAILURE:
        pytest.xfail(result.text)  # it did fail, as was announced, with the reason that was announced
    if not report.passed:
        raise report.error
