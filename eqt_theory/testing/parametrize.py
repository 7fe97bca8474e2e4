"""parametrize_with_checks: one pytest test per solver and check."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.solvers.base import Solver
from eqt_theory.testing.battery import check_arguments, check_name, run_battery
from eqt_theory.testing.bench import SolverBench
from eqt_theory.testing.naming import solver_name
from eqt_theory.testing.report import Outcome
from eqt_theory.testing.solver_battery import SOLVER_CHECKS, AnySolver, as_solver, check_budget, solver_bench


class _Shared:
    """The bench of one solver, made when the first of its tests runs and shared by all of them."""

    def __init__(self, solver: AnySolver, options: Mapping[str, Any]) -> None:
        self._solver, self._options = solver, options

    @cached_property
    def bench(self) -> SolverBench:
        return solver_bench(self._solver, **self._options)


class SolverCheck:
    """One check of one solver, to be called in a test.

    Calling it raises CheckFailed where the check fails, skips the test where it does not apply, and marks it as an
    expected failure where it fails as announced.
    """

    def __init__(self, function: Callable[[SolverBench], Any], shared: _Shared, expected: str | None) -> None:
        self.function, self._shared, self._expected = function, shared, expected

    @property
    def name(self) -> str:
        """The name of the check."""
        return check_name(self.function)

    def __repr__(self) -> str:
        return self.name

    def __call__(self, solver: AnySolver) -> None:
        import pytest

        expected = {} if self._expected is None else {self.name: self._expected}
        bench = self._shared.bench
        report = run_battery(solver_name(solver), [self.function], bench, expected_failures=expected, notes=bench.notes)
        (result,) = report.results
        if result.outcome is Outcome.NOT_APPLICABLE:
            pytest.skip(result.text)
        if result.outcome is Outcome.EXPECTED_FAILURE:
            pytest.xfail(result.text)


def parametrize_with_checks(
    solvers: Iterable[AnySolver],
    *,
    expected_failures: Callable[[AnySolver], Mapping[str, str]] | Mapping[str, str] | None = None,
    seed: int = 0,
    max_examples: int = 20,
) -> Any:
    """A pytest decorator for a test of arguments `solver` and `check`, which calls `check(solver)`.

        @parametrize_with_checks([my_solver, GradientDescent(0.1)])
        def test_solvers(solver, check):
            check(solver)

    Each solver and check is a test of its own, such as `test_solvers[my_solver-right_fixed_point]`.

    Args:
        solvers: Solvers or functions (objective, h) -> h.
        expected_failures: `{check name: reason}` for all of them, or a function of the solver that gives one.
        seed: of everything random.
        max_examples: cases per check at most.

    Returns:
        The decorator.

    Raises:
        UsageError: no solvers, something that is none, a seed or number of cases that is none, or a name in
            expected_failures that is no check.
    """
    import pytest

    if isinstance(solvers, Solver) or not isinstance(solvers, Iterable):
        raise UsageError(f"solvers must be a list of solvers, got {solvers!r}; put a single one in brackets")
    solvers = list(solvers)
    if not solvers:
        raise UsageError("solvers must hold at least one solver, got none")
    check_budget(seed=seed, max_examples=max_examples)
    names = [solver_name(solver) for solver in solvers]
    cases = []
    for position, (solver, name) in enumerate(zip(solvers, names, strict=True)):
        as_solver(solver)
        label = f"{name}#{names[:position].count(name) + 1}" if names.count(name) > 1 else name
        expected = expected_failures(solver) if callable(expected_failures) else (expected_failures or {})
        check_arguments(SOLVER_CHECKS, "raise", expected)
        shared = _Shared(solver, {"seed": seed, "max_examples": max_examples})
        for function in SOLVER_CHECKS:
            check = SolverCheck(function, shared, expected.get(check_name(function)))
            cases.append(pytest.param(solver, check, id=f"{label}-{check.name}"))
    return pytest.mark.parametrize(("solver", "check"), cases)
