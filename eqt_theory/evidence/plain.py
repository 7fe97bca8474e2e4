"""Whether an object does what its class is known to do: a certificate may speak of it by its class only then."""

from typing import TypeGuard, TypeVar

T = TypeVar("T")


def is_plain(thing: object, *kinds: type[T]) -> TypeGuard[T]:
    """Whether a thing is of one of these classes exactly, with no method replaced on the instance.

    `isinstance` is not enough to licence a formula: a subclass may take other steps, or have other values, and `@final`
    binds the type checker alone.

    Args:
        thing: a solver, an energy or an objective.
        kinds: the classes whose methods the formula was derived from.

    Returns:
        Whether the formula speaks of it.
    """
    kind = type(thing)
    return kind in kinds and not any(callable(getattr(kind, name, None)) for name in vars(thing))
