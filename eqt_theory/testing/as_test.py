"""A check as a pytest test: what the decorators of solvers, maps and energies share."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.solvers.base import Solver
from eqt_theory.testing.battery import Trial, name_of, require_arguments
from eqt_theory.testing.report import Outcome, Report


class Shared(ABC):
    """What the tests of one decorator share: how to check.

    Args:
        options: as of the battery's bench.
        fail_fast: whether to skip what is left of a thing once a check of it has failed.
    """

    kind: ClassVar[str]
    """What one of the things is called, the test's argument."""
    plural: ClassVar[str]
    checks: ClassVar[Sequence[Callable[[Any], Finding]]]
    """The battery."""

    def __init__(self, options: Mapping[str, Any], fail_fast: bool) -> None:
        self.options, self.fail_fast = dict(options), bool(fail_fast)
        self.failed: dict[int, str] = {}

    @abstractmethod
    def trial(self, thing: Any) -> Trial:
        """What a thing is checked on."""

    @abstractmethod
    def expects(self, thing: Any) -> Mapping[str, str]:
        """The failures to expect of a thing, `{check name: reason}`."""

    @abstractmethod
    def override(
        self, accuracy: float | None, examples: int | None, seed: int | None, expected: Mapping[str, str]
    ) -> None:
        """Put options of pytest's command line, those that are given, before those of the decorator.

        Raises:
            UsageError: one is unusable.
        """


class CheckAsTest:
    """One check, to be called in a test with the thing to be checked.

    Calling it raises CheckFailed where the check fails, skips the test where it does not apply, and marks it as an
    expected failure where it fails as announced.
    """

    def __init__(self, function: Callable[[Any], Finding], shared: Shared) -> None:
        self.function, self.shared = function, shared

    @property
    def name(self) -> str:
        """The name of the check."""
        return name_of(self.function)

    def __repr__(self) -> str:
        return self.name

    def __call__(self, thing: Any) -> None:
        __tracebackhide__ = True
        import pytest  # the extra `test`; who calls this has it

        shared, key = self.shared, id(thing)
        if shared.fail_fast and key in shared.failed:
            pytest.skip(f"fail_fast: {shared.failed[key]} failed")  # as the option asks; that check's test did fail
        reason = shared.expects(thing).get(self.name)
        with standard_torch():
            report = shared.trial(thing).report([self.function], {} if reason is None else {self.name: reason})
        if report.failed:  # and not where it does not apply
            shared.failed.setdefault(key, self.name)
        tell_pytest(report)


def listed(kind: type[Shared], things: Iterable[Any]) -> list[Any]:
    """The things that a decorator is given.

    Args:
        kind: of the things.
        things: as they are given.

    Returns:
        They.

    Raises:
        UsageError: there are none, or they are no list: a matrix and a network of layers can be gone through, too.
    """
    if not isinstance(things, Iterable) or isinstance(things, Solver | torch.Tensor | torch.nn.Module):
        raise UsageError(f"{kind.plural} must be a list, got {type(things).__name__}; put a single one in brackets")
    made = list(things)
    if not made:
        raise UsageError(f"{kind.plural} must hold at least one {kind.kind}, got none")
    return made


def decorator(shared: Shared, things: Sequence[Any], names: Sequence[str]) -> Any:
    """A pytest mark with one case for each thing and check.

    Args:
        shared: by its tests.
        things: to be checked.
        names: what they are called; those of one name are numbered.

    Returns:
        The mark.
    """
    import pytest

    cases = []
    for position, (thing, name) in enumerate(zip(things, names, strict=True)):
        label = f"{name}#{names[:position].count(name) + 1}" if names.count(name) > 1 else name
        cases += [pytest.param(thing, CheckAsTest(f, shared), id=f"{label}-{name_of(f)}") for f in shared.checks]
    return pytest.mark.parametrize((shared.kind, "check"), cases)


def override(shared: Shared, numbers: Mapping[str, Any], expected: Mapping[str, str], fail_fast: bool) -> None:
    """Put options of pytest's command line before those of a decorator.

    Args:
        shared: of the decorator's checks.
        numbers: accuracy, examples and seed, None where one is not given.
        expected: `{check name: reason}`.
        fail_fast: whether it was given.

    Raises:
        UsageError: one is unusable.
    """
    require_arguments(shared.checks, "raise", expected)
    shared.override(**numbers, expected=expected)
    shared.fail_fast = shared.fail_fast or fail_fast


def tell_pytest(report: Report) -> None:
    """Raise what makes the running test end as the report's one result did; return where it passed.

    Args:
        report: of one check.

    Raises:
        CheckFailed: it failed.
    """
    __tracebackhide__ = True
    import pytest

    (result,) = report.results
    if result.outcome is Outcome.NOT_APPLICABLE:
        pytest.skip(result.text)  # the reason that the check gives, as that no CUDA device is there
    if result.outcome is Outcome.EXPECTED_FAILURE:
        pytest.xfail(result.text)  # it did fail, as was announced, with the reason that was announced
    if not report.passed:
        raise report.error
