"""Short certificates as mathematics: the facts, the cases, what is put in, and the sum, in words and MathML."""

import re
from html import unescape

import pytest
import sympy as sp
from sample_certificates import CASES, POINT, SIGNS, SQUARE, contradiction, leaf, text

from eqt_theory import kernel
from eqt_theory.core.certificate import Certificate
from eqt_theory.engines.certificate import certify_identity
from eqt_theory.report import multipliers as module
from eqt_theory.report.multipliers import equation, multipliers


def _plain(data: dict) -> list[tuple[int, int, str]]:
    """Depth, number and text of each line, without tags; a power as x^2, a fraction as a/b."""
    assert kernel.check(data)
    lines = multipliers(Certificate(data))
    return [(line.depth, line.number, _text(line.html)) for line in lines]


def _text(html: str) -> str:
    html = re.sub(r"<mfrac><m\w+>(.*?)</m\w+><m\w+>(.*?)</m\w+></mfrac>", r"\1/\2", html)
    html = re.sub(r"(<msup>.*?)(<m\w+>[^<]*</m\w+>(?:</mrow>)?)(</msup>)", r"\1^\2\3", html)
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).replace("\u2003", " ").split())


def test_a_square():
    (one, end) = _plain(SQUARE)
    assert one[:2] == (0, 1) and ">0" in one[2]
    assert "(1)+" in end[2] and end[2].endswith("but no summand is negative and one is positive: a contradiction.")


def test_cases_and_what_is_put_in():
    lines = _plain(CASES)
    assert [line[:2] for line in lines] == [(0, 1), (0, 2), (0, 0), (1, 3), (1, 0), (0, 0), (1, 3), (1, 0), (1, 0)]
    assert lines[2][2] == "Case 1:" and lines[5][2] == "Case 2:"
    assert lines[7][2] == "By (3), y=0, which is put in wherever it stands."
    assert lines[8][2] == "(2)=0, but it is positive: a contradiction."
    assert lines[4][2].startswith("(1)(3)+(2)=0")


def test_equations_have_factors():
    lines = _plain(SIGNS)
    assert any("(1)" in line[2] and "(2)(2)(2)+" in line[2] for line in lines)


def test_signs_and_numbers():
    data = contradiction(
        text("(< (* x x) 0)", names="x"),
        {
            "sign": "(- x 2)",
            "cases": {
                "<": leaf(["3/4", [0], []], ["3/4", [], ["x"]]),
                ">=": leaf(["1", [0], []], ["1", [], ["x"]]),
            },
        },
    )
    lines = _plain(data)
    assert [line[2] for line in lines if line[2].startswith("Case")] == ["Case x−2<0:", "Case x−2≥0:"]
    assert any(line[2].startswith("3/4(1)+3/4") for line in lines)


def test_what_was_asked_stands_beside_the_facts():
    stated = text("(< x 0)", "(not (< x 1))", names="x").replace("(assert (not", "; negation of: x < 1\n(assert (not")
    data = contradiction(
        stated.replace("(assert (<", "; x is < 0 & small\n(assert (<", 1),
        leaf(["1", [0], []], ["1", [1], []], ["1", [], ["1"]]),
    )
    html = [line.html for line in multipliers(Certificate(data))]
    assert kernel.check(data)
    assert 'class="said">x is &lt; 0 &amp; small</span>' in html[0]
    assert 'class="said">were it not so that x &lt; 1</span>' in html[1]


def test_what_is_long_or_of_another_kind_or_cannot_be_set_is_left_out(monkeypatch: pytest.MonkeyPatch):
    assert multipliers(None) == multipliers(Certificate(POINT)) == []
    long = contradiction(SQUARE["text"], leaf(*SQUARE["proof"]["sum"], *[["1", [], ["0"]]] * 9))
    assert kernel.check(long) and multipliers(Certificate(long)) == []
    assert multipliers(Certificate(SQUARE)) != []
    monkeypatch.setattr(module, "mathml", lambda latex: None)
    assert multipliers(Certificate(SQUARE)) == []


def test_no_markup_comes_in_by_names_or_comments():
    stated = text("(< |<b>| 0)", "(< 0 |<b>|)", names=["|<b>|"])
    stated = stated.replace("(assert", "; <script>alert(1)</script>\n(assert")
    data = contradiction(stated, leaf(["1", [0], []], ["1", [1], []]))
    shown = "".join(line.html for line in multipliers(Certificate(data)))
    assert kernel.check(data) and shown
    assert "<script" not in shown and "<b>" not in shown


def test_identities():
    x, d = sp.Symbol("x"), sp.Symbol("<d, D>", real=True)
    (line,) = equation(certify_identity((x + 1) ** 2, x**2 + 2 * x + 1))
    assert "<math" in line and "=" in line
    (line,) = equation(certify_identity(d * (x + 1), d * x + d))
    assert "⟨" in line and "⟩" in line
    parts = [sp.Symbol(f"a_{n}") / (x + n) for n in range(1, 14)]
    lines = equation(certify_identity(sp.Add(*parts), sp.Add(*parts[::-1])))
    assert len(lines) == 14
    assert equation(None) == equation(Certificate(SQUARE)) == []
    assert equation(certify_identity(sp.Add(*(p**20 for p in parts)), sp.Add(*(p**20 for p in parts)))) == []
