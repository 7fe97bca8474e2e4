"""Polynomials over the rationals: `{((name, exponent), ..): coefficient}`, names sorted, no coefficient 0."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import lcm
from typing import Any

from eqt_theory.kernel.reading import Rejected, need

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]

_MOST = 10**5
"""Products of terms in one multiplication; more is refused, not computed."""


def constant(value: Fraction | int) -> Polynomial:
    """A constant as a polynomial."""
    return {(): Fraction(value)} if value else {}


def variable(name: str) -> Polynomial:
    """A variable as a polynomial."""
    return {((name, 1),): Fraction(1)}


def _collected(terms: Iterable[tuple[Monomial, Any]]) -> dict[Monomial, Any]:
    """The sum of terms."""
    result: dict[Monomial, Any] = {}
    for monomial, coefficient in terms:
        result[monomial] = result[monomial] + coefficient if monomial in result else coefficient
    return {monomial: coefficient for monomial, coefficient in result.items() if coefficient}


def add(*summands: Polynomial) -> Polynomial:
    """The sum."""
    return _collected(term for p in summands for term in p.items())


def scale(p: Polynomial, factor: Fraction | int) -> Polynomial:
    """The multiple."""
    return {monomial: coefficient * factor for monomial, coefficient in p.items()} if factor else {}


def _joined(a: Monomial, b: Monomial) -> Monomial:
    exponents = dict(a)
    for name, exponent in b:
        exponents[name] = exponents.get(name, 0) + exponent
    return tuple(sorted(exponents.items()))


def multiply(*factors: Polynomial) -> Polynomial:
    """The product; 1 where there is no factor."""
    result, below = {(): 1}, 1  # whole numbers, and by what they are to be divided
    for p in factors:
        need(len(result) * len(p) <= _MOST, "a product has too many terms")
        scale = lcm(*(c.denominator for c in p.values()))
        whole = [(b, c.numerator * (scale // c.denominator)) for b, c in p.items()]
        result, below = _collected((_joined(a, b), x * y) for a, x in result.items() for b, y in whole), below * scale
    return {monomial: Fraction(x, below) for monomial, x in result.items()}


def powers(p: Polynomial, name: str) -> Iterator[tuple[int, Polynomial]]:
    """The terms of p as (k, c), each standing for c * name**k, c a term without the variable."""
    for monomial, coefficient in p.items():
        yield dict(monomial).get(name, 0), {tuple(v for v in monomial if v[0] != name): coefficient}


def substitute(p: Polynomial, name: str, value: Polynomial) -> Polynomial:
    """The polynomial with the value in place of the variable."""
    return add(*(multiply(c, *[value] * k) for k, c in powers(p, name)))


def value_of(p: Polynomial) -> Fraction:
    """The number that a constant polynomial is."""
    if set(p) - {()}:
        raise Rejected("expected a constant")
    return p.get((), Fraction(0))
