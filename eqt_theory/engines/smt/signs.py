"""Signs: what a symbol is declared to be, as formulas and as relations."""

from collections.abc import Sequence

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.smt.formula import Atom, Formula, No

_SIGNS = ("real", "positive", "negative", "nonnegative", "nonpositive", "zero", "nonzero")
_KINDS = ("prime", "even", "odd", "integer", "rational", "transcendental", "irrational", "noninteger", "algebraic")


def constraints_of(symbol: sp.Symbol) -> list[Formula]:
    """What a symbol's own assumptions say, as formulas.

    Args:
        symbol: a symbol of the statement.

    Returns:
        Its sign, or nothing where it is any real number.

    Raises:
        UsageError: the symbol is not declared real, or is declared to be more than a real number of some sign.
    """
    if not symbol.is_real:
        raise UsageError(f"symbol {symbol} must be declared real (real=True or positive=True), it is not")
    if said := more_than_a_sign(symbol):
        whole = said == "integer=True"
        hint = "; leave it out, or prove it for every whole number by_induction" if whole else ""
        raise UsageError(f"symbol {symbol} is declared {said}; obligations are over all real numbers of a sign{hint}")
    if symbol.is_positive:
        return [Atom(-symbol, "<")]
    if symbol.is_negative:
        return [Atom(symbol, "<")]
    found: list[Formula] = [No(Atom(symbol, "="))] if symbol.is_nonzero else []
    if symbol.is_nonnegative:
        found.append(Atom(-symbol, "<="))
    if symbol.is_nonpositive:
        found.append(Atom(symbol, "<="))
    return found


def more_than_a_sign(symbol: sp.Symbol) -> str:
    """What a symbol is declared to be besides a number of some sign, as `integer=True`; empty where nothing."""
    facts = symbol.assumptions0
    plain = sp.Dummy(**{k: facts[k] for k in _SIGNS if k in facts}).assumptions0
    extra = [k for k, fact in sorted(facts.items()) if plain.get(k) is not fact]
    first = next((k for k in _KINDS if k in extra and facts[k]), extra[0] if extra else "")
    return f"{first}={facts[first]}" if first else ""


def declared(symbols: Sequence[sp.Symbol]) -> list[Boolean]:
    """The same as relations, for the replay."""
    relations = []
    for symbol in symbols:
        for known, operator in (
            (symbol.is_positive, ">"),
            (symbol.is_negative, "<"),
            (symbol.is_nonnegative and not symbol.is_positive, ">="),
            (symbol.is_nonpositive and not symbol.is_negative, "<="),
            (symbol.is_nonzero and not symbol.is_positive and not symbol.is_negative, "!="),
        ):
            if known:
                relations.append(sp.Rel(symbol, 0, operator, evaluate=False))
    return relations
