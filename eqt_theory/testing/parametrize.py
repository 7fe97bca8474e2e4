"""parametrize_with_checks: one pytest test per solver and check."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.testing.as_test import Shared, decorator, listed
from eqt_theory.testing.battery import Trial, require_arguments
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


class SolversShared(Shared):
    """What the tests of one decorator share, a bench for each solver among it, made at its first test.

    Args:
        options: as of `solver_bench`, without the accuracy.
        expected: the failures to expect.
        accuracy: that the solvers reach.
        fail_fast: whether to skip what is left of a solver once a check of it has failed.
    """

    kind, plural, checks = "solver", "solvers", SOLVER_CHECKS

    def __init__(self, options: Mapping[str, Any], expected: Expected, accuracy: Accuracy, fail_fast: bool) -> None:
        super().__init__(options, fail_fast)
        self.expected, self.accuracy = expected, accuracy
        # By identity, together with the solver, so that no other can take its place.
        self._benches: dict[int, tuple[AnySolver, SolverBench]] = {}

    def trial(self, thing: AnySolver) -> Trial:
        if id(thing) not in self._benches:
            accuracy = self.accuracy(thing) if callable(self.accuracy) else self.accuracy
            self._benches[id(thing)] = thing, solver_bench(thing, accuracy=accuracy, **self.options)
        # What another test has told is not seen in this one.
        limits = Limits(self.options["max_work"], self.options["seconds"])
        bench = dataclasses.replace(self._benches[id(thing)][1], told={}, limits=limits)
        return Trial(solver_name(thing), bench, bench.notes, limits)

    def expects(self, thing: AnySolver) -> Mapping[str, str]:
        return expected_of(self.expected, thing)

    def override(
        self, accuracy: float | None, examples: int | None, seed: int | None, expected: Mapping[str, str]
    ) -> None:
        if accuracy is not None:
            if not 0 <= accuracy < 1:
                raise UsageError(f"--eqt-accuracy must lie in [0, 1), got {accuracy}")
            self.accuracy = accuracy
        given = {"max_examples": examples, "seed": seed}
        self.options |= {name: value for name, value in given.items() if value is not None}
        require_budget(seed=self.options["seed"], max_examples=self.options["max_examples"])
        if expected:
            before = self.expected
            self.expected = lambda solver: {**expected_of(before, solver), **expected}


def expected_of(expected: Expected, solver: AnySolver) -> Mapping[str, str]:
    """The failures to expect of a solver."""
    return expected(solver) if callable(expected) else expected or {}


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
    made = listed(SolversShared, solvers)
    require_budget(seed=seed, max_examples=max_examples, max_shrinks=max_shrinks)
    Limits(max_work, seconds)
    options = {"seed": seed, "max_examples": max_examples, "max_shrinks": max_shrinks}
    shared = SolversShared(options | {"max_work": max_work, "seconds": seconds}, expected_failures, accuracy, fail_fast)
    for solver in made:
        require_arguments(SOLVER_CHECKS, "raise", shared.expects(solver))
        require_relative_accuracy(as_solver(solver), accuracy(solver) if callable(accuracy) else accuracy)
    return decorator(shared, made, [solver_name(solver) for solver in made])
