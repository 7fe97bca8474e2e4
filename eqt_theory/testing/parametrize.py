"""parametrize_with_checks: one pytest test per solver and check."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.solvers.base import Solver
from eqt_theory.testing.as_test import tell_pytest
from eqt_theory.testing.battery import name_of, require_arguments, run_battery
from eqt_theory.testing.bench import SolverBench
from eqt_theory.testing.limits import WORK, Limits
from eqt_theory.testing.naming import solver_name
from eqt_theory.testing.solver_battery import (
    SOLVER_CHECKS,
    AnySolver,
    as_solver,
    require_budget,
    require_relative_accuracy,
    solver_bench,
)

Expected = Callable[[AnySolver], Mapping[str, str]] | Mapping[str, str] | None
"""The failures to expect, or a function of the solver that gives them."""
Accuracy = Callable[[AnySolver], float | None] | float | None
"""The relative accuracy that the solvers reach, or a function of the solver that gives it."""


class Shared:
    """What the tests of one decorator share: how to check, and a bench for each solver, made at its first test.

    Args:
        options: as of `solver_bench`, without the accuracy.
        expected: the failures to expect.
        accuracy: that the solvers reach.
        fail_fast: whether to skip what is left of a solver once a check of it has failed.
    """

    def __init__(self, options: Mapping[str, Any], expected: Expected, accuracy: Accuracy, fail_fast: bool) -> None:
        self.options, self.expected, self.accuracy, self.fail_fast = dict(options), expected, accuracy, fail_fast
        self.failed: dict[int, str] = {}
        # By identity, together with the solver, so that no other can take its place.
        self._benches: dict[int, tuple[AnySolver, SolverBench]] = {}

    def bench(self, solver: AnySolver) -> SolverBench:
        """The bench of a solver."""
        if id(solver) not in self._benches:
            accuracy = self.accuracy(solver) if callable(self.accuracy) else self.accuracy
            self._benches[id(solver)] = solver, solver_bench(solver, accuracy=accuracy, **self.options)
        # What another test has told is not seen in this one.
        limits = Limits(self.options["max_work"], self.options["seconds"])
        return dataclasses.replace(self._benches[id(solver)][1], told={}, limits=limits)

    def expects(self, solver: AnySolver) -> Mapping[str, str]:
        """The failures to expect of a solver."""
        return self.expected(solver) if callable(self.expected) else (self.expected or {})


class SolverCheck:
    """One check, to be called in a test with the solver to be checked.

    Calling it raises CheckFailed where the check fails, skips the test where it does not apply, and marks it as an
    expected failure where it fails as announced.
    """

    def __init__(self, function: Callable[[SolverBench], Any], shared: Shared) -> None:
        self.function, self.shared = function, shared

    @property
    def name(self) -> str:
        """The name of the check."""
        return name_of(self.function)

    def __repr__(self) -> str:
        return self.name

    def __call__(self, solver: AnySolver) -> None:
        __tracebackhide__ = True
        import pytest

        shared, key = self.shared, id(solver)
        if shared.fail_fast and key in shared.failed:
            pytest.skip(f"fail_fast: {shared.failed[key]} failed")  # as the option asks; that check's test did fail
        reason = shared.expects(solver).get(self.name)
        with standard_torch():
            bench = shared.bench(solver)
            report = run_battery(
                solver_name(solver),
                [self.function],
                bench,
                on_fail=None,
                expected_failures={} if reason is None else {self.name: reason},
                notes=bench.notes,
                limits=bench.limits,
            )
        if report.failed:  # and not where it does not apply
            shared.failed.setdefault(key, self.name)
        tell_pytest(report)


def parametrize_with_checks(
    solvers: Iterable[AnySolver],
    *,
    expected_failures: Expected = None,
    accuracy: Accuracy = None,
    fail_fast: bool = False,
    seed: int = 0,
    max_examples: int = 20,
    max_shrinks: int = 200,
    max_work: int = WORK,
    seconds: float | None = None,
) -> Any:
    """A pytest decorator for a test of arguments `solver` and `check`, which calls `check(solver)`.

        @parametrize_with_checks([my_solver, GradientDescent(0.1)])
        def test_solvers(solver, check):
            check(solver)

    Each solver and check is a test of its own, such as `test_solvers[my_solver-right_fixed_point]`. The check is of
    the solver that it is called with: one that the test wraps or makes anew is checked as it is. The options
    `--eqt-accuracy`, `--eqt-expect`, `--eqt-fail-fast`, `--eqt-examples` and `--eqt-seed` of pytest go before these.

    Args:
        solvers: Solvers or functions (objective, h) -> h.
        expected_failures: `{check name: reason}` for all of them, or a function of the solver that gives one.
        accuracy: as in `check_solver`, for all of them, or a function of the solver that gives one.
        fail_fast: whether to skip the checks that are left of a solver once one has failed.
        seed: of everything random.
        max_examples: cases per check at most.
        max_shrinks: as in `check_solver`.
        max_work: as in `check_solver`.
        seconds: the same, for each test.

    Returns:
        The decorator.

    Raises:
        UsageError: no solvers, something that is none, an option that is unusable, or a name in expected_failures that
            is no check.
    """
    import pytest

    if isinstance(solvers, Solver) or not isinstance(solvers, Iterable):
        raise UsageError(f"solvers must be a list of solvers, got {solvers!r}; put a single one in brackets")
    solvers = list(solvers)
    if not solvers:
        raise UsageError("solvers must hold at least one solver, got none")
    require_budget(seed=seed, max_examples=max_examples, max_shrinks=max_shrinks)
    Limits(max_work, seconds)
    options = {"seed": seed, "max_examples": max_examples, "max_shrinks": max_shrinks}
    shared = Shared(options | {"max_work": max_work, "seconds": seconds}, expected_failures, accuracy, bool(fail_fast))
    names = [solver_name(solver) for solver in solvers]
    cases = []
    for position, (solver, name) in enumerate(zip(solvers, names, strict=True)):
        made = as_solver(solver)
        label = f"{name}#{names[:position].count(name) + 1}" if names.count(name) > 1 else name
        require_arguments(SOLVER_CHECKS, "raise", shared.expects(solver))
        require_relative_accuracy(made, accuracy(solver) if callable(accuracy) else accuracy)
        for function in SOLVER_CHECKS:
            check = SolverCheck(function, shared)
            cases.append(pytest.param(solver, check, id=f"{label}-{check.name}"))
    return pytest.mark.parametrize(("solver", "check"), cases)
