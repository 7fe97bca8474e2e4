"""Rational functions in FLINT say what SymPy says."""

import random
from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory.engines.gram.space import principal_minors
from eqt_theory.engines.rational import Field, factored, factored_minors, value_at, vanishes

m, alpha = sp.symbols("m alpha", positive=True)
SYMBOLS = (m, sp.Symbol("L", real=True), alpha, *sp.symbols("x1 x10 <u,v>", real=True), sp.Dummy("w"))


def drawn(rng: random.Random, depth: int) -> sp.Expr:
    if not depth or rng.random() < 0.15:
        return rng.choice(SYMBOLS) if rng.random() < 0.7 else sp.Rational(rng.randint(-6, 6), rng.choice((1, 2, 3)))
    parts = [drawn(rng, depth - 1) for _ in range(rng.randint(2, 3))]
    kind = rng.random()
    if kind < 0.75:
        return (sp.Add if kind < 0.4 else sp.Mul)(*parts)
    return parts[0] ** rng.choice((2, 3, -1, -2)) if kind < 0.9 else parts[0] / (parts[1] or 1)


def expressions(count: int, depth: int) -> list[sp.Expr]:
    rng = random.Random(count)
    drawn_ones = (drawn(rng, 1 + k % depth) for k in range(count))
    return [e for e in drawn_ones if not e.has(sp.zoo, sp.nan)]


def test_factors_are_written_as_sympy_writes_them():
    for e in expressions(300, 3):
        assert sp.srepr(factored(e)) == sp.srepr(sp.factor(e)), e


@pytest.mark.parametrize("e", [sp.sqrt(m) * alpha + sp.sqrt(m), sp.Max(m, alpha) ** 2 - 1, 0.5 * m + 1, m**50 - 1])
def test_what_is_no_rational_function_or_of_a_high_power_is_left_to_sympy(e: sp.Expr):
    assert Field(SYMBOLS).read(e) is None
    assert factored(e) == sp.factor(e)


def test_nothing_is_divided_by_what_cancels_to_0():
    zero = sp.Add(m * (alpha + 1), -alpha * m, -m, evaluate=False)
    assert zero != 0
    assert factored(zero) == 0
    assert Field(SYMBOLS).read(1 / zero) is None
    assert vanishes(zero) and vanishes(zero / alpha) and not vanishes(zero + 1)
    assert vanishes(sp.sqrt(m) * zero) and not vanishes(sp.sqrt(m) * alpha)


def test_values_are_those_of_sympy_and_none_where_it_divides_by_0():
    field, rng = Field(SYMBOLS), random.Random(1)
    for e in expressions(200, 3):
        quotient, point = field.read(e), [Fraction(rng.randint(-9, 9), rng.randint(1, 5)) for _ in SYMBOLS]
        said = e.subs({s: sp.Rational(str(x)) for s, x in zip(SYMBOLS, point, strict=True)})
        if said.is_Rational:
            assert quotient is not None
            assert value_at(quotient, point) == Fraction(int(said.p), int(said.q))
    quotient = field.read((m**2 - 1) / ((m - 1) * (alpha - 2)))
    assert value_at(quotient, [Fraction(1)] * len(SYMBOLS)) == -2
    assert value_at(quotient, [Fraction(2)] * len(SYMBOLS)) is None


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_minors_are_those_of_sympy(size: int):
    entries = iter(expressions(40 * size, 1))
    for _ in range(8 // size):
        matrix = sp.zeros(size, size)
        for i in range(size):
            for j in range(i, size):
                matrix[i, j] = matrix[j, i] = next(entries)
        assert factored_minors(matrix) == [sp.factor(minor) for minor in principal_minors(matrix)]
    matrix[0, 0] = sp.sqrt(m)
    assert factored_minors(matrix) is None


def test_minors_without_a_first_entry_are_found_too():
    assert factored_minors(sp.Matrix([[0, m], [m, 0]])) == [0, 0, -(m**2)]
    assert factored_minors(sp.Matrix([[0, 0, 1], [0, m, 0], [1, 0, 0]]))[-1] == -m
    assert factored_minors(sp.zeros(2, 2)) == [0, 0, 0]
