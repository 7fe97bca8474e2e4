"""What a declaration of a symbol means, and which declarations are refused."""

from typing import Any

import pytest
import sympy as sp
from smt_oracle import formula_truth, truth

from eqt_theory import UsageError
from eqt_theory.engines.smt.signs import constraints_of, declared

ALLOWED = {
    "real": (-2, 0, 2),
    "positive": (2,),
    "negative": (-2,),
    "nonnegative": (0, 2),
    "nonpositive": (-2, 0),
    "nonzero": (-2, 2),
    "zero": (0,),
}


@pytest.mark.parametrize("sign", ALLOWED)
def test_formula_and_relations_say_exactly_the_sign(sign: str) -> None:
    symbol = sp.Symbol("s", **{sign: True})
    for number in (-2, 0, 2):
        at = {symbol: sp.Rational(number)}
        expected = number in ALLOWED[sign]
        assert all(formula_truth(f, at) for f in constraints_of(symbol)) is expected
        assert all(truth(r, at) for r in declared([symbol])) is expected


@pytest.mark.parametrize(
    ("facts", "named"),
    [
        ({}, "real"),
        ({"complex": True}, "real"),
        ({"extended_real": True}, "real"),
        ({"imaginary": True}, "real"),
        ({"commutative": False}, "real"),
        ({"integer": True}, "integer=True"),
        ({"integer": True, "positive": True}, "integer=True"),
        ({"real": True, "integer": False}, "noninteger=True"),
        ({"noninteger": True, "real": True}, "noninteger=True"),
        ({"rational": True}, "rational=True"),
        ({"irrational": True}, "irrational=True"),
        ({"real": True, "algebraic": False}, "transcendental=True"),
        ({"even": True}, "even=True"),
        ({"prime": True}, "prime=True"),
    ],
)
def test_a_declaration_that_is_no_sign_is_refused(facts: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        constraints_of(sp.Symbol("k", **facts))
    assert "symbol k " in str(caught.value)
    assert named in str(caught.value)


def test_asking_sympy_about_a_symbol_does_not_change_what_it_is() -> None:
    symbol = sp.Symbol("asked", real=True)
    assert [symbol.is_integer, symbol.is_prime, symbol.is_algebraic, symbol.is_zero] == [None] * 4
    assert constraints_of(symbol) == []
