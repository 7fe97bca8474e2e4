"""Options of batteries as texts, from a command line."""

from collections.abc import Mapping, Sequence
from typing import Any

from eqt_theory.core.errors import UsageError


def expected_failures(texts: Sequence[str]) -> dict[str, str]:
    """`{check name: reason}` of texts NAME=REASON.

    Args:
        texts: as they were given.

    Returns:
        The dict.

    Raises:
        UsageError: a text without a name or a reason.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, reason = text.partition("=")
        if not (sign and name.strip() and reason.strip()):
            raise UsageError(f"an expected failure must be NAME=REASON, got {text!r}")
        found[name.strip()] = reason.strip()
    return found


def override(
    shared: Any,
    *,
    accuracy: str | None,
    expected: Sequence[str],
    fail_fast: bool,
    examples: str | None,
    seed: str | None,
) -> None:
    """Put options of pytest's command line before those of a decorator.

    Args:
        shared: of the decorator's checks.
        accuracy: a number.
        expected: texts NAME=REASON.
        fail_fast: whether it was given.
        examples: an integer.
        seed: an integer.

    Raises:
        UsageError: an option is unusable.
    """
    from eqt_theory.testing.battery import require_arguments
    from eqt_theory.testing.solver_battery import SOLVER_CHECKS, require_budget

    if accuracy is not None:
        shared.accuracy = _number("--eqt-accuracy", accuracy, float)
        if not 0 <= shared.accuracy < 1:
            raise UsageError(f"--eqt-accuracy must lie in [0, 1), got {accuracy}")
    if examples is not None:
        shared.options["max_examples"] = _number("--eqt-examples", examples, int)
    if seed is not None:
        shared.options["seed"] = _number("--eqt-seed", seed, int)
    require_budget(seed=shared.options["seed"], max_examples=shared.options["max_examples"])
    shared.fail_fast = shared.fail_fast or fail_fast
    if expected:
        more, before = expected_failures(expected), shared.expected
        require_arguments(SOLVER_CHECKS, "raise", more)

        def both(solver: Any) -> Mapping[str, str]:
            given: Any = before(solver) if callable(before) else before
            return {**(given or {}), **more}

        shared.expected = both


def override_states(
    shared: Any,
    *,
    accuracy: str | None,
    expected: Sequence[str],
    fail_fast: bool,
    examples: str | None,
    seed: str | None,
) -> None:
    """As `override`, for checks that try states: an example is a state.

    Args:
        shared: of the decorator's checks.
        accuracy: a number.
        expected: texts NAME=REASON.
        fail_fast: whether it was given.
        examples: an integer.
        seed: an integer.

    Raises:
        UsageError: an option is unusable.
    """
    from eqt_theory.testing.battery import require_arguments

    given = {
        "accuracy": None if accuracy is None else _number("--eqt-accuracy", accuracy, float),
        "samples": None if examples is None else _number("--eqt-examples", examples, int),
        "seed": None if seed is None else _number("--eqt-seed", seed, int),
    }
    shared.options |= {name: value for name, value in given.items() if value is not None}
    shared.try_options()
    shared.fail_fast = shared.fail_fast or fail_fast
    if expected:
        more = expected_failures(expected)
        require_arguments(shared.checks, "raise", more)
        shared.expected = {**shared.expected, **more}


def _number(name: str, text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{name} must be {'an integer' if kind is int else 'a number'}, got {text!r}") from None
