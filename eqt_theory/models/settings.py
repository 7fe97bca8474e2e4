"""Settings of a model as JSON values and back, and copies of them with other values."""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError


def as_json(value: Any) -> Any:
    """A setting as a JSON value; enums by name in lower case."""
    return value.name.lower() if isinstance(value, Enum) else value


def from_json(values: Any, kinds: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Settings by name, from JSON values.

    Args:
        values: name -> JSON value.
        kinds: what each setting must be; only enums are read here.
        model: which it is, for errors, as "a model".

    Returns:
        The settings that were given.

    Raises:
        UsageError: no object, an unknown name, or no member of an enum.
    """
    if not isinstance(values, Mapping):
        raise UsageError(f"{model}'s config must be a JSON object, got {type(values).__name__}")
    found = dict(values)
    for name, value in found.items():
        if name not in kinds:
            raise UsageError(f"unknown setting {shown(name)} in {model}'s config")
        kind = kinds[name]
        if isinstance(kind, type) and issubclass(kind, Enum):
            names = [member.name.lower() for member in kind]
            if not isinstance(value, str) or value not in names:
                raise UsageError(f"{name} must be one of {', '.join(names)}, got {shown(value)}")
            found[name] = kind[value.upper()]
    return found


def require_known(changes: Iterable[str], kinds: Mapping[str, Any], model: str) -> None:
    """Refuse names that are no settings; model is which it is, for the error."""
    for name in changes:
        if name not in kinds:
            raise UsageError(f"unknown setting {name!r} of {model}; known are {', '.join(kinds)}")
