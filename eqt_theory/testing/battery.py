"""The runner of a battery: named checks -> Findings -> Report. It knows neither solvers nor energies."""

import dataclasses
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from eqt_theory.core.budget import OverBudget, budget, stage
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.testing.limits import Limits
from eqt_theory.testing.report import BAD, STEPS, TOLD, Outcome, Report, Result

Bench = TypeVar("Bench")

OnFail = Literal["raise"] | None
"""What a battery does about failures: raise CheckFailed, or only report them."""

_RAISED = "the check raised "
_WHERE = re.compile(r"^(in the batch: |in solve: |step \d+: |raised )*")


class NotApplicable(Exception):
    """Raised by a check that has nothing to say about this object; the message says why."""


def name_of(check: Callable[..., Finding]) -> str:
    """The name of a check: that of its function."""
    return check.__name__


def says(check: Callable[..., Finding]) -> str:
    """What a check holds an object to: the first line of its docstring."""
    return (check.__doc__ or "").strip().split("\n")[0]


def run_battery(
    subject: str,
    checks: Sequence[Callable[[Bench], Finding]],
    bench: Bench,
    *,
    on_fail: OnFail = "raise",
    expected_failures: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    fail_fast: bool = False,
    limits: Limits | None = None,
) -> Report:
    """Run every check on the bench, one after the other; a failure stops the others only where that is asked for.

    A check passes with a finding that is PROVED, CERTIFIED or SUPPORTED. REFUTED and INCONCLUSIVE fail, and so does a
    check that raises anything but NotApplicable.

    Args:
        subject: what is checked, in a few words.
        checks: functions of the bench that return one Finding each; the function's name is the check's.
        bench: the object under check, with whatever the checks need to try it.
        on_fail: "raise" raises CheckFailed at the end where a check failed; None only reports.
        expected_failures: `{check name: reason}`. Such a check must fail: its failure is reported as skipped, and its
            success as a failure.
        notes: lines for the report.
        fail_fast: whether to stop at the first failure.
        limits: of the bench, told which check begins; once their seconds are over, the rest does not run.

    Returns:
        The Report.

    Raises:
        UsageError: on_fail is neither "raise" nor None, or expected_failures names no check or gives no reason.
        CheckFailed: a check failed and on_fail is "raise".
    """
    __tracebackhide__ = True
    require_arguments(checks, on_fail, expected_failures or {})
    expected, limits = dict(expected_failures or {}), limits or Limits()
    results: list[Result] = []
    errors: dict[str, str] = {}  # what was raised, by the check that tells it
    for check in checks:
        if limits.expired:
            reason = f"{sum(r.outcome is not Outcome.UNFINISHED for r in results)} of {len(checks)} checks had run"
            results.append(_unfinished(check, f"the {limits.seconds:g} seconds were over when {reason}"))
        elif fail_fast and results and any(result.outcome in BAD for result in results):
            results.append(_unfinished(check, "fail_fast: an earlier check failed"))
        else:
            limits.begin(name_of(check))
            result = _within(limits, check, bench, expected.get(name_of(check)), f"{len(results) + 1} of {len(checks)}")
            if limits.expired and result.finding.verdict is not Verdict.REFUTED:
                reason = f"the {limits.seconds:g} seconds were over after {result.finding.examples} cases"
                result = _unfinished(check, reason, result.finding.examples)
            results.append(_once(result, errors))
    report = Report(subject, tuple(results), tuple(notes))
    return raised(report, on_fail)


@dataclasses.dataclass(frozen=True)
class Trial:
    """One object under check.

    Args:
        subject: what it is called.
        bench: the object, with whatever the checks need to try it.
        notes: lines for the report.
        limits: of the bench.
    """

    subject: str
    bench: Any
    notes: Sequence[str]
    limits: Limits

    def report(
        self,
        checks: Sequence[Callable[[Any], Finding]],
        expected_failures: Mapping[str, str] | None = None,
        fail_fast: bool = False,
    ) -> Report:
        """What `run_battery` finds on it, nothing raised; arguments as there."""
        return run_battery(
            self.subject,
            checks,
            self.bench,
            on_fail=None,
            expected_failures=expected_failures,
            notes=self.notes,
            fail_fast=fail_fast,
            limits=self.limits,
        )


