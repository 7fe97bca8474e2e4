"""Proofs as mathematics: the lines say what the certificate holds, so that a reader can work it out again."""

import re
from copy import deepcopy

import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.proof_text import infix, lines_of, polynomial_text, proof_lines
from eqt_theory.engines.symbolic import derive
from eqt_theory.kernel.smtlib import expression, term

x, y, a, m, M = sp.symbols("x y a m M", real=True)


def worked_out(lines: list[str], steps: int) -> list[sp.Expr]:
    """The sums of a proof, by SymPy from the words alone."""
    facts: dict[str, sp.Expr] = {}
    found = []
    for line in lines:
        if line.startswith(("[", "Case ")) and "for all numbers" not in line:
            for number, left in re.findall(r"\[(\d+)\] (.*?) (?:>=|>|=) 0", line):
                facts[number] = sp.sympify(left.replace("^", "**"))
        if " = 0 for all numbers" in line:
            text = re.sub(r"\[(\d+)\]", r" (fact_\1) ", line.partition(" = 0 for all")[0]).replace("^", "**")
            text = re.sub(r"(?<=[\d)]) +\(", "*(", text.strip())
            found.append(sp.expand(sp.sympify(text, {f"fact_{n}": p for n, p in facts.items()})))
    assert len(found) == steps
    return found


@pytest.mark.parametrize(
    ("given", "claim", "steps"),
    [
        ([a > 0, a * (m + M) <= 2, m > 0, m <= M], a * m <= 1, 1),
        ([], 2 * x * y <= x**2 + y**2, 1),
        ([], sp.Abs(x + y) <= sp.Abs(x) + sp.Abs(y), None),
    ],
)
def test_the_sums_of_a_proof_are_zero_as_they_are_written(given, claim, steps):
    proof = eqt.prove(given, claim).proof
    assert proof is not None
    lines = [line.text for line in lines_of(proof)]
    count = sum(" = 0 for all numbers" in line for line in lines)
    assert count == steps if steps else count > 1
    assert set(worked_out(lines, count)) == {sp.Integer(0)}


def test_another_multiplier_is_another_sum():
    (obligation,) = eqt.prove([a > 0, a * (m + M) <= 2, m > 0, m <= M], a * m <= 1).obligations
    data = deepcopy(dict(obligation.certificate.data))
    data["proof"]["sum"][0][0] = "7"
    (wrong,) = worked_out([line.text for line in proof_lines(Certificate(data))], 1)
    assert wrong != 0


def test_cases_stand_within_each_other_and_equations_are_put():
    lines = proof_lines(eqt.prove([sp.Eq(y, x), x > 1], y > 0).obligations[-1].certificate)
    assert any(re.match(r"By \[\d+\], [xy] = [xy]; put it everywhere", line.text) for line in lines)
    nested = lines_of(eqt.prove([], sp.Abs(x) + sp.Abs(y) >= sp.Abs(x + y)).proof)
    assert {line.depth for line in nested} >= {1, 2, 3}
    cases = [line for line in nested if line.text.startswith("Case ")]
    assert all(line.text.endswith(":") for line in cases)
    assert any(" or " in line.text for line in cases)  # a part that is a disjunction itself


def test_the_contrary_is_called_so_and_the_point_is_named():
    lines = [line.text for line in lines_of(eqt.prove([x > 1], x > 0).proof)]
    assert sum("the contrary of what is to be shown" in line for line in lines) == 1
    assert any(re.match(r"The hypotheses hold together, for example at x = \d", line) for line in lines)


def test_identities_are_shown_as_they_were_given():
    finding = derive(
        [("squares", (x + 1) ** 2, x**2 + 2 * x + 1), ("by parts", sp.sin(x) ** 2 + sp.cos(x) ** 2, 1)], "so"
    )
    lines = [line.text for line in lines_of(finding.proof)]
    assert lines == ["squares: (x + 1)**2 = x**2 + 2*x + 1", "by parts: sin(x)**2 + cos(x)**2 = 1"]
    shown = finding._repr_html_()
    assert "<details open>" in shown and "(x + 1)<sup>2</sup> = x<sup>2</sup> + 2·x + 1" in shown


def test_what_the_provers_were_asked_is_folded_away():
    shown = eqt.prove([x > 1], x > 0)._repr_html_()
    assert "<details><summary>the proof</summary>" in shown and "contradiction" in shown
    assert "<details" not in eqt.prove([x > 1], x > 2)._repr_html_()


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ("(* 2 (+ x y))", "2*(x + y)"),
        ("(- x (- y (* 3 x)))", "x - (y - 3*x)"),
        ("(+ (* (- 1) x) (- y))", "-x - y"),
        ("(* x x (+ x 1) (+ x 1))", "x^2*(x + 1)^2"),
        ("(/ (* x y) (* 2 y))", "x*y/(2*y)"),
        ("(- (+ x y))", "-(x + y)"),
        ("(* x (- y))", "x*(-y)"),
        ("(/ 1 (/ 1 x))", "1/(1/x)"),
    ],
)
def test_terms_are_written_as_one_writes_them(tree: str, text: str):
    assert (
        infix(expression(tree)).replace(" - ", "-").replace("-", " - ").strip()
        == text.replace(" - ", "-").replace("-", " - ").strip()
    )
    names = {"x", "y"}
    if "/ " not in tree:
        assert sp.expand(sp.sympify(text.replace("^", "**"))) == sp.expand(
            sp.sympify(polynomial_text(term(tree, names)).replace("^", "**"))
        )


def test_formulas_are_kept_in_a_file(tmp_path):
    finding = derive([("squares", (x + 1) ** 2, x**2 + 2 * x + 1)], "so")
    finding.save(tmp_path / "finding.json")
    (read,) = eqt.Finding.load(tmp_path / "finding.json").proof.identities
    assert read.formula == "(x + 1)**2 = x**2 + 2*x + 1"
