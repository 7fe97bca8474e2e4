"""What is assumed of a symbol, by a claim and by the evidence for it. Works on SymPy's symbols without importing it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding

_TOLD = (
    "positive", "negative", "zero", "nonnegative", "nonpositive", "nonzero",
    "integer", "even", "odd", "prime", "rational", "irrational", "real", "commutative",
)  # fmt: skip
"""Assumptions worth telling, the telling ones first; what follows from another of them is left out."""
_ANY_REAL = {"real": True, "commutative": True}
"""What every statement takes for granted of its symbols."""
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


def relations(given: Iterable[Any]) -> tuple[Any, ...]:
    """The relations that a claim assumes.

    Args:
        given: SymPy's.

    Returns:
        The same.

    Raises:
        UsageError: something that is no relation among symbols; `d == N` of two symbols is a plain bool.
    """
    found = tuple(given)
    for relation in found:
        if not getattr(relation, "is_Boolean", False) and not getattr(relation, "is_Relational", False):
            raise UsageError(f"assumes must hold SymPy relations, got {type(relation).__name__}: {relation!r}")
        if not getattr(relation, "free_symbols", None):
            raise UsageError(f"assumes must hold relations among symbols, got {relation}, which speaks of none")
    return found


def said(relation: Any) -> str:
    """A relation as text, the same for `d <= N` and `N >= d`."""
    return str(getattr(relation, "canonical", relation))


def assumptions(symbol: Any) -> dict[str, bool]:
    """What is assumed of a symbol, and what follows from it, by name in alphabetic order."""
    return dict(sorted(symbol.assumptions0.items()))


def excess(claim: "Declares", finding: Finding) -> list[str]:
    """What a finding assumes beyond what a claim says, as texts.

    Args:
        claim: what it declares; one that declares nothing is held to nothing, and only a closed one is held to anything
            on symbols that it does not declare.
        finding: its `assumes` and `hypotheses` say what it took for granted.

    Returns:
        A text for each symbol of which it assumes more, as "x is positive", and for each relation.
    """
    known, allowed = _declared(claim), {said(relation) for relation in claim.assumes}
    told = [(name, word) for name, word in _signs(known, finding) if name in known or claim.closed]
    names = [(text, of) for text, of in zip(finding.hypotheses, finding.speaks_of, strict=False) if text not in allowed]
    return [
        *(f"{name} is {word}" for name, word in told),
        *(text for text, of in names if claim.closed or (of and set(of) <= set(known))),
    ]


def undeclared(claim: "Declares", finding: Finding) -> list[str]:
    """What a finding assumes that a claim does not declare, whether it is held to that or not, as texts."""
    known, allowed = _declared(claim), {said(relation) for relation in claim.assumes}
    signs = (f"{name} is {word}" for name, word in _signs(known, finding))
    return [*signs, *(text for text in finding.hypotheses if text not in allowed), *finding.context]


def _declared(claim: "Declares") -> dict[str, dict[str, bool]]:
    """What a claim says of its symbols, and of those in the relations that it assumes."""
    known = {s.name: assumptions(s) for relation in claim.assumes for s in relation.free_symbols}
    return known | {symbol.name: assumptions(symbol) for symbol in claim.symbols}


def _signs(known: Mapping[str, Mapping[str, bool]], finding: Finding) -> list[tuple[str, str]]:
    """The symbols of which a finding assumes more than is known, and what."""
    more = [(name, _more(known.get(name, _ANY_REAL), assumed)) for name, assumed in finding.assumes.items()]
    return [(name, word) for name, word in more if word]


def assumed(finding: Finding) -> list[str]:
    """All that a finding takes for granted, as texts: signs and kinds of symbols, relations, and its context."""
    signs = (f"{name} is {word}" for name, word in _signs({}, finding))
    return [*signs, *finding.hypotheses, *finding.context]


def outside(claim: "Declares", finding: Finding) -> list[str]:
    """Where the witness of a refutation lies outside of what a claim says of its symbols, as texts."""
    found = []
    values = {str(name): value for name, value in (finding.witness or {}).items()}
    for symbol in claim.symbols:
        if symbol.name in values:
            known = assumptions(symbol)
            value = values[symbol.name]
            failed = [word for word, test in _SIGN.items() if known.get(word) and not _passes(test, value)]
            found += [f"{symbol.name} = {value} is not {word}" for word in failed[:1]]
    for relation in claim.assumes:
        at = {s: values[s.name] for s in relation.free_symbols if s.name in values}
        if len(at) == len(relation.free_symbols) and not _passes(lambda at, r=relation: r.subs(at), at):
            found.append(
                f"{relation} does not hold at {', '.join(f'{s} = {v}' for s, v in sorted(at.items(), key=str))}"
            )
    return found


class Declares(Protocol):
    """A claim, as far as its symbols go."""

    symbols: Sequence[Any]
    assumes: Sequence[Any]
    closed: bool


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
