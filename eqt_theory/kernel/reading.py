"""Reading a certificate: what is not expected is refused. Positions are integers, all other numbers texts "p/q"."""

import json
import re
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from typing import Any, NoReturn

DEEPEST = 300
"""Levels of nesting in a certificate or a formula."""

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,3999})(?:/[1-9][0-9]{0,3999})?", re.ASCII)


class Rejected(ValueError):
    """A certificate shows nothing; the message says why."""


def need(condition: bool, reason: str) -> None:
    """Reject the certificate unless the condition holds."""
    if not condition:
        raise Rejected(reason)


def parse(text: str) -> Any:
    """The value of a JSON text in which no key stands twice and no number is a float."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len(dict(pairs)) == len(pairs), f"a key stands twice among {[key for key, _ in pairs]}")
        return dict(pairs)

    def refuse(number: str) -> NoReturn:
        raise Rejected(f'numbers are texts "p/q", got {number[:40]}')

    try:
        return json.loads(text, object_pairs_hook=unique, parse_float=refuse, parse_constant=refuse)
    except Rejected:
        raise
    except (ValueError, RecursionError) as error:
        raise Rejected(f"no JSON that can be read: {error}") from None


def plain(value: Any, depth: int = DEEPEST) -> None:
    """Reject what is not made of plain dictionaries, lists, texts and integers, so that nothing changes when read."""
    need(depth > 0, f"more than {DEEPEST} levels deep")
    if type(value) is dict:
        need(all(type(key) is str for key in value), "keys are texts")
        for part in value.values():
            plain(part, depth - 1)
    elif type(value) is list:
        for part in value:
            plain(part, depth - 1)
    else:
        need(type(value) in (str, int), f"expected a list, a dictionary, a text or a position, got {value!r:.60}")


def fields(value: Any, *names: str) -> list[Any]:
    """The values of a dictionary that has exactly these keys."""
    need(type(value) is dict and set(value) == set(names), f"expected exactly the fields {names}, got {value!r:.80}")
    return [value[name] for name in names]


def items(value: Any, length: int | None = None) -> list[Any]:
    """A list, of that length where one is given."""
    need(type(value) is list and length in (None, len(value)), f"expected {length or 'a list of'} items: {value!r:.80}")
    return value


def position(value: Any, among: int) -> int:
    """A position 0 <= i < among."""
    need(type(value) is int and 0 <= value < among, f"expected a position below {among}, got {value!r:.40}")
    return value


def number(value: Any) -> Fraction:
    """The rational number of a text "p/q" or "p"."""
    need(type(value) is str and _NUMBER.fullmatch(value) is not None, f'expected a text "p/q", got {value!r:.40}')
    return Fraction(value)


def say(x: Fraction, end: str = "") -> str:
    """The number in words: of a long one 17 digits, rounded for an "upper" or "lower" bound, else cut off with dots."""
    if len(str(x)) < 24:
        return str(x)
    rounding = {"upper": ROUND_CEILING, "lower": ROUND_FLOOR}.get(end, ROUND_DOWN)
    return f"{Context(17, rounding).divide(Decimal(x.numerator), Decimal(x.denominator))}{'' if end else '..'}"


def short(text: str) -> str:
    """A text, of a long one the beginning."""
    return text if len(text) <= 200 else f"{text:.200}.."


def positive(value: Any) -> Fraction:
    """A rational number above 0."""
    need(number(value) > 0, f"expected a positive number, got {value!r:.40}")
    return number(value)
