"""Arguments held to their annotations: the one place where a call with a wrong type or range becomes a UsageError.

`@checked` stands on every public function and class. What an annotation says is checked before anything is done:
`int`, `float`, `str`, enums, classes, functions, sequences, mappings, unions; ranges by `Annotated`, such as `Count`.
An annotation it does not know lets everything pass. Arrays are left to whoever turns them into tensors.
"""

import inspect
import numbers
import sys
import types
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import dataclass, replace
from functools import cache, wraps
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from eqt_theory.core.errors import UsageError

T = TypeVar("T")

WORD = 2**63
"""Integers lie below this, as those of every array do."""


@dataclass(frozen=True)
class Range:
    """Which numbers an argument takes; nan is in no range, and what is not finite in none that says `finite`.

    Args:
        words: the range in words, as "a positive finite number".
        least: the least of them.
        most: the greatest.
        above: whether `least` itself is left out.
        finite: whether infinities are.
    """

    words: str
    least: float = -float("inf")
    most: float = float("inf")
    above: bool = False
    finite: bool = True

    def holds(self, value: Any) -> bool:
        """Whether a number is in the range."""
        low = self.least < value if self.above else self.least <= value
        return bool(low and value <= self.most and not (self.finite and value in (float("inf"), -float("inf"))))


Count = Annotated[int, Range("an integer of at least 1", 1)]
Whole = Annotated[int, Range("an integer of at least 0", 0)]
Cases = Annotated[int, Range("an integer from 1 to 1,000,000", 1, 10**6)]
Seed = Annotated[int, Range("an integer from 0 to 2^63 - 1", 0, WORD - 1)]
Positive = Annotated[float, Range("a positive finite number", 0, above=True)]
Weight = Annotated[float, Range("a finite number that is not negative", 0)]
Share = Annotated[float, Range("a number from 0 to 1", 0, 1)]
Finite = Annotated[float, Range("a finite number")]


@dataclass(frozen=True)
class Kind:
    """What an annotation asks for.

    Args:
        words: in words.
        fits: whether a value is of that kind.
        sure: types whose values all are, themselves and not a class derived from them: they need no second look.
    """

    words: str
    fits: Callable[[Any], bool]
    sure: frozenset[type] = frozenset()


def checked(target: T) -> T:
    """Hold the arguments of a function, or of the constructor of a class, to their annotations.

    Args:
        target: a function or a class; of a class the constructor is replaced.

    Returns:
        A function of the same signature, or the class. A call with an argument of another kind raises UsageError; one
        with too few or unknown arguments stays a TypeError.
    """
    if isinstance(target, type):
        target.__init__ = _guarded(target.__init__, sys.modules[target.__module__].__dict__)  # type: ignore[misc]
        return target
    return _guarded(target, inspect.unwrap(target).__globals__)  # type: ignore[arg-type, return-value]


def is_checked(target: object) -> bool:
    """Whether `checked` stands on a function or a class."""
    return hasattr(target.__init__ if isinstance(target, type) else target, "__annotations_checked__")


def checked_number(name: str, value: object, wanted: Any) -> Any:
    """The value, if it is what an annotation says.

    Args:
        name: of the argument, for the error.
        value: what was given.
        wanted: an annotation, such as `Count`.

    Returns:
        The value.

    Raises:
        UsageError: it is something else.
    """
    kind = kind_of(wanted)
    return value if kind is None else _held(name, value, kind)


