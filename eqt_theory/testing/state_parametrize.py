"""What the decorators of maps and energies share: batteries that try states of one dimension."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from eqt_theory.testing.as_test import Shared, decorator, listed
from eqt_theory.testing.battery import Trial, require_arguments
from eqt_theory.testing.limits import Limits


class StatesShared(Shared):
    """What the tests of one decorator share.

    Args:
        dim: the state dimension.
        options: as of the battery's bench.
        expected: `{check name: reason}`.
        fail_fast: whether to skip what is left of a thing once a check of it has failed.
        seconds: for each test; None is no limit.
        things: all of them, on which options are tried.
    """

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
        things: Iterable[Any] = (),
    ) -> None:
        super().__init__(options, fail_fast)
        self.dim, self.expected, self.seconds, self.things = dim, dict(expected or {}), seconds, tuple(things)

    def trial(self, thing: Any) -> Trial:
        bench, note = type(self).bench(thing, self.dim, **self.options)
        return Trial(type(self).name(thing), bench, [note], Limits(seconds=self.seconds))

    def expects(self, thing: Any) -> Mapping[str, str]:
        return self.expected

    def override(
        self, accuracy: float | None, examples: int | None, seed: int | None, expected: Mapping[str, str]
    ) -> None:
        given = {"accuracy": accuracy, "samples": examples, "seed": seed}  # an example is a state
        self.options |= {name: value for name, value in given.items() if value is not None}
        self.expected |= expected
        self.try_options()

    def try_options(self) -> None:
        """Raise UsageError unless all things can be checked with these options."""
        for thing in self.things:
            self.trial(thing)


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
    made = listed(kind, things)
    require_arguments(kind.checks, "raise", expected or {})
    shared = kind(dim, options, expected, fail_fast, seconds, made)
    shared.try_options()  # bad arguments are told at collection
    return decorator(shared, made, [kind.name(thing) for thing in made])
