"""Identity: two terms with division agree wherever no denominator in them is 0, whatever numbers their symbols are."""

from typing import Any

from eqt_theory.kernel.polynomial import Polynomial, add, constant, multiply, scale
from eqt_theory.kernel.reading import fields, items, need, short
from eqt_theory.kernel.smtlib import Name, expression, polynomial


def check(certificate: dict[str, Any]) -> str:
    """What the certificate shows, in words."""
    _, symbols, left, right = fields(certificate, "kind", "symbols", "left", "right")
    need(all(type(symbol) is str for symbol in items(symbols)), "symbols are texts")
    (p, q), (r, s) = (_quotient(expression(side), set(symbols)) for side in (left, right))
    need(multiply(p, s) == multiply(r, q), "the sides differ")
    return f"{short(left)} = {short(right)} wherever no denominator in them is 0"


def _quotient(term: Any, symbols: set[str]) -> tuple[Polynomial, Polynomial]:
    """A term as p / q, with q not the polynomial 0."""
    if type(term) is not list or len(term) < 2 or type(term[0]) is not Name:
        return polynomial(term, symbols), constant(1)
    operator, *parts = term
    need(operator in ("+", "-", "*", "/"), f"unknown term {term!r:.60}")
    need(operator == "-" or len(parts) == 2 or (len(parts) > 2 and operator != "/"), f"unknown term {term!r:.60}")
    (p, q), *others = [_quotient(part, symbols) for part in parts]
    if operator == "-" and not others:
        return scale(p, -1), q
    for r, s in others:
        if operator == "*":
            p, q = multiply(p, r), multiply(q, s)
        elif operator == "/":
            need(r != {}, "a denominator is 0 everywhere")
            p, q = multiply(p, s), multiply(q, r)
        else:
            r = r if operator == "+" else scale(r, -1)
            p, q = (add(p, r), q) if q == s else (add(multiply(p, s), multiply(r, q)), multiply(q, s))
    return p, q
