"""Identity: two terms with division agree wherever no denominator in them is 0, whatever numbers their symbols are."""

from typing import Any

from eqt_theory.kernel.polynomial import multiply
from eqt_theory.kernel.reading import fields, items, need, short
from eqt_theory.kernel.smtlib import expression, quotient


def check(certificate: dict[str, Any]) -> str:
    """What the certificate shows, in words."""
    _, symbols, left, right = fields(certificate, "kind", "symbols", "left", "right")
    need(all(type(symbol) is str for symbol in items(symbols)), "symbols are texts")
    (p, q), (r, s) = (quotient(expression(side), set(symbols)) for side in (left, right))
    need(multiply(p, s) == multiply(r, q), "the sides differ")
    return f"{short(left)} = {short(right)} wherever no denominator in them is 0"
