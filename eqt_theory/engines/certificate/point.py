"""Points: where the assertions of a text hold together, as a certificate."""

from collections.abc import Mapping
from fractions import Fraction
from hashlib import sha256
from typing import Any

import sympy as sp

from eqt_theory.core.certificate import Certificate
from eqt_theory.engines.certificate.terms import written

_DIGITS = (10, 40, 160)
"""How close the ends of an interval around a root are, tried in turn."""


def certify_point(text: str, values: Mapping[str, sp.Expr]) -> Certificate | None:
    """A certificate that the assertions of a text hold at a point.

    Args:
        text: SMT-LIB 2, as `prove` writes it.
        values: an exact number, rational or algebraic, for every constant of the text, by its name.

    Returns:
        The certificate, accepted by the kernel; None where the kernel cannot see that they hold there.
    """
    roots = sorted({abs(v) for v in values.values() if not v.is_Rational}, key=sp.default_sort_key)
    names = {root: f"r{n}" for n, root in enumerate(roots)}
    names |= {-root: f"(- {name})" for root, name in names.items()}
    about = {"kind": "point", "text": text, "sha256": sha256(text.encode()).hexdigest()}
    terms = {x: written(_fraction(v)) if v.is_Rational else names[v] for x, v in values.items()}
    for digits in _DIGITS if roots else _DIGITS[:1]:
        try:
            found = Certificate(about | {"roots": {names[r]: _root(r, digits) for r in roots}, "values": terms})
        except NotImplementedError:  # SymPy finds no minimal polynomial
            return None
        if not found.defect:
            return found
    return None


def point_of(certificate: Certificate) -> dict[str, sp.Expr]:
    """The exact values in a certificate of a point, by the names in its text.

    Args:
        certificate: of kind "point", accepted by the kernel.

    Returns:
        Numbers, rational or algebraic.
    """
    data = certificate.data
    variable = sp.Dummy("r")
    roots: dict[str, sp.Expr] = {}
    for name, (coefficients, low, high) in data["roots"].items():
        polynomial = sp.Poly([sp.Rational(c) for c in reversed(coefficients)], variable)
        within = (r for r in sp.real_roots(polynomial) if sp.Rational(low) < r < sp.Rational(high))
        roots[name] = next(within)
    return {x: _value(value, roots) for x, value in data["values"].items()}


def _value(term: str, roots: Mapping[str, sp.Expr]) -> sp.Expr:
    """The number of a term that `certify_point` wrote."""
    negative, body = term.startswith("(- "), term.removeprefix("(- ").strip("()")
    if body in roots:
        return -roots[body] if negative else roots[body]
    numbers = [sp.Integer(part) for part in body.removeprefix("/ ").split()]
    value = numbers[0] / (numbers[1] if len(numbers) > 1 else 1)
    return -value if negative else value


def _fraction(number: sp.Rational) -> Fraction:
    return Fraction(int(number.p), int(number.q))


def _root(number: sp.Expr, digits: int) -> list[Any]:
    """Coefficients of the minimal polynomial, lowest first, and an interval around the number."""
    variable = sp.Dummy("r")
    polynomial = sp.minimal_polynomial(number, variable, polys=True)
    width = sp.Rational(1, 10**digits)
    middle = sp.Rational(str(number.evalf(digits + 15))).limit_denominator(10 ** (digits + 5))
    coefficients = [str(_fraction(sp.Rational(c))) for c in reversed(polynomial.all_coeffs())]
    return [coefficients, str(_fraction(middle - width)), str(_fraction(middle + width))]


__all__ = ["certify_point", "point_of"]
