"""parametrize_operators: one pytest test per map and check of `check_operator`."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.testing.as_test import tell_pytest
from eqt_theory.testing.battery import name_of, require_arguments, run_battery
from eqt_theory.testing.operator_battery import OPERATOR_CHECKS, AnyOperator, operator_bench, operator_name
from eqt_theory.testing.operator_bench import OperatorBench


class OperatorCheck:
    """One check, to be called in a test with the map to be checked.

    Calling it raises CheckFailed where the check fails, skips the test where it does not apply, and marks it as an
    expected failure where it fails as announced.
    """

    def __init__(
        self,
        function: Callable[[OperatorBench], Finding],
        dim: int,
        options: Mapping[str, Any],
        expected: Mapping[str, str],
    ) -> None:
        self.function, self.dim, self.options, self.expected = function, dim, dict(options), dict(expected)

    @property
    def name(self) -> str:
        """The name of the check."""
        return name_of(self.function)

    def __repr__(self) -> str:
        return self.name

    def __call__(self, operator: AnyOperator) -> None:
        __tracebackhide__ = True
        reason = self.expected.get(self.name)
        bench, note = operator_bench(operator, self.dim, **self.options)
        with standard_torch():
            report = run_battery(
                operator_name(operator),
                [self.function],
                bench,
                on_fail=None,
                expected_failures={} if reason is None else {self.name: reason},
                notes=(note,),
            )
        tell_pytest(report)


def parametrize_operators(
    operators: Iterable[AnyOperator],
    dim: int,
    *,
    expected_failures: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    """A pytest decorator for a test of arguments `operator` and `check`, which calls `check(operator)`.

        @parametrize_operators([layer, FixedPoint(step, 3)], dim=3)
        def test_maps(operator, check):
            check(operator)

    Args:
        operators: FixedPoints, Inclusions, functions or matrices.
        dim: the state dimension d of all of them.
        expected_failures: `{check name: reason}` for all of them.
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
    expected = dict(expected_failures or {})
    require_arguments(OPERATOR_CHECKS, "raise", expected)
    names, cases = [operator_name(operator) for operator in made], []
    for position, (operator, name) in enumerate(zip(made, names, strict=True)):
        operator_bench(operator, dim, **options)  # bad arguments are told at collection
        label = f"{name}#{names[:position].count(name) + 1}" if names.count(name) > 1 else name
        for function in OPERATOR_CHECKS:
            check = OperatorCheck(function, dim, options, expected)
            cases.append(pytest.param(operator, check, id=f"{label}-{check.name}"))
    return pytest.mark.parametrize(("operator", "check"), cases)