def shown(value: object) -> str:
    """The value in a few words for an error, whatever it is: a long one is cut, one that cannot be shown is named."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # __repr__ is anybody's code; and an integer may have too many digits
        text = f"a value of type {type(value).__name__} that cannot be shown"
    return text if len(text) <= 100 else f"{text[:100]}..."


def _held(name: str, value: Any, kind: Kind) -> Any:
    if type(value) in kind.sure:
        return value
    if not kind.fits(value):
        got = f"the class {value.__name__}" if isinstance(value, type) else shown(value)
        raise UsageError(f"{name} must be {kind.words}, got {got}")
    # NumPy's integers are taken for what they are; torch and JSON refuse them.
    return int(value) if type(value).__module__ == "numpy" and isinstance(value, numbers.Integral) else value


def _guarded(function: Callable[..., Any], names: dict[str, Any]) -> Callable[..., Any]:
    @cache
    def kinds() -> tuple[tuple[tuple[str, Kind | None], ...], dict[str, Kind]]:
        """The kinds of the positional arguments in order, and of all by name; found out at the first call."""
        positional: list[tuple[str, Kind | None]] = []
        named: dict[str, Kind] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            kind = kind_of(_resolved(parameter.annotation, names))
            if parameter.kind is not parameter.KEYWORD_ONLY:
                positional.append((name, kind))
            if kind is not None:
                named[name] = kind
        return tuple(positional), named

    @wraps(function)
    def inside(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        positional, named = kinds()
        given = list(args)
        for place, (value, (name, kind)) in enumerate(zip(args, positional, strict=False)):
            if kind is not None:
                given[place] = _held(name, value, kind)
        for name, value in kwargs.items():
            if name in named:
                kwargs[name] = _held(name, value, named[name])
        return function(*given, **kwargs)

    inside.__annotations_checked__ = True  # type: ignore[attr-defined]
    return inside


def _resolved(annotation: Any, names: dict[str, Any]) -> Any:
    """An annotation written as a text, evaluated; what only type checkers can see stays unknown."""
    if not isinstance(annotation, str):
        return Any if annotation is inspect.Parameter.empty else annotation
    holder = type("holder", (), {"__annotations__": {"it": annotation}})
    try:
        return get_type_hints(holder, globalns=names, include_extras=True)["it"]
    except (NameError, TypeError, AttributeError):
        return Any


def kind_of(annotation: Any) -> Kind | None:
    """What an annotation asks for; None where it asks for nothing that can be checked."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _ranged(inner[0], [extra for extra in inner[1:] if hasattr(extra, "holds")])
    if origin in (Union, types.UnionType):
        kind, made = _any_of([kind_of(part) for part in inner]), [k for k in inner if hasattr(k, "wrapper_hint")]
        return kind if kind is None or not made else _no_class(kind, tuple(made))
    if origin is Literal:
        return Kind(f"one of {', '.join(map(repr, inner))}", lambda value: any(value is x or value == x for x in inner))
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin is Callable or annotation is Callable:
        return Kind("a function", callable)
    kind = origin or annotation
    if not isinstance(kind, type) or kind in (Any, object) or getattr(kind, "_is_protocol", False):
        return None
    if hasattr(kind, "__array__"):
        return Kind("a tensor", _is_array)
    if kind is type:
        return Kind("a class", lambda value: isinstance(value, type))
    if kind in (Mapping, MutableMapping, dict):
        return _mapping(inner)
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return _fixed(inner)
    if kind in (Sequence, MutableSequence, list, tuple):
        return _sequence(inner[0] if inner else Any)
    if kind is Iterable:
        return _iterable(inner[0] if inner else Any)
    hint = getattr(kind, "wrapper_hint", "")
    words = f"{_with_article(kind.__name__)}{hint and f' ({hint})'}"
    return Kind(words, lambda value: isinstance(value, kind), frozenset([kind]))


def _is_whole(value: Any) -> bool:
    if type(value) is not int and (isinstance(value, bool) or not isinstance(value, numbers.Integral)):
        return False
    return bool(-WORD <= int(value) < WORD)


def is_number(value: Any) -> bool:
    """Whether it is one real number that a float can hold, nan and infinities included."""
    if isinstance(value, float):
        return True
    single = isinstance(value, numbers.Real) or (getattr(value, "ndim", None) == 0 and hasattr(value, "__float__"))
    inexact = str(getattr(value, "dtype", "")).rpartition(".")[2].startswith(("bool", "complex"))
    if isinstance(value, bool) or not single or inexact:
        return False
    try:
        float(getattr(value, "detach", lambda: value)())
    except (OverflowError, TypeError, ValueError, RuntimeError):
        return False
    return True


