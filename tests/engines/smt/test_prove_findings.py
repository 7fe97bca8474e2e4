"""What `prove` returns: the same each time, texts that others can check, readable witnesses, clear messages."""

import itertools
import re
import time
from dataclasses import replace
from typing import Any

import cvc5
import pytest
import sympy as sp
import z3
from smt_oracle import x, y
from smt_statements import PROVED, REFUTED, p

from eqt_theory import Finding, UsageError, Verdict
from eqt_theory.engines.smt import prove, witness
from eqt_theory.engines.smt.provers import Panel

attempt_module = __import__("sys").modules["eqt_theory.engines.smt.attempt"]


def verdict(hypotheses: Any, conclusion: Any) -> Verdict:
    return prove(hypotheses, conclusion, timeout=5).verdict


# Determinism -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hypotheses", "conclusion"),
    [([sp.Eq(x**5 - x - 1, 0), y > x], y < 1), ([x >= 1], sp.sqrt(x + sp.sqrt(x)) > 2), ([p > 1], 1 / p < 1)],
)
def test_the_same_statement_gives_the_same_finding(hypotheses: Any, conclusion: Any) -> None:
    first, second = (prove(hypotheses, conclusion) for _ in range(2))
    assert replace(first, seconds=0.0) == replace(second, seconds=0.0)


@pytest.mark.parametrize(
    ("hypotheses", "conclusion", "expected"),
    [
        ([1 / x > 2, x > 0, sp.Ne(1 / (1 / x - 2), 0)], x < 1, Verdict.PROVED),
        ([sp.sqrt(x) > 2, x >= 1, y > x], y > 4, Verdict.PROVED),
        ([1 / x > 2, x > 0, y > x], y > 1, Verdict.REFUTED),
        ([1 / x > 2, 1 / x > 3, y > x], y > 1, Verdict.INCONCLUSIVE),
    ],
)
def test_the_order_of_the_hypotheses_does_not_matter(hypotheses: list, conclusion: Any, expected: Verdict) -> None:
    assert {verdict(list(order), conclusion) for order in itertools.permutations(hypotheses)} == {expected}
    assert verdict(set(hypotheses), conclusion) is expected
    assert verdict(iter(hypotheses), conclusion) is expected
    assert verdict(sp.And(*hypotheses), conclusion) is expected


# The text ----------------------------------------------------------------------------------------


def standalone(text: str) -> dict[str, str]:
    """Both provers on the text, without any code of the package."""
    solver = z3.Solver(ctx=z3.Context())
    solver.from_string(text)
    answers = {"z3": str(solver.check())}
    other = cvc5.Solver(cvc5.TermManager())
    parser = cvc5.InputParser(other)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "text")
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said += str(command.invoke(other, parser.getSymbolManager()))
    return {**answers, "cvc5": said.strip()}


def texts_of(finding: Finding) -> list[str]:
    return [obligation.smtlib for obligation in finding.obligations]


@pytest.mark.parametrize(("hypotheses", "conclusion"), [*PROVED[::4], *REFUTED[::4]], ids=str)
def test_the_text_says_the_same_to_provers_on_their_own(hypotheses: Any, conclusion: Any) -> None:
    finding = prove(hypotheses, conclusion)
    assert finding.smtlib == texts_of(finding)[-1]
    for obligation in finding.obligations:
        assert standalone(obligation.smtlib) == obligation.answers
        declared = re.findall(r"\(declare-const (\|[^|]*\||\S+) Real\)", obligation.smtlib)
        assert len(declared) == len(set(declared))
        body = re.sub(r";.*", "", obligation.smtlib)
        used = set(re.findall(r"[A-Za-z_]\w*", re.sub(r"\(declare-const.*|\(set-logic.*|\(check-sat\)", "", body)))
        assert used - {"assert", "and", "or", "not", "true", "false"} == set(declared)


BREAKS = ["a\n;b", "a\r\n;b", "a\u2028;b", "a\x85b", "a|b", "a\\|b", "a\x00b", "a)(assert false)(", "\ud800", ";", "\n"]


@pytest.mark.parametrize("name", BREAKS)
def test_no_name_reaches_the_answer_to_another_question(name: str) -> None:
    odd = sp.Symbol(name, real=True)
    assert verdict([], sp.Ge(odd**2, 0, evaluate=False)) is Verdict.PROVED
    finding = prove([], odd**3 >= 0)
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness is not None and finding.witness[odd] < 0
    assert finding.smtlib.isprintable() is False  # it has lines,
    lines = finding.smtlib.split("\n")
    assert all(line.isprintable() for line in lines)  # and each is one
    assert [line.split(" ")[0] for line in lines if line and not line.startswith(";")] == [
        *("(set-logic", "(declare-const", "(assert", "(check-sat)")
    ]


