"""SMT-LIB 2, as far as obligations need it: real constants, polynomial relations, and, or, not. The rest is refused."""

import re
from typing import Any

from eqt_theory.kernel.polynomial import Polynomial, add, constant, multiply, scale, value_of, variable
from eqt_theory.kernel.reading import DEEPEST, Rejected, need, number

# A formula in negation normal form: (relation, p) says `p relation 0`; (connective, parts) joins formulas.
Formula = tuple[str, Any]

# Blanks and comments | one bracket | a quoted symbol | a numeral or plain symbol.
_TOKEN = re.compile(r"(?:[ \n]|;[^\n]*\n)+|([()])|\|([^|\\\n]*)\||([A-Za-z0-9~!@$%^&*_+=<>.?/-]+)")
_TAKEN = {"and", "or", "not", "true", "false", "+", "-", "*", "/", "<", "<=", "=", ">=", ">"}
_TAKEN |= {"let", "forall", "exists", "match", "par", "as", "!", "_", "xor", "=>", "ite", "distinct", "Real", "Int"}


class Name(str):
    """A symbol; `|x|` and `x` are the same one. Numerals and brackets are no names."""


def _expressions(text: str) -> list[Any]:
    """The expressions of a text: lists of expressions, names (also of operators) and numerals."""
    need(all(c == "\n" or c.isprintable() for c in text), "a text has a character that is not printable")
    open_lists: list[list[Any]] = [[]]
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise Rejected(f"cannot be read as SMT-LIB: {text[at : at + 40]!r}")
        at = token.end()
        bracket, quoted, bare = token.groups()
        if bracket == "(":
            open_lists.append([])
            need(len(open_lists) < DEEPEST, f"brackets more than {DEEPEST} levels deep")
        elif bracket == ")":
            need(len(open_lists) > 1, "a bracket closes that was not opened")
            open_lists[-2].append(open_lists.pop())
        elif quoted is not None:
            need(quoted not in _TAKEN, f"|{quoted}| has a meaning of its own")
            open_lists[-1].append(Name(quoted))
        elif bare is not None:
            open_lists[-1].append(bare if bare[0].isdigit() else Name(bare))
    need(len(open_lists) == 1, "a bracket is not closed")
    return open_lists[0]


def assertions(text: str) -> tuple[list[Formula], set[str]]:
    """The assertions of a text, in negation normal form, and the names of its real constants."""
    names: set[str] = set()
    formulas: list[Formula] = []
    *commands, last = _expressions(text) or [None]
    need(last == ["check-sat"], "a text ends in (check-sat)")
    need(commands[:1] == [["set-logic", "QF_NRA"]], "a text begins with (set-logic QF_NRA)")
    for command in commands[1:]:
        match command:
            case ["declare-const", Name() as name, "Real"]:
                need(name not in names and name not in _TAKEN, f"{name} is declared twice, or has a meaning of its own")
                names.add(str(name))
            case ["assert", formula]:
                formulas.append(_formula(formula, names, True))
            case _:
                raise Rejected(f"unknown command {command!r:.60}")
    return formulas, names


_NOT = {"<": ">=", "<=": ">", ">=": "<", ">": "<="}


def atom(relation: str, p: Polynomial) -> Formula:
    """`p relation 0` with one of the relations >, >= and =."""
    return ({"<": ">", "<=": ">="}[relation], scale(p, -1)) if relation in ("<", "<=") else (relation, p)


def _formula(stated: Any, names: set[str], holds: bool) -> Formula:
    """The negation normal form of an expression, or of its negation."""
    match stated:
        case "true" | "false":
            return ("and" if (stated == "true") == holds else "or", [])
        case ["not", part]:
            return _formula(part, names, not holds)
        case ["and" | "or" as connective, _, *_]:
            parts = [_formula(part, names, holds) for part in stated[1:]]
            return (connective if holds else {"and": "or", "or": "and"}[connective], parts)
        case ["<" | "<=" | "=" | ">=" | ">" as relation, left, right]:
            difference = add(polynomial(left, names), scale(polynomial(right, names), -1))
            if relation == "=" and not holds:
                return ("or", [atom("<", difference), atom(">", difference)])
            return atom(relation if holds else _NOT[relation], difference)
    raise Rejected(f"unknown formula {stated!r:.60}")


def quotient(term: Any, names: set[str], constants: bool = False) -> tuple[Polynomial, Polynomial]:
    """A term as p / q, q not the polynomial 0: they agree wherever no denominator in the term is 0."""
    # With `constants`, none may be there that can be 0, as in 1/(1/y), which is y but for y = 0.
    if type(term) is str:
        need(term.isdecimal(), f"unknown number {term:.40}")
        return constant(number(term)), constant(1)
    if type(term) is Name:
        need(term in names, f"{term!r:.60} is not declared")
        return variable(str(term)), constant(1)
    need(type(term) is list and len(term) > 1, f"unknown term {term!r:.60}")
    operator, *parts = term
    (p, q), *others = [quotient(part, names, constants) for part in parts]
    match operator, others:
        case "-", []:
            return scale(p, -1), q
        case "*", [_, *_]:
            return multiply(p, *(r for r, _ in others)), multiply(q, *(s for _, s in others))
        case "/", [(r, s)] if r and not (constants and set(r) - {()}):
            return multiply(p, s), multiply(q, r)
        case "+" | "-", [_, *_]:
            for r, s in others:
                r = r if operator == "+" else scale(r, -1)
                p, q = (add(p, r), q) if q == s else (add(multiply(p, s), multiply(r, q)), multiply(q, s))
            return p, q
    raise Rejected(f"unknown term, or a division by 0: {term!r:.60}")


def polynomial(term: Any, names: set[str]) -> Polynomial:
    """The polynomial of a term; division only by constants that are not 0."""
    p, q = quotient(term, names, constants=True)
    return scale(p, 1 / value_of(q))


def term(text: Any, names: set[str]) -> Polynomial:
    """The polynomial of a text that is one term, as `(- x (* 2 y))`."""
    return polynomial(expression(text), names)


def expression(text: Any) -> Any:
    """The one expression of a text."""
    need(type(text) is str, f"expected a term, got {text!r:.60}")
    expressions = _expressions(text)
    need(len(expressions) == 1, f"expected one term, got {text!r:.60}")
    return expressions[0]
