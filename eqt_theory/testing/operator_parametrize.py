"""parametrize_operators: one pytest test per map and check of `check_operator`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.testing.as_test import tell_pytest
from eqt_theory.testing.battery import name_of, require_arguments, run_battery
from eqt_theory.testing.limits import Limits
from eqt_theory.testing.operator_battery import OPERATOR_CHECKS, AnyOperator, operator_bench, operator_name
from eqt_theory.testing.operator_bench import OperatorBench


class OperatorsShared:
    """What the tests of one decorator share: how to check.

    Args:
        dim: the state dimension.
        options: as of `operator_bench`.
        expected: `{check name: reason}`.
        fail_fast: whether to skip what is left of a map once a check of it has failed.
        seconds: for each test; None is no limit.
        operators: all of them, on which options are tried.
    """

    checks = OPERATOR_CHECKS

    def __init__(
        self,
        dim: int,
        options: Mapping[str, Any],
        expected: Mapping[str, str] | None = None,
        fail_fast: bool = False,
        seconds: float | None = None,
        operators: Sequence[AnyOperator] = (),
    ) -> None:
        self.dim, self.options, self.expected = dim, dict(options), dict(expected or {})
        self.fail_fast, self.seconds, self.operators = fail_fast, seconds, tuple(operators)
        self.failed: dict[int, str] = {}

    def try_options(self) -> None:
        """Raise UsageError unless all maps can be checked with these options."""
        Limits(seconds=self.seconds)
        for operator in self.operators:
            operator_bench(operator, self.dim, **self.options)


class OperatorCheck:
    """One check, to be called in a test with the map to be checked.

    Calling it raises CheckFailed where the check fails, skips the test where it does not apply, and marks it as an
    expected failure where it fails as announced.
    """

    def __init__(self, function: Callable[[OperatorBench], Finding], shared: OperatorsShared) -> None:
        self.function, self.shared = function, shared

    @property
    def name(self) -> str:
        """The name of the check."""
        return name_of(self.function)

    def __repr__(self) -> str:
        return self.name

    def __call__(self, operator: AnyOperator) -> None:
        __tracebackhide__ = True
        import pytest

        shared, key = self.shared, id(operator)
        if shared.fail_fast and key in shared.failed:
            pytest.skip(f"fail_fast: {shared.failed[key]} failed")  # as the option asks; that check's test did fail
        reason = shared.expected.get(self.name)
        bench, note = operator_bench(operator, shared.dim, **shared.options)
        with standard_torch():
            report = run_battery(
                operator_name(operator),
                [self.function],
                bench,
                on_fail=None,
                expected_failures={} if reason is None else {self.name: reason},
                notes=(note,),
                limits=Limits(seconds=shared.seconds),
            )
        if report.failed:  # and not where it does not apply
            shared.failed.setdefault(key, self.name)
        tell_pytest(report)


def parametrize_operators(
    operators: Iterable[AnyOperator],
    dim: int,
    *,
    expected_failures: Mapping[str, str] | None = None,
    fail_fast: bool = False,
    seconds: float | None = None,
    **options: Any,
) -> Any:
    """A pytest decorator for a test of arguments `operator` and `check`, which calls `check(operator)`.

        @parametrize_operators([layer, FixedPoint(step, 3)], dim=3)
        def test_maps(operator, check):
            check(operator)

    The options `--eqt-accuracy`, `--eqt-expect`, `--eqt-fail-fast`, `--eqt-examples` (states) and `--eqt-seed` of
    pytest go before these.

    Args:
        operators: FixedPoints, Inclusions, functions or matrices.
        dim: the state dimension d of all of them.
        expected_failures: `{check name: reason}` for all of them.
        fail_fast: whether to skip the checks that are left of a map once one has failed.
        seconds: for each test, as in `check_operator`.
        options: seed, samples, domain and accuracy, as of `check_operator`.

    Returns:
        The decorator.

    Raises:
        UsageError: no operators, one that cannot be checked, or a name in expected_failures that is no check.
    """
    import pytest

    made = list(operators)
    if not made:
        raise UsageError("operators must hold at least one operator, got none")
    require_arguments(OPERATOR_CHECKS, "raise", expected_failures or {})
    shared = OperatorsShared(dim, options, expected_failures, bool(fail_fast), seconds, made)
    shared.try_options()  # bad arguments are told at collection
    names, cases = [operator_name(operator) for operator in made], []
    for position, (operator, name) in enumerate(zip(made, names, strict=True)):
        label = f"{name}#{names[:position].count(name) + 1}" if names.count(name) > 1 else name
        for function in OPERATOR_CHECKS:
            cases.append(pytest.param(operator, OperatorCheck(function, shared), id=f"{label}-{name_of(function)}"))
    return pytest.mark.parametrize(("operator", "check"), cases)
