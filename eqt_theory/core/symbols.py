"""What is assumed of a symbol, by a claim and by the evidence for it. Works on SymPy's symbols without importing it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding

_TOLD = (
    "positive", "negative", "zero", "nonnegative", "nonpositive", "nonzero",
    "integer", "even", "odd", "prime", "rational", "irrational", "real", "commutative",
)  # fmt: skip
"""Assumptions worth telling, the telling ones first; what follows from another of them is left out."""
_SIGN = {
    "positive": lambda x: x > 0,
    "negative": lambda x: x < 0,
    "zero": lambda x: x == 0,
    "nonnegative": lambda x: x >= 0,
    "nonpositive": lambda x: x <= 0,
    "nonzero": lambda x: x != 0,
    "integer": lambda x: x == int(x),
}


def declared(symbols: Iterable[Any]) -> tuple[Any, ...]:
    """The symbols of a claim, each name once.

    Args:
        symbols: SymPy's.

    Returns:
        The same.

    Raises:
        UsageError: something that is no symbol, or a name with two meanings.
    """
    found = tuple(symbols)
    names = []
    for symbol in found:
        if not isinstance(getattr(symbol, "name", None), str) or not hasattr(symbol, "assumptions0"):
            raise UsageError(f"symbols must be SymPy symbols, got {type(symbol).__name__}: {symbol!r}")
        names.append(symbol.name)
    if len(set(names)) < len(names):
        raise UsageError(f"symbols must have different names, got {names}")
    return found


def assumptions(symbol: Any) -> dict[str, bool]:
    """What is assumed of a symbol, and what follows from it, by name in alphabetic order."""
    return dict(sorted(symbol.assumptions0.items()))


def excess(symbols: Sequence[Any], finding: Finding) -> list[str]:
    """What a finding assumes of the symbols of a claim beyond what the claim says, as texts.

    Args:
        symbols: those that the claim declares.
        finding: its `assumes` says what it took for granted.

    Returns:
        A text for each symbol of which it assumes more, as "x is positive".
    """
    return [
        f"{symbol.name} is {word}"
        for symbol in symbols
        if (word := _more(assumptions(symbol), finding.assumes.get(symbol.name, {})))
    ]


def outside(symbols: Sequence[Any], finding: Finding) -> list[str]:
    """Where the witness of a refutation lies outside of what a claim says of its symbols, as texts."""
    found = []
    for name, value in (finding.witness or {}).items():
        for symbol in symbols:
            if symbol.name != str(name):
                continue
            assumed = assumptions(symbol)
            failed = [word for word, test in _SIGN.items() if assumed.get(word) and not _passes(test, value)]
            found += [f"{symbol.name} = {value} is not {word}" for word in failed[:1]]
    return found


def _more(known: Mapping[str, bool], assumed: Mapping[str, bool]) -> str:
    for word in _TOLD:
        if word in assumed and known.get(word) is not assumed[word]:
            return word if assumed[word] else f"not {word}"
    return ""


def _passes(test: Any, value: Any) -> bool:
    try:
        return bool(test(value))
    except (TypeError, ValueError, ArithmeticError):
        return True  # no number, so nothing to hold against it