def _is_array(value: Any) -> bool:
    """Arrays, and lists and numbers, of which arrays are made."""
    if isinstance(value, list | tuple | int | float):
        return not isinstance(value, bool)
    return hasattr(type(value), "__array__")


_PLAIN: dict[Any, Kind] = {
    int: Kind("an integer", _is_whole),
    float: Kind("a number", is_number, frozenset([float])),
    bool: Kind("True or False", lambda value: isinstance(value, bool), frozenset([bool])),
    str: Kind("a text", lambda value: isinstance(value, str), frozenset([str])),
    None: Kind("None", lambda value: value is None, frozenset([type(None)])),
    type(None): Kind("None", lambda value: value is None, frozenset([type(None)])),
}


def _ranged(base: Any, ranges: list[Any]) -> Kind | None:
    kind = kind_of(base)
    if kind is None or not ranges:
        return kind
    (wanted,) = ranges
    return Kind(wanted.words, lambda value: kind.fits(value) and wanted.holds(value))


def _no_class(kind: Kind, classes: tuple[type, ...]) -> Kind:
    """The kind without the classes themselves: one is callable, and given where an object of it is meant."""
    return replace(
        kind, fits=lambda value: not (isinstance(value, type) and issubclass(value, classes)) and kind.fits(value)
    )


def _any_of(kinds: list[Kind | None]) -> Kind | None:
    known = [kind for kind in kinds if kind is not None]
    if len(known) < len(kinds):
        return None
    words, sure = " or ".join(kind.words for kind in known), frozenset().union(*(kind.sure for kind in known))
    return Kind(words, lambda value: any(kind.fits(value) for kind in known), sure)


def _sequence(of: Any) -> Kind:
    kind = kind_of(of)

    def fits(value: Any) -> bool:
        if hasattr(type(value), "__array__"):
            return getattr(value, "ndim", 0) > 0 and (of in (Any, float, int) or get_origin(of) is Annotated)
        if isinstance(value, str | bytes) or not isinstance(value, Sequence):
            return False
        return kind is None or all(map(kind.fits, value))

    return Kind("a sequence" if kind is None else f"a sequence, each of it {kind.words}", fits)


def _iterable(of: Any) -> Kind:
    """As a sequence, and besides what can be gone through only once, which is not looked into."""
    sequence = _sequence(of)

    def fits(value: Any) -> bool:
        once = isinstance(value, Iterable) and not isinstance(value, Sequence | str | bytes | Mapping)
        return sequence.fits(value) or (once and not hasattr(type(value), "__array__"))

    return Kind(sequence.words, fits)


def _fixed(of: tuple[Any, ...]) -> Kind:
    kinds = [kind_of(part) for part in of]

    def fits(value: Any) -> bool:
        if isinstance(value, str | bytes) or not isinstance(value, Sequence) or len(value) != len(kinds):
            return False
        return all(kind is None or kind.fits(part) for kind, part in zip(kinds, value, strict=True))

    return Kind(f"({', '.join('anything' if kind is None else kind.words for kind in kinds)})", fits)


def _mapping(of: tuple[Any, ...]) -> Kind:
    key, item = [kind_of(part) for part in of] if len(of) == 2 else (None, None)

    def fits(value: Any) -> bool:
        if not isinstance(value, Mapping):
            return False
        keys = key is None or all(map(key.fits, value))
        return keys and (item is None or all(map(item.fits, value.values())))

    words = ["anything" if kind is None else kind.words for kind in (key, item)]
    return Kind(f"a mapping from {words[0]} to {words[1]}" if any((key, item)) else "a mapping", fits)


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
