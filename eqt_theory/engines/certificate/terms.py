"""Polynomials of one obligation in FLINT: read from the kernel's formulas, written as terms that the kernel reads."""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import flint

from eqt_theory.kernel.polynomial import Polynomial

Poly = Any  # flint.fmpq_mpoly, which has no annotations
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def rational(value: Any) -> Fraction:
    """The Fraction of a FLINT number."""
    return Fraction(int(value.p), int(value.q))


def key(p: Poly) -> Hashable:
    """A key under which equal polynomials, and only they, meet."""
    return str(p)


def degree(p: Poly) -> int:
    """The total degree."""
    return int(p.total_degree())


def monic(p: Poly) -> Poly:
    """The positive multiple whose leading coefficient is 1 or -1; 0 stays."""
    return p / abs(p.leading_coefficient()) if p != 0 else p


@dataclass(frozen=True)
class Ring:
    """The polynomials in the constants of one text.

    Args:
        names: the constants, sorted.
    """

    names: tuple[str, ...]

    @cached_property
    def context(self) -> Any:
        """FLINT's context; variables are named by number, for any text can be a name in SMT-LIB."""
        return flint.fmpq_mpoly_ctx.get(tuple(f"x{i}" for i in range(len(self.names))) or ("x0",), "degrevlex")

    @property
    def variables(self) -> Sequence[Poly]:
        """The constants as polynomials."""
        return self.context.gens()[: len(self.names)]

    def constant(self, value: Fraction | int) -> Poly:
        """A number as a polynomial."""
        return self.context.constant(flint.fmpq(*Fraction(value).as_integer_ratio()))

    def read(self, p: Polynomial) -> Poly:
        """A polynomial of the kernel."""
        width = max(1, len(self.names))
        terms = {}
        for monomial, coefficient in p.items():
            exponents = [0] * width
            for name, exponent in monomial:
                exponents[self.names.index(name)] = exponent
            terms[tuple(exponents)] = flint.fmpq(coefficient.numerator, coefficient.denominator)
        return self.context.from_dict(terms)

    def name(self, index: int) -> str:
        """A constant as the text names it."""
        name = self.names[index]
        return name if _PLAIN.fullmatch(name) else f"|{name}|"

    def write(self, p: Poly) -> str:
        """The polynomial as a term."""
        summands = [self._summand(m, rational(c)) for m, c in p.terms()]
        return applied("+", summands) if summands else "0"

    def _summand(self, exponents: Iterable[int], coefficient: Fraction) -> str:
        factors = [self.name(i) for i, k in enumerate(exponents) for _ in range(int(k))]
        if factors and coefficient == -1:
            return f"(- {applied('*', factors)})"
        if not factors or coefficient != 1:
            factors.insert(0, written(coefficient))
        return applied("*", factors)

    def factors(self, p: Poly) -> tuple[Fraction, list[tuple[Poly, int]]]:
        """A number and irreducible polynomials with their exponents, of which p is the product."""
        number, parts = p.factor()
        return rational(number), [(q, int(k)) for q, k in parts]


def written(value: Fraction) -> str:
    """A number as a term."""
    body = str(abs(value.numerator))
    if value.denominator != 1:
        body = f"(/ {body} {value.denominator})"
    return f"(- {body})" if value < 0 else body


def applied(operator: str, parts: list[str]) -> str:
    """An operator with its parts as a term; the part itself where there is only one."""
    return parts[0] if len(parts) == 1 else f"({operator} {' '.join(parts)})"
