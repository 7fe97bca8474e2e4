"""parametrize_operators: one pytest test per map and check of `check_operator`."""

from collections.abc import Iterable, Mapping
from typing import Any

from eqt_theory.testing.operator_battery import OPERATOR_CHECKS, AnyOperator, operator_bench, operator_name
from eqt_theory.testing.state_parametrize import StatesShared, parametrised


class OperatorsShared(StatesShared):
    """The battery of maps."""

    kind, plural, checks = "operator", "operators", OPERATOR_CHECKS
    bench, name = staticmethod(operator_bench), staticmethod(operator_name)


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
    return parametrised(OperatorsShared, operators, dim, options, expected_failures, fail_fast, seconds)
