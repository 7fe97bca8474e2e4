"""Rational functions in FLINT: factors of expressions and of minors, as SymPy writes them but found much sooner."""

import operator
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from itertools import combinations
from typing import Any

import flint
import sympy as sp

Poly = Any  # flint.fmpq_mpoly, which has no annotations
Quotient = tuple[Poly, Poly]
"""A numerator and a denominator without common factors."""
_HIGHEST = 40
"""The highest power that is multiplied out."""


def factored(expression: sp.Expr) -> sp.Expr:
    """`sp.factor` of an expression."""
    field = Field(_in_order([expression]))
    quotient = field.read(expression)
    return sp.factor(expression) if quotient is None else field.factored(quotient)


def factored_minors(matrix: sp.Matrix) -> list[sp.Expr] | None:
    """The determinants of all principal submatrices, factored, small ones first.

    Args:
        matrix: square.

    Returns:
        The minors; None where an entry is no rational function.
    """
    n, field = matrix.rows, Field(_in_order(list(matrix)))
    rows: list[list[Poly]] = []
    divisors: list[Poly] = []
    for i in range(n):
        row = [entry for j in range(n) if (entry := field.read(matrix[i, j])) is not None]
        if len(row) < n:
            return None
        divisor = reduce(_common_multiple, (q for _, q in row), field.one)
        rows.append([p * (divisor / q) for p, q in row])
        divisors.append(divisor)
    found = []
    for chosen in (s for size in range(1, n + 1) for s in combinations(range(n), size)):
        top = _determinant([[rows[i][j] for j in chosen] for i in chosen], field.one)
        found.append(field.factored(_reduced(top, reduce(operator.mul, (divisors[i] for i in chosen)))))
    return found


def vanishes(expression: sp.Expr) -> bool:
    """Whether an expression is 0 wherever it does not divide by 0."""
    quotient = Field(_in_order([expression])).read(expression)
    return sp.expand(sp.cancel(expression)) == 0 if quotient is None else quotient[0] == 0


class Field:
    """Rational functions with rational coefficients.

    Args:
        symbols: of which they are; their order decides the signs of factors.
    """

    def __init__(self, symbols: Sequence[sp.Symbol]) -> None:
        self.symbols = tuple(symbols)
        names = tuple(f"x{i}" for i in range(len(self.symbols))) or ("x0",)
        self._context = flint.fmpq_mpoly_ctx.get(names, "lex")
        self._places = dict(zip(self.symbols, self._context.gens(), strict=False))
        self.one = self._context.constant(1)

    def read(self, expression: sp.Basic) -> Quotient | None:
        """An expression; None where it is no rational function of the symbols, or divides by 0."""
        if isinstance(expression, sp.Rational):
            return self._context.constant(flint.fmpq(int(expression.p), int(expression.q))), self.one
        if expression in self._places:
            return self._places[expression], self.one
        if isinstance(expression, sp.Add | sp.Mul):
            parts = [self.read(part) for part in expression.args]
            known = [part for part in parts if part is not None]
            return reduce(_sum if expression.is_Add else _product, known) if len(known) == len(parts) else None
        if isinstance(expression, sp.Pow) and expression.exp.is_Integer and abs(int(expression.exp)) <= _HIGHEST:
            base, power = self.read(expression.base), int(expression.exp)
            if base is not None and (power > 0 or base[0] != 0):
                p, q = base if power > 0 else base[::-1]
                return p ** abs(power), q ** abs(power)
        return None

    def factored(self, quotient: Quotient) -> sp.Expr:
        """The expression of a quotient as SymPy factors it: primitive factors whose first coefficients are positive."""
        if quotient[0] == 0:
            return sp.Integer(0)
        (above, factors), (below, divisors) = (part.factor() for part in quotient)
        number, powers = above / below, [*factors, *((p, -k) for p, k in divisors)]
        rest = sp.Mul(*(self._expression(p) ** int(k) for p, k in powers))
        number = sp.Rational(int(number.p), int(number.q))
        plain = rest.is_Add and abs(number) != 1  # else SymPy multiplies a sum out
        return sp.Mul(number, rest, evaluate=False) if plain else number * rest

    def _expression(self, poly: Poly) -> sp.Expr:
        terms = [(powers, sp.Rational(int(c.p), int(c.q))) for powers, c in poly.terms()]
        return sp.Add(*(c * sp.Mul(*map(operator.pow, self.symbols, map(int, powers))) for powers, c in terms))


def value_at(quotient: Quotient, point: Sequence[Fraction]) -> Fraction | None:
    """The value of a quotient where its symbols are these numbers; None where it is divided by 0."""
    (p, q), numbers = quotient, [flint.fmpq(x.numerator, x.denominator) for x in point]
    value = p(*numbers)
    if not q.is_one():
        below = q(*numbers)
        if not below:
            return None
        value /= below
    return Fraction(int(value.p), int(value.q))


def _in_order(expressions: Sequence[sp.Expr]) -> Sequence[sp.Symbol]:
    """The symbols in some expressions, as SymPy orders them."""
    symbols = set().union(*(e.free_symbols for e in expressions))
    return sp.Poly(sp.Add(*symbols)).gens if symbols else ()


def _reduced(p: Poly, q: Poly) -> Quotient:
    common = p.gcd(q)
    return p / common, q / common


def _sum(a: Quotient, b: Quotient) -> Quotient:
    (p, q), (r, s) = a, b
    return (p + r, q) if q == s == 1 else _reduced(p * s + r * q, q * s)


def _product(a: Quotient, b: Quotient) -> Quotient:
    (p, q), (r, s) = a, b
    return (p * r, q) if q == s == 1 else _reduced(p * r, q * s)


def _common_multiple(p: Poly, q: Poly) -> Poly:
    return p * (q / p.gcd(q))


def _determinant(rows: list[list[Poly]], one: Poly) -> Poly:
    """By elimination, in which nothing is left over (Bareiss 1968)."""
    sign, last = 1, one
    while len(rows) > 1:
        k = next((k for k, row in enumerate(rows) if row[0] != 0), None)
        if k is None:
            return one * 0
        rows[0], rows[k], sign = rows[k], rows[0], -sign if k else sign
        first, *others = rows
        rows = [[(x * first[0] - row[0] * y) / last for x, y in zip(row[1:], first[1:], strict=True)] for row in others]
        last = first[0]
    return sign * rows[0][0]
