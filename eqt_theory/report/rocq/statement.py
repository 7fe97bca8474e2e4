"""Formulas of SMT-LIB texts in Rocq's notation, term by term, and the negation normal form of the kernel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eqt_theory.kernel.polynomial import Polynomial, add, scale
from eqt_theory.kernel.smtlib import Name, polynomial

# A normal form: (relation, text, polynomial) says `0 relation polynomial`; (connective, parts) joins normal forms.
Normal = tuple[Any, ...]


@dataclass(frozen=True)
class Writer:
    """Writes formulas; `names` has Rocq's name for each name of the text."""

    names: Mapping[str, str]

    def proposition(self, stated: Any) -> str:
        """A formula as it stands."""
        if stated in ("true", "false"):
            return stated.capitalize()
        operator, *parts = stated
        if operator == "not":
            return f"~ ({self.proposition(parts[0])})"
        if operator in ("and", "or"):
            return "(" + (" /\\ " if operator == "and" else " \\/ ").join(self.proposition(p) for p in parts) + ")"
        return f"({self.term(parts[0])} {operator} {self.term(parts[1])})"

    def term(self, stated: Any, gone: Mapping[str, Polynomial] | None = None) -> str:
        """A term as it stands; a variable for which something was put is any number, as 0."""
        if isinstance(stated, str):
            return self.names[stated] if type(stated) is Name and stated not in (gone or {}) else _numeral(stated)
        operator, *parts = stated
        said = [self.term(part, gone) for part in parts]
        return f"(- {said[0]})" if operator == "-" and len(said) == 1 else f"({f' {operator} '.join(said)})"

    def polynomial(self, p: Polynomial) -> str:
        """A polynomial, written out."""
        terms = []
        for monomial, coefficient in p.items():
            factors = [self.names[name] for name, exponent in monomial for _ in range(exponent)]
            terms.append(" * ".join([_number(coefficient), *factors]))
        return f"({' + '.join(terms)})" if terms else "0"

    def normal(self, stated: Any, holds: bool) -> tuple[Normal, str]:
        """The negation normal form of a formula or of its negation, as the kernel has it, and why it follows."""
        if stated in ("true", "false"):
            if stated == "true":
                return ("and" if holds else "or", []), "(fun h => h)" if holds else "(fun h => h I)"
            return ("or" if holds else "and", []), "(fun h => h)" if holds else "(fun _ => I)"
        operator, *parts = stated
        if operator == "not":
            normal, function = self.normal(parts[0], not holds)
            return normal, function if holds else f"(fun h => {function} (NNPP _ h))"
        if operator in ("and", "or"):
            both = [self.normal(part, holds) for part in parts]
            kind = operator if holds else {"and": "or", "or": "and"}[operator]
            return (kind, [normal for normal, _ in both]), _joined(kind, [f for _, f in both], holds)
        left, right = (self.term(part) for part in parts)
        p, q = (polynomial(part, set(self.names)) for part in parts)
        forward, back = add(q, scale(p, -1)), add(p, scale(q, -1))
        up, down = f"{right} - {left}", f"{left} - {right}"
        match operator, holds:
            case ("<", True) | (">=", False):
                return (">", up, forward), "(below _ _)" if holds else "(not_at_least _ _)"
            case ("<=", True) | (">", False):
                return (">=", up, forward), "(at_most _ _)" if holds else "(not_above _ _)"
            case (">", True) | ("<=", False):
                return (">", down, back), "(above _ _)" if holds else "(not_at_most _ _)"
            case (">=", True) | ("<", False):
                return (">=", down, back), "(at_least _ _)" if holds else "(not_below _ _)"
            case _, True:
                return ("=", down, back), "(same _ _)"
        return ("or", [(">", up, forward), (">", down, back)]), "(not_same _ _)"

    def text_of(self, normal: Normal) -> str:
        """A normal form, written out."""
        if normal[0] in ("and", "or"):
            empty, sign = ("True", " /\\ ") if normal[0] == "and" else ("False", " \\/ ")
            return "(" + sign.join(self.text_of(part) for part in normal[1]) + ")" if normal[1] else empty
        return f"{normal[1]} = 0" if normal[0] == "=" else f"0 {'<' if normal[0] == '>' else '<='} {normal[1]}"


def _joined(kind: str, functions: list[str], holds: bool) -> str:
    """From the proofs for the parts, one for the formula; the connectives of three and more are nested to the right."""
    *first, proof = functions
    for function in reversed(first):
        if kind == "and":
            split = "h" if holds else "(not_or_and _ _ h)"
            proof = f"(fun h => conj ({function} (proj1 {split})) ({proof} (proj2 {split})))"
        else:
            split = "h" if holds else "not_and_or _ _ h"
            proof = (
                f"(fun h => match {split} with or_introl x => or_introl ({function} x) "
                f"| or_intror x => or_intror ({proof} x) end)"
            )
    return proof


def rocq_names(names: list[str]) -> dict[str, str]:
    """A name that Rocq reads for each name of a text; no two are the same, none is a word of Rocq."""
    taken: dict[str, str] = {}
    for name in names:
        plain = f"v_{re.sub('[^A-Za-z0-9_]', '_', name)}"
        while plain in taken.values():
            plain += "_"
        taken[name] = plain
    return taken


def _numeral(stated: str) -> str:
    return stated if stated.isdecimal() else "0"


def _number(value: Fraction) -> str:
    return f"({value.numerator} / {value.denominator})" if value.denominator != 1 else f"({value.numerator})"
