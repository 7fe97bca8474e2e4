"""The text: every symbol declared once, under a name that both provers take."""

import re

import pytest
import sympy as sp

from eqt_theory import UsageError
from eqt_theory.engines.smt.formula import All, Atom, No, Some
from eqt_theory.engines.smt.script import names_of, script
from eqt_theory.engines.smt.worker import ask_cvc5, ask_z3

x, y = sp.symbols("x y", real=True)

AWKWARD = [
    *("lambda", "\\mu", "\\lambda_{max}", "x y", "let", "abs", "sin", "pi", "|", "a|b", "é", "", "1a", "@x", ".x"),
    *("_", "!", "forall", "xor", "=>", "=", "+", "x'", "x\ny", "x;y", '"', "(", "assert", "Real", "to_real", "root1"),
]


@pytest.mark.parametrize("name", AWKWARD)
def test_both_provers_take_every_name_and_give_its_value_back(name: str) -> None:
    symbol = sp.Symbol(name, real=True)
    text = script([(name, Atom(2 * symbol - 3, "="))], [symbol], name)
    for ask in (ask_z3, ask_cvc5):
        said, model = ask(text, 10**6)
        assert said == "sat"
        assert model[names_of([symbol])[symbol].strip("|")] == ["rational", "3/2"]


def test_different_symbols_have_different_names() -> None:
    symbols = [sp.Symbol(name, real=True) for name in ("a_b", "a|b", "abs", "abs_", "|abs|", "", "symbol", "_")]
    assert len(set(names_of(symbols).values())) == len(symbols)


def test_two_symbols_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="two different symbols are named 'x'"):
        names_of([x, sp.Symbol("x", positive=True)])


FORMULA = All(
    (
        Some((Atom(x**3 - sp.Rational(1, 3) * y, "<"), No(Atom(x * (y - 2), "=")))),
        Atom(-sp.Rational(7, 2) + x, "<="),
        No(Some()),
        All(),
    )
)


def test_the_text_spells_the_formula() -> None:
    text = script([("why\nnot", FORMULA)], [x, y], "a\ttitle")
    assert text.splitlines() == [
        "; a title",
        "(set-logic QF_NRA)",
        "(declare-const x Real)",
        "(declare-const y Real)",
        "; why not",
        "(assert (and (or (< (+ (* x x x) (* (- (/ 1 3)) y)) 0) (not (= (* x (+ (- 2) y)) 0)))"
        " (<= (+ (- (/ 7 2)) x) 0) (not false) true))",
        "(check-sat)",
    ]
    declared = re.findall(r"\(declare-const (\S+) Real\)", text)
    assert sorted(declared) == sorted(set(declared)) == ["x", "y"]


def test_a_line_of_a_comment_cannot_become_a_command() -> None:
    text = script([("x\r(assert false)\x85(assert false)\u2028(assert false)", All())], [], "t\n(assert false)")
    assert [ask(text, 10**6)[0] for ask in (ask_z3, ask_cvc5)] == ["sat", "sat"]
