"""LaTeX of terms and polynomials, read back and evaluated at random numbers."""

import random
import re
from fractions import Fraction
from typing import Any

import pytest

from eqt_theory.kernel.polynomial import Polynomial, add, constant, multiply, scale, variable
from eqt_theory.kernel.smtlib import expression
from eqt_theory.report.formula import name_tex, number_tex, polynomial_tex, term_tex

NAMES = ("x", "Phi_after", "w0", "lambda_", "frozen_after_all")


def _value(latex: str, point: dict[str, Fraction]) -> Fraction:
    """The value of a formula of ours: fractions from the inside outwards, then Python's own arithmetic."""
    text = latex.replace(r"\left(", "(").replace(r"\right)", ")").replace("{}", "")
    for name in sorted(point, key=lambda name: -len(name_tex(name))):
        text = text.replace(name_tex(name), f"@{NAMES.index(name)}@")
    while r"\frac" in text:
        text, found = re.subn(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", re.sub(r"\^\{(\d+)\}", r"**\1", text))
        assert found, text
    text = re.sub(r"\^\{(\d+)\}", r"**\1", text).replace(r"\,", "*")
    text = re.sub(r"(?<![\w@*])(\d+)(?![\w@])|(?<=\*)(?<!\*\*)(\d+)", r"Fraction(\1\2)", text)
    return Fraction(eval(re.sub(r"@(\d)@", r"v[\1]", text), {"Fraction": Fraction, "v": [point[n] for n in NAMES]}))  # noqa: S307


def _point(draw: random.Random) -> dict[str, Fraction]:
    return {name: Fraction(draw.randint(-9, 9), draw.randint(1, 5)) for name in NAMES}


def _at(term: Any, point: dict[str, Fraction]) -> Fraction:
    if isinstance(term, str):
        return Fraction(term) if term[0].isdigit() else point[term]
    operator, *parts = term
    first, *rest = [_at(part, point) for part in parts]
    if operator == "-" and not rest:
        return -first
    for value in rest:
        match operator:
            case "+":
                first += value
            case "-":
                first -= value
            case "*":
                first *= value
            case _:
                first /= value
    return first


def test_terms_mean_what_they_say():
    draw, compared = random.Random(0), 0

    def some(depth: int) -> str:
        if depth == 0:
            return draw.choice([*NAMES, "2", "1", "(/ 3 7)", "(- 1)", "(- x)"])
        parts = " ".join(some(draw.randrange(depth)) for _ in range(draw.randint(2, 3)))
        kind = draw.choice(["+", "-", "*", "*", "/", "neg", "inverse", "square"])
        if kind in ("neg", "inverse", "square"):
            one = some(depth - 1)
            return {"neg": f"(- {one})", "inverse": f"(* {parts} (/ 1 {one}))", "square": f"(* {one} {one})"}[kind]
        return f"({kind} {parts})"

    for _ in range(600):
        text = some(3)
        point = _point(draw)
        try:
            value = _at(expression(text), point)
        except ZeroDivisionError:
            continue
        compared += 1
        assert _value(term_tex(expression(text)), point) == value, (text, term_tex(expression(text)))
        assert _value(rf"2 \, {term_tex(expression(text), True)}", point) == 2 * value, text
    assert compared > 450


def test_polynomials_mean_what_they_say():
    draw = random.Random(1)
    for _ in range(200):
        p: Polynomial = {}
        for _ in range(draw.randrange(5)):
            factors = [variable(draw.choice(NAMES)) for _ in range(draw.randrange(4))]
            p = add(p, scale(multiply(*factors, constant(1)), Fraction(draw.randint(-5, 5), draw.randint(1, 4))))
        point = _point(draw)
        value = Fraction(0)
        for monomial, coefficient in p.items():
            for name, k in monomial:
                coefficient *= point[name] ** k
            value += coefficient
        assert _value(polynomial_tex(p), point) == value, polynomial_tex(p)


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("x", "x"),
        ("alpha", r"\alpha"),
        ("Phi_after", r"\Phi_{\mathrm{after}}"),
        ("w0", r"w_{\mathrm{0}}"),
        ("gap_k", r"\mathrm{gap}_{\mathrm{k}}"),
        ("<d, G0>", r"\langle d, G_{\mathrm{0}} \rangle"),
        (r"a}\b$", r"\text{a  b }"),
        ("<script>", r"\text{ script }"),
    ],
)
def test_names(name: str, latex: str):
    assert name_tex(name) == latex


def test_numbers():
    assert [number_tex(Fraction(n)) for n in ("3", "-3", "3/4", "-3/4")] == ["3", "-3", r"\frac{3}{4}", r"-\frac{3}{4}"]
