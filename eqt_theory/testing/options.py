"""Options of batteries as texts, from a command line."""

from collections.abc import Sequence
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


def number(name: str, text: str | None, kind: type) -> Any:
    """The number in a text, of that kind.

    Args:
        name: of the option.
        text: as it was given; None where it was not.
        kind: float or int.

    Returns:
        It, or None.

    Raises:
        UsageError: it is no number.
    """
    if text is None:
        return None
    try:
        return kind(text)
    except ValueError:
        raise UsageError(f"{name} must be {'an integer' if kind is int else 'a number'}, got {text!r}") from None