@pytest.mark.parametrize("name", ["lambda", "\\mu", "x y", "let", "abs", "root1", "inv_p", "|", "_"])
def test_awkward_names(name: str) -> None:
    s = sp.Symbol(name, real=True)
    assert verdict([s > 1, p >= 0], s + sp.sqrt(p) > 1) is Verdict.PROVED
    finding = prove([p > 1], s * sp.sqrt(p) < 1)
    assert finding.verdict is Verdict.REFUTED
    assert set(finding.witness or {}) == {s, p}


# Edges and messages ------------------------------------------------------------------------------


def test_literals() -> None:
    assert verdict([], sp.false) is Verdict.REFUTED
    assert verdict([sp.true, x > 0], x**3 > 0) is Verdict.PROVED
    assert "SymPy had decided it" in prove([], [p > 0, x**2 >= x - 1]).note
    assert prove([], x**2 >= x - 1).note == ""


@pytest.mark.parametrize("conclusion", [sp.true, p > 0, [p > 0, sp.Eq(x, x)], sp.And()])
def test_what_sympy_decided_before_is_no_statement(conclusion: Any) -> None:
    with pytest.raises(UsageError, match="literal true.*evaluate=False"):
        prove([], conclusion)


@pytest.mark.parametrize("same", [(x + 1) ** 2 == x**2 + 2 * x + 1, x == x, True, False])
def test_a_plain_bool_is_no_statement(same: bool) -> None:
    for hypotheses, conclusion in (([], same), ([], [x > 0, same]), ([same], x > 0), (same, x > 0)):
        with pytest.raises(UsageError, match=r"== b.*sp\.Eq"):
            prove(hypotheses, conclusion)


def test_nonreal_and_infinite_constants_never_become_a_proof() -> None:
    for relation in (sp.Eq(x, sp.nan), sp.Eq(x, sp.zoo), sp.Eq(x, sp.I), sp.Eq(x, sp.oo)):
        assert verdict([], relation) is Verdict.REFUTED  # SymPy says False to each
    with pytest.raises(UsageError, match="I is not polynomial"):
        prove([], sp.Eq(x * sp.I, y))


X_POSITIVE = sp.Symbol("x", positive=True)


