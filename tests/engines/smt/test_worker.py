"""One prover by itself: its words, its models, and its errors as answers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from eqt_theory.engines.smt import worker
from eqt_theory.engines.smt.worker import ask_cvc5, ask_z3, read_algebraic

BOTH = pytest.mark.parametrize("ask", [ask_z3, ask_cvc5])


def question(*assertions: str) -> str:
    lines = ["(set-logic QF_NRA)", "(declare-const x Real)", *(f"(assert {a})" for a in assertions), "(check-sat)"]
    return "\n".join(lines)


@BOTH
def test_words(ask: Callable) -> None:
    assert ask(question("(< (* x x) 0)"), 10**6) == ("unsat", {})
    assert ask(question("(= (* 3 x) (- 2))"), 10**6) == ("sat", {"x": ["rational", "-2/3"]})


@BOTH
@pytest.mark.parametrize(
    ("assertions", "around"),
    [
        (["(= (* x x) 2)", "(> x 0)"], (Fraction(1414, 1000), Fraction(1415, 1000))),
        (["(= (* x x x) (- 2))"], (Fraction(-1260, 1000), Fraction(-1259, 1000))),
        (["(= (+ (* 7 x x x) (* (- 3) x) (/ 1 3)) 0)", "(< x 0)"], (Fraction(-8, 10), Fraction(-7, 10))),
        (["(= (* (- (* x x) 2) (- (* 1000 x) 1414)) 0)", "(> (* 1000 x) 1414)"], (Fraction(14142, 10000), Fraction(2))),
    ],
)
def test_algebraic_values_are_one_root_of_their_polynomial(ask: Callable, assertions: list, around: tuple) -> None:
    said, model = ask(question(*assertions), 10**6)
    kind, coefficients, where = model["x"]
    assert said == "sat"
    assert kind in ("root", "between")

    def at(point: Fraction) -> Fraction:
        return sum((Fraction(c) * point**k for k, c in enumerate(coefficients)), Fraction(0))

    assert at(around[0]) * at(around[1]) < 0 or at(around[0]) == 0
    if kind == "between":
        low, high = map(Fraction, where)
        assert at(low) * at(high) < 0
        assert low < around[1]
        assert around[0] < high


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(_ real_algebraic_number <1*x^2 + (-2), (1, 2)>)", (["-2", "0", "1"], "1", "2")),
        ("(_ real_algebraic_number <2*x + (-1), (0, 1)>)", (["-1", "2"], "0", "1")),
        ("(_ real_algebraic_number <-1*x^3 + (-3*x) + 1/3, (-5/4, -1/2)>)", (["1/3", "-3", "0", "-1"], "-5/4", "-1/2")),
    ],
)
def test_the_algebraic_text_of_cvc5(text: str, expected: tuple) -> None:
    coefficients, low, high = read_algebraic(text)
    assert ([str(Fraction(c)) for c in coefficients], low, high) == expected


def test_a_model_of_z3_with_a_division_in_it_is_read() -> None:
    """z3 lists its own reading of x/0 among the values, which is none of the symbols."""
    text = question("(< (* x (/ 1 2)) (* x x x))", "(or (> x 1) (= (* x x) (/ 1 7)))")
    said, model = ask_z3(text, 10**6)
    assert said == "sat"
    assert set(model) <= {"x"}


@BOTH
def test_a_broken_text_raises(ask: Callable) -> None:
    with pytest.raises(Exception, match="(?i)error|symbol|unknown"):
        ask("(assert (< nobody 0))", 10**6)


@pytest.mark.parametrize("name", ["z3", "cvc5"])
def test_the_process_answers_every_line_with_its_number(name: str) -> None:
    texts = [question("(< (* x x) 0)"), "(assert (< nobody 0))", question("(> x 1)")]
    lines = [json.dumps({"id": k, "text": text, "units": 10**6, "cpu": 60}) for k, text in enumerate(texts)]
    asked = [sys.executable, str(Path(worker.__file__)), name, str(os.getpid())]
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("\n".join(lines) + "\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in lines]
    assert [(a["id"], a["said"]) for a in answers] == [(0, "unsat"), (1, "error"), (2, "sat")]
    assert "nobody" in answers[1]["reason"]
