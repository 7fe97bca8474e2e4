"""One pytest test per thing and check, of batteries that try states: what the decorators of maps and energies share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.energies.ambient import standard_torch
from eqt_theory.testing.as_test import tell_pytest
from eqt_theory.testing.battery import name_of, require_arguments, run_battery
from eqt_theory.testing.limits import Limits


class StatesShared:
    """What the tests of one decorator share: how to check.

    Args:
        dim: the state dimension.
        options: as of the battery's bench.
        expected: `{check name: reason}`.
        fail_fast: whether to skip what is left of a thing once a check of it has failed.
        seconds: for each test; None is no limit.
        things: all of them, on which options are tried.
    """

    kind: ClassVar[str]
    """What one of the things is called, the test's argument."""
    checks: ClassVar[Sequence[Callable[[Any], Finding]]]
    """The battery."""
    bench: ClassVar[Callable[..., tuple[Any, str]]]
    """(thing, dim, **options) -> what the checks need, and a note."""
    name: ClassVar[Callable[[Any], str]]
    """thing -> what it is called."""

    def __init__(
        self,
        dim: int,
        options: Mapping[str, Any],
        expected: Mapping[str, str] | None = None,
        fail_fast: bool = False,
        seconds: float | None = None,
        things: Sequence[Any] = (),
    ) -> None:
        self.dim, self.options, self.expected = dim, dict(options), dict(expected or {})
        self.fail_fast, self.seconds, self.things = fail_fast, seconds, tuple(things)
        self.failed: dict[int, str] = {}

    def try_options(self) -> None:
        """Raise UsageError unless all things can be checked with these options."""
        Limits(seconds=self.seconds)
        for thing in self.things:
            type(self).bench(thing, self.dim, **self.options)


class StateCheck:
    """One check, to be called in a test with the thing to be checked.

    Calling it raises CheckFailed where the check fails, skips the test where it does not apply, and marks it as an
    expected failure where it fails as announced.
    """

    def __init__(self, function: Callable[[Any], Finding], shared: StatesShared) -> None:
        self.function, self.shared = function, shared

    @property
    def name(self) -> str:
        """The name of the check."""
        return name_of(self.function)

    def __repr__(self) -> str:
        return self.name

    def __call__(self, thing: Any) -> None:
        __tracebackhide__ = True
        import pytest

        shared, key = self.shared, id(thing)
        if shared.fail_fast and key in shared.failed:
            pytest.skip(f"fail_fast: {shared.failed[key]} failed")  # as the option asks; that check's test did fail
        reason = shared.expected.get(self.name)
        bench, note = type(shared).bench(thing, shared.dim, **shared.options)
        with standard_torch():
            report = run_battery(
                type(shared).name(thing),
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


def parametrised(
    kind: type[StatesShared],
    things: Iterable[Any],
    dim: int,
    options: Mapping[str, Any],
    expected: Mapping[str, str] | None,
    fail_fast: bool,
    seconds: float | None,
) -> Any:
    """The decorator, one case for each thing and check.

    Args:
        kind: of the things.
        things: to be checked.
        dim: the state dimension d of all of them.
        options: as of the battery's bench.
        expected: `{check name: reason}` for all of them.
        fail_fast: whether to skip the checks that are left of a thing once one has failed.
        seconds: for each test.

    Returns:
        A pytest mark.

    Raises:
        UsageError: there are none, one cannot be checked, or a name in `expected` is no check.
    """
    import pytest

    plural = "energies" if kind.kind == "energy" else f"{kind.kind}s"
    if not isinstance(things, Iterable):
        raise UsageError(f"{plural} must be a list, got {type(things).__name__}; put a single one in brackets")
    made = list(things)
    if not made:
        raise UsageError(f"{plural} must hold at least one {kind.kind}, got none")
    require_arguments(kind.checks, "raise", expected or {})
    shared = kind(dim, options, expected, bool(fail_fast), seconds, made)
    shared.try_options()  # bad arguments are told at collection
    names, cases = [kind.name(thing) for thing in made], []
    for position, (thing, name) in enumerate(zip(made, names, strict=True)):
        label = f"{name}#{names[:position].count(name) + 1}" if names.count(name) > 1 else name
        for function in kind.checks:
            cases.append(pytest.param(thing, StateCheck(function, shared), id=f"{label}-{name_of(function)}"))
    return pytest.mark.parametrize((kind.kind, "check"), cases)
