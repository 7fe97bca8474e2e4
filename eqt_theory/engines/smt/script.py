"""SMT-LIB 2 text: one formula set, printed once, read by every prover."""

import re
from collections.abc import Sequence

import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.smt.constants import exact
from eqt_theory.engines.smt.formula import All, Atom, Formula, No, Some

_OTHER = re.compile(r"[^A-Za-z0-9_]+")
_RESERVED = {"let", "forall", "exists", "match", "par", "as", "Real", "Int", "Bool", "and", "or", "not", "xor", "ite"}
_RESERVED |= {"true", "false", "distinct", "abs", "div", "mod", "exp", "sin", "cos", "tan", "pi", "sqrt", "select"}
_RESERVED |= {"lambda", "is_int", "to_int", "to_real", "store", "arcsin", "arccos", "arctan", "sec", "csc", "cot"}


def names_of(symbols: Sequence[sp.Symbol]) -> dict[sp.Symbol, str]:
    """The SMT-LIB name of each symbol.

    Args:
        symbols: the symbols, in the order of declaration.

    Returns:
        Names of which no two are alike, made of ASCII letters, digits and underscores only, whatever the symbols are
        called, so that no name can reach beyond its place in the text.

    Raises:
        UsageError: two different symbols have the same name.
    """
    names: dict[sp.Symbol, str] = {}
    for symbol in symbols:
        if any(other.name == symbol.name for other in names):
            raise UsageError(f"two different symbols are named {symbol.name!r}; declare each symbol once")
        plain = _OTHER.sub("_", symbol.name)
        if plain != symbol.name:
            plain = plain.strip("_")
        if not plain.strip("_") or plain[0].isdigit():
            plain = f"symbol_{plain}".rstrip("_")
        while plain in _RESERVED or plain in names.values():
            plain += "_"
        names[symbol] = plain
    return names


def script(assertions: Sequence[tuple[str, Formula]], symbols: Sequence[sp.Symbol], title: str) -> str:
    """The text that asks whether the assertions can hold together.

    Args:
        assertions: `(comment, formula)` pairs.
        symbols: every real symbol in them, in the order of declaration.
        title: a comment for the first line.

    Returns:
        SMT-LIB 2 text in QF_NRA, ending in `(check-sat)`.
    """
    names = names_of(symbols)
    lines = [f"; {_comment(title)}", "(set-logic QF_NRA)"]
    lines += [f"(declare-const {names[s]} Real)" for s in symbols]
    for comment, formula in assertions:
        lines += [f"; {_comment(comment)}", f"(assert {_formula(formula, names)})"]
    return "\n".join([*lines, "(check-sat)", ""])


def _comment(text: str) -> str:
    """The text on one line, whatever it holds: a comment must not end before its line does."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text.split()))


def _formula(formula: Formula, names: dict[sp.Symbol, str]) -> str:
    match formula:
        case Atom(expr, op):
            return f"({op} {_term(expr, names)} 0)"
        case No(part):
            return f"(not {_formula(part, names)})"
        case All(parts):
            return _join("and", [_formula(part, names) for part in parts], "true")
        case Some(parts):
            return _join("or", [_formula(part, names) for part in parts], "false")


def _term(expr: sp.Expr, names: dict[sp.Symbol, str]) -> str:
    if expr.is_Symbol:
        return names[expr]
    if expr.is_Number:
        value = exact(expr)
        assert value is not None, expr
        body = str(abs(value.numerator))
        if value.denominator != 1:
            body = f"(/ {body} {value.denominator})"
        return f"(- {body})" if value < 0 else body
    if expr.is_Pow:
        return _join("*", [_term(expr.base, names)] * int(expr.exp), "1")
    operator = "+" if expr.is_Add else "*"
    return _join(operator, [_term(a, names) for a in sorted(expr.args, key=sp.default_sort_key)], "0")


def _join(operator: str, parts: list[str], empty: str) -> str:
    if not parts:
        return empty
    return parts[0] if len(parts) == 1 else f"({operator} {' '.join(parts)})"