def raised(report: Report, on_fail: OnFail) -> Report:
    """The report, unless a failure in it, or what is not done, is to be raised.

    Returns:
        The report itself.

    Raises:
        CheckFailed: there is one and on_fail is "raise".
    """
    __tracebackhide__ = True
    if on_fail == "raise" and (report.failed or report.unfinished):
        raise report.error
    return report


def require_arguments(
    checks: Sequence[Callable[..., Finding]], on_fail: object, expected_failures: Mapping[str, str]
) -> None:
    """Raise UsageError unless on_fail and expected_failures are usable with these checks."""
    if on_fail not in ("raise", None):
        raise UsageError(f'on_fail must be "raise" or None, got {on_fail!r}')
    names = [name_of(check) for check in checks]
    if not isinstance(expected_failures, Mapping):
        raise UsageError(f"expected_failures must be a dict of check names and reasons, got {expected_failures!r}")
    for name, reason in expected_failures.items():
        if name not in names:
            raise UsageError(f"expected_failures must name checks ({', '.join(names)}), got {name!r}")
        if not isinstance(reason, str) or not reason.strip():
            raise UsageError(f"expected_failures[{name!r}] must be the reason, a text, got {reason!r}")


def _unfinished(check: Callable[..., Finding], reason: str, examples: int = 0) -> Result:
    finding = inconclusive(Method.PROPERTY, f"not finished: {reason}", examples=examples)
    return Result(dataclasses.replace(finding, check=name_of(check)), Outcome.UNFINISHED)


def _within(
    limits: Limits, check: Callable[[Bench], Finding], bench: Bench, expected: str | None, which: str
) -> Result:
    """The result of a check, unless the seconds are over in the middle of it."""
    with budget(limits.left) as own:
        try:
            stage(f"{name_of(check)}, check {which}")
            return _result(check, bench, expected)
        except OverBudget as over:
            if over.budget is not own:
                raise
            return _unfinished(check, f"the {limits.seconds:g} seconds were over {own.doing}")


def _once(result: Result, errors: dict[str, str]) -> Result:
    """The result, unless its check met the error that an earlier one met: then it says which."""
    finding = result.finding
    lines = () if finding.replay is None else finding.replay.conclusions
    error = finding.detail.removeprefix(_RAISED) if finding.detail.startswith(_RAISED) else ""
    for line in lines:
        if line.text == STEPS and not line.holds:
            error = _WHERE.sub("", line.margin)
    if not error:
        return result
    first = errors.setdefault(error, finding.check)
    if first == finding.check:
        return result
    return dataclasses.replace(result, finding=dataclasses.replace(finding, detail=f"the same error, {TOLD}{first}"))


def _result(check: Callable[[Bench], Finding], bench: Bench, expected: str | None) -> Result:
    name, begin = name_of(check), time.perf_counter()
    try:
        finding = check(bench)
        outcome = Outcome.FAILED if finding.verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE) else Outcome.PASSED
    except NotApplicable as reason:
        finding, outcome = inconclusive(Method.PROPERTY, f"does not apply: {reason}"), Outcome.NOT_APPLICABLE
    except Exception as error:  # whatever user code raises is a failure of this check, not of the run
        text = f"{_RAISED}{type(error).__name__}: {error}"
        finding, outcome = inconclusive(Method.PROPERTY, text), Outcome.FAILED
    finding = dataclasses.replace(finding, check=name, seconds=time.perf_counter() - begin)
    if expected is None or outcome is Outcome.NOT_APPLICABLE:
        return Result(finding, outcome)
    turned = {Outcome.PASSED: Outcome.UNEXPECTED_PASS, Outcome.FAILED: Outcome.EXPECTED_FAILURE}
    return Result(finding, turned[outcome], expected)
