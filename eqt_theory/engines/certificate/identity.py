"""Identities of rational functions, as certificates that hold both sides as they were written."""

import re
from fractions import Fraction

import sympy as sp

from eqt_theory.core.certificate import Certificate
from eqt_theory.engines.certificate.terms import applied, written

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_QUOTED = re.compile(r"[ -\[\]-{}~]{1,60}")
"""What may stand between bars: printable ASCII without a bar and a backslash."""
_TAKEN = {"let", "par", "as", "ite", "xor", "match", "exists", "forall"}
_HIGHEST = 40
"""The highest power that is spelt out as a product."""


def certify_identity(left: sp.Expr, right: sp.Expr) -> Certificate | None:
    """A certificate that two expressions are equal wherever no denominator in them is 0.

    What is no rational function (a root, an exponential) counts as one more symbol, which may be any number.

    Args:
        left: a SymPy expression.
        right: likewise.

    Returns:
        The certificate, accepted by the kernel; None where the kernel does not see it.
    """
    names: dict[sp.Expr, str] = {}
    try:
        sides = [_term(sp.sympify(side), names) for side in (left, right)]
    except (ValueError, RecursionError):
        return None
    symbols = sorted(name.strip("|") for name in names.values())
    found = Certificate({"kind": "identity", "symbols": symbols, "left": sides[0], "right": sides[1]})
    return None if found.defect else found


def _term(expr: sp.Expr, names: dict[sp.Expr, str]) -> str:
    """The expression as a term; raises ValueError for a rounded number, no number, or a very high power."""
    match expr:
        case sp.Rational():
            return written(Fraction(int(expr.p), int(expr.q)))
        case sp.Float():
            raise ValueError(f"{expr} is a rounded number")
        case sp.Add() | sp.Mul():
            return applied("+" if expr.is_Add else "*", [_term(part, names) for part in expr.args])
        case sp.Pow() if expr.exp.is_Integer:
            power = int(expr.exp)
            if abs(power) > _HIGHEST:
                raise ValueError(f"the power in {expr} is too high")
            product = applied("*", [_term(expr.base, names)] * abs(power))
            return product if power > 0 else f"(/ 1 {product})"
    if not expr.is_commutative or not isinstance(expr, sp.Expr) or expr.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        raise ValueError(f"{expr} stands for no number")
    if expr not in names:
        said = str(expr)
        if not _QUOTED.fullmatch(said) or _PLAIN.fullmatch(said) and not isinstance(expr, sp.Symbol):
            said = f"t{len(names)}"
        taken = {name.strip("|") for name in names.values()} | _TAKEN
        while said in taken:
            said += "_"
        names[expr] = said if _PLAIN.fullmatch(said) else f"|{said}|"
    return names[expr]