@pytest.mark.parametrize(
    ("hypotheses", "conclusion", "timeout", "parts"),
    [
        ([], "x > 0", 1, ["conclusion", "Boolean", "'x > 0'"]),
        ([], None, 1, ["conclusion", "Boolean", "None"]),
        (3, x > 0, 1, ["hypotheses", "Boolean", "3"]),
        ([], [], 1, ["conclusion", "at least one", "none"]),
        ([], x, 1, ["relation", "expression", "x"]),
        ([], [x > 0, x + 1], 1, ["conclusion", "Boolean", "x + 1"]),
        ([], x > sp.pi, 1, ["pi", "polynomial"]),
        ([], sp.sin(x) <= 1 - x, 1, ["sin(x)", "polynomial"]),
        ([], x < 0.1, 1, ["0.1", "rounded", "Rational"]),
        ([], sp.Symbol("c") > 0, 1, ["symbol c", "real"]),
        ([], sp.Symbol("k", integer=True) > 0, 1, ["symbol k", "integer=True"]),
        ([x > 0], X_POSITIVE**2 > X_POSITIVE, 1, ["two different symbols", "'x'"]),
        ([], x > 0, 0, ["timeout", "positive", "0"]),
        ([], x > 0, -1, ["timeout", "positive", "-1"]),
        ([], x > 0, "3", ["timeout", "number", "'3'"]),
        ([], x > 0, True, ["timeout", "number", "True"]),
        ([], x > 0, float("nan"), ["timeout", "positive", "nan"]),
        ([], x > 0, float("inf"), ["timeout", "positive", "inf"]),
    ],
)
def test_messages_say_what_was_expected_what_arrived_and_its_name(
    hypotheses: Any, conclusion: Any, timeout: Any, parts: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        prove(hypotheses, conclusion, timeout)
    for part in parts:
        assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_panel_is_checked() -> None:
    with pytest.raises(UsageError, match="panel must be .*Panel.*, got 'z3'"):
        prove([], x > 0, panel="z3")  # type: ignore[arg-type]


def test_a_witness_is_made_readable_but_only_as_far_as_it_holds() -> None:
    finding = prove([x > sp.Rational(10, 7), x < sp.Rational(13, 9)], x < 0)
    assert finding.verdict is Verdict.REFUTED
    value = (finding.witness or {})[x]
    assert sp.Rational(10, 7) < value < sp.Rational(13, 9)
    assert value.q <= 100
    assert set(finding.witness or {}) == {x}
    assert witness.simplify({x: value}, lambda _: False) == {x: value}


def test_ordinary_statements_need_little_work() -> None:
    little = 0.5  # of the provers' own units, not of a clock
    slow = [(h, c) for h, c in [*PROVED, *REFUTED] if prove(h, c, little).verdict is Verdict.INCONCLUSIVE]
    assert slow == []


@pytest.mark.parametrize("late", ["z3", "cvc5"])
def test_no_witness_depends_on_which_prover_answers_first(late: str, monkeypatch: pytest.MonkeyPatch) -> None:
    u, v = sp.symbols("u v", real=True)
    panel = Panel()
    plain = prove([], u**2 >= v, panel=panel)
    panel._answered.clear()
    slow = next(prover for prover in panel.provers if prover.name == late)
    ask = slow.ask
    monkeypatch.setattr(slow, "ask", lambda text, seconds: (time.sleep(0.2), ask(text, seconds))[1])
    assert prove([], u**2 >= v, panel=panel).witness == plain.witness
    panel.close()


def test_what_one_prover_closes_is_shown_where_the_kernel_sees_it():
    """Sylvester's criterion of order 3; without the determinant it is false."""
    a, b, c, d, u, v = sp.symbols("a b c d u v", real=True)
    matrix, vector = sp.Matrix([[a, d, u], [d, b, v], [u, v, c]]), sp.Matrix(sp.symbols("x y z", real=True))
    form, minors = (vector.T * matrix * vector)[0], [a > 0, matrix[:2, :2].det() > 0]
    assert prove([*minors, matrix.det() >= 0], form >= 0).verdict is Verdict.PROVED
    assert prove(minors, form >= 0).verdict is Verdict.REFUTED


def test_an_equation_of_matrices_is_one_of_their_entries():
    """Cayley and Hamilton, of order 2."""
    a, b, c, d = sp.symbols("a b c d", real=True)
    matrix = sp.Matrix([[a, b], [c, d]])
    right = sp.Eq(matrix**2, (a + d) * matrix - matrix.det() * sp.eye(2), evaluate=False)
    assert prove([], right).verdict is Verdict.PROVED
    assert prove([], sp.Eq(matrix**2, (a + d) * matrix, evaluate=False)).verdict is Verdict.REFUTED
    given = prove([sp.Eq(matrix, sp.Matrix([[1, x], [0, 1]]), evaluate=False)], sp.Eq(matrix.det(), 1))
    assert given.verdict is Verdict.PROVED and "c = 0" in str(given.hypotheses).replace("Eq(c, 0)", "c = 0")


@pytest.mark.parametrize("shape", [(3, 2), (6, 1), (2, 2)])
def test_matrices_of_two_shapes_are_no_sides_of_an_equation(shape: tuple[int, int]):
    numbers = sp.symbols("a:6", real=True)
    sides = sp.Matrix(2, 3, numbers), sp.Matrix(*shape, numbers[: shape[0] * shape[1]])
    with pytest.raises(UsageError, match="one shape"):
        prove([], sp.Eq(*sides, evaluate=False))


def test_the_sign_of_a_number():
    """Soft thresholding is nonexpansive, and no contraction."""

    def shrunk(z: sp.Expr) -> sp.Expr:
        return sp.sign(z) * sp.Max(sp.Abs(z) - p, 0)

    assert prove([], sp.Abs(shrunk(x) - shrunk(y)) <= sp.Abs(x - y)).verdict is Verdict.PROVED
    assert prove([], sp.Abs(shrunk(x) - shrunk(y)) <= sp.Abs(x - y) / 2).verdict is Verdict.REFUTED
    assert prove([], sp.Eq(x * sp.sign(x), sp.Abs(x))).verdict is Verdict.PROVED
    assert prove([], sp.Eq(sp.sign(x) ** 2, 1)).verdict is Verdict.REFUTED, "not at 0"
