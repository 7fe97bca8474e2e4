"""`prove` against statements whose truth is known, against brute force, and with parts of it broken on purpose."""

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cvc5
import pytest
import sympy as sp
import z3
from hypothesis import given, settings
from smt_oracle import GRID, Irrational, booleans, truth_or_none, x, y, z

from eqt_theory import Finding, UsageError, Verdict
from eqt_theory.core.errors import ProverDisagreement
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.evidence.smt import lower, prove, witness
from eqt_theory.evidence.smt.provers import Answer, Panel

prove_module = __import__("sys").modules["eqt_theory.evidence.smt.prove"]

p, q = sp.symbols("p q", positive=True)
n = sp.Symbol("n", nonnegative=True)
w = sp.Symbol("w", negative=True)
nz = sp.Symbol("nz", nonzero=True, real=True)
HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
SAFE_ROOT = sp.Piecewise((sp.sqrt(x), x >= 0), (-1, True))

PROVED = [
    ([x > 0], 1 / (1 + 1 / x) < 1),
    ([x < 0], 1 / x < 0),
    ([x < -1], 1 / x > -1),
    ([x > 1, y > 1], 1 / (x * y) < 1 / x),
    ([sp.Ne(x, 0)], 1 / x**2 > 0),
    ([1 / x > 1, x > 0], x < 1),  # a hypothesis with a denominator that another makes sense of
    ([1 / p > 2], p < HALF),
    ([n > 0], 1 / n > 0),
    ([], 1 / nz**2 > 0),
    ([], w**3 < 0),
    ([], sp.Max(x, y, z) >= (x + y + z) / 3),
    ([], sp.Min(x, y, z) <= sp.Max(x, y, z)),
    ([], sp.Abs(x + y) <= sp.Abs(x) + sp.Abs(y)),
    ([], sp.Abs(sp.Abs(x) - sp.Abs(y)) <= sp.Abs(x - y)),
    ([], 1 / sp.Max(x, 1) <= 1),
    ([x > 0], 1 / sp.Max(x, 0) > 0),
    ([sp.Ne(x, 0)], 1 / sp.Abs(x) > 0),
    ([x >= 0, y >= 0], sp.sqrt(x * y) <= (x + y) / 2),
    ([x >= 4], x ** sp.Rational(-3, 2) <= sp.Rational(1, 8)),
    ([x >= 0], sp.cbrt(x) <= 1 + x),
    ([x >= 1], sp.sqrt(1 + sp.sqrt(x)) >= sp.sqrt(2)),
    ([x**2 <= 2], x <= sp.sqrt(2)),
    ([], sp.sqrt(sp.Max(p, y)) > 0),
    ([sp.Max(-p, y) >= 0], sp.sqrt(sp.Max(-p, y)) >= 0),
    ([], sp.Eq(SAFE_ROOT**2, sp.Max(x, 0) + sp.Piecewise((0, x >= 0), (1, True)))),
    ([x > 0], sp.Eq(sp.Piecewise((1, x > 0), (2, x > -1), (3, True)), 1)),
    ([sp.Ne(x, 0)], sp.Piecewise((x, x > 0), (-x, x < 0)) > 0),
    ([], sp.Piecewise((1 / x, sp.Ne(x, 0)), (0, True)) * x <= 1),
    ([], sp.Or(sp.Eq(x, 0), 1 / x**2 > 0)),
    ([], sp.Not(sp.And(x > 0, 1 / x < 0))),
    ([], sp.Implies(x > 0, 1 / x > 0)),
    ([], sp.ITE(x > 0, 1 / x > 0, x <= 0)),
    ([], sp.Equivalent(x > 0, x**3 > 0, x**5 > 0)),
    ([sp.Xor(x > 0, y > 0)], x * y <= 0),
    ([x >= 0.5], x**2.0 >= 0.25),
    ([sp.And(x > 1, y > 1)], [x * y > 1, sp.And(x + y > 2, x > 0)]),
]

REFUTED = [
    ([], x > 0),
    ([sp.Ne(x, 0)], 1 / x < 1),
    ([1 / p < 2], p < HALF),
    ([sp.Ne(x, 0), 1 / x < 1], x > 1),  # multiplying by x whatever its sign would prove it
    ([], n > 0),
    ([], nz > 0),
    ([sp.Implies(x >= 0, sp.sqrt(x) >= 0)], x >= 0),  # a root under a condition says nothing about x
    ([], sp.Or(x >= 0, SAFE_ROOT >= 0)),
    ([], sp.Piecewise((1, x > 0), (2, x > -1), (3, True)) <= 2),
    ([], sp.Abs(x + y) < sp.Abs(x) + sp.Abs(y)),
    ([x >= 0], sp.sqrt(x) <= x),
    ([sp.Eq(x**2, 2), x > 0], x < 1),
    ([sp.Eq(x**3 - 3 * x + 1, 0), x < 0], x * y < 0),
    ([sp.Eq(x**5 - x - 1, 0)], x <= 1),
    ([sp.Eq(3 * x, 2)], x < 0),
    ([], sp.Xor(x > 0, y > 0)),
    ([], sp.Equivalent(x > y, y > x)),
    ([], [x**2 >= 0, x > 0]),
    ([], [1 / (x**2 + 1) > 0, x > 0]),
    ([x + 0.5 >= 10**20], x >= 10**20),  # floats are read exactly, and no sum of them rounds
    ([p > q], p > 2 * q),
]

INCONCLUSIVE = [
    ([x > 1, x < 0], y > 0, "contradict"),
    ([x**2 < 0], y > 0, "contradict"),
    ([p * q < 0], y > 0, "contradict"),
    ([w > n, w**2 > 0], y > 0, "contradict"),
    ([sp.Eq(nz**2, 0)], y > 0, "contradict"),
    ([False], y > 0, "contradict"),
    ([1 / (x**2 + 2 * x + 1 - (x + 1) ** 2) > 0], y > 0, "denominator"),
    ([y <= z], 1 / x + y <= 1 / x + z, "denominator x != 0"),  # it cancels, and is meaningless at 0 still
    ([y <= z], sp.sqrt(x) + y <= sp.sqrt(x) + z, "radicand x >= 0"),
    ([], sp.Piecewise((1 / x, x <= 0), (0, True)) - 1 / x <= 1, "denominator x != 0"),
    ([], sp.Implies(y > 0, 1 / x**2 > 0), "denominator x != 0"),
    ([1 / x**2 > 0], y**2 >= 0, "denominator x != 0"),  # a hypothesis does not vouch for itself
    ([1 / x > 0, sp.sqrt(x) > 0], x**2 > 0, "state it as one"),  # nor do two for each other
    ([sp.sqrt(x) >= 0], x >= 0, "radicand x >= 0"),  # nor does a root for its radicand
    ([], sp.sqrt(x) >= 0, "radicand x >= 0"),
    ([x >= 0], x ** sp.Rational(-3, 2) > 0, "denominator x != 0"),
    ([], sp.Piecewise((x, x > 0), (-x, x < 0)) > 0, "a case of"),
    ([], 1 / sp.Max(x, y) <= 1, "denominator Max(x, y) != 0"),
    ([], sp.Eq(sp.sqrt(y - x**2 - 1), y), "radicand"),
]


def verdict(hypotheses: Any, conclusion: Any) -> Verdict:
    return prove(hypotheses, conclusion, timeout=5).verdict


@pytest.mark.parametrize(("hypotheses", "conclusion"), PROVED, ids=str)
def test_proved(hypotheses: Any, conclusion: Any) -> None:
    finding = prove(hypotheses, conclusion, timeout=5)
    assert finding.verdict is Verdict.PROVED, finding.detail
    assert finding.provers == {"z3": "unsat", "cvc5": "unsat"}
    assert finding.witness is None


@pytest.mark.parametrize(("hypotheses", "conclusion"), REFUTED, ids=str)
def test_refuted_with_an_exact_witness(hypotheses: Any, conclusion: Any) -> None:
    finding = prove(hypotheses, conclusion, timeout=5)
    assert finding.verdict is Verdict.REFUTED, finding.detail
    assert finding.witness is not None
    assert all(isinstance(s, sp.Symbol) and v.is_number and not v.has(sp.Float) for s, v in finding.witness.items())
    assert all(s.is_positive is not True or v > 0 for s, v in finding.witness.items())
    if all(v.is_Rational for v in finding.witness.values()):
        assert confirmed(hypotheses, conclusion, finding.witness)


@pytest.mark.parametrize(("hypotheses", "conclusion", "reason"), INCONCLUSIVE, ids=str)
def test_inconclusive_with_its_reason(hypotheses: Any, conclusion: Any, reason: str) -> None:
    finding = prove(hypotheses, conclusion, timeout=5)
    assert finding.verdict is Verdict.INCONCLUSIVE, finding.detail
    assert reason in finding.detail
    assert finding.witness is None
    assert finding.smtlib.endswith("(check-sat)\n")


def confirmed(hypotheses: Sequence[Any], conclusion: Any, values: dict) -> bool:
    """The oracle's word on a rational witness."""
    at = {s: Fraction(int(v.p), int(v.q)) for s, v in values.items()}
    goals = conclusion if isinstance(conclusion, list) else [conclusion]
    try:
        return all(truth_or_none(h, at) for h in hypotheses) and any(truth_or_none(g, at) is False for g in goals)
    except Irrational:
        return True


def brute_force(hypotheses: Sequence[Any], conclusion: Any) -> str:
    """What the grid knows: a point that refutes, or one where the statement means nothing."""
    for at in GRID:
        try:
            given_here = [truth_or_none(h, at) for h in hypotheses]
            if False in given_here:
                continue
            goal = truth_or_none(conclusion, at)
        except Irrational:
            continue
        if None in given_here or goal is None:
            return f"means nothing at {at}"
        if not goal:
            return f"fails at {at}"
    return ""


@settings(max_examples=120)
@given(booleans(depth=1, terms=1), booleans(depth=1, terms=1), booleans(depth=2, terms=1))
def test_no_verdict_contradicts_brute_force(first: Any, second: Any, conclusion: Any) -> None:
    if first is None or second is None or conclusion is None:
        return
    try:
        finding = prove([first, second], conclusion, timeout=2)
    except UsageError:
        return
    if finding.verdict is Verdict.PROVED:
        assert brute_force([first, second], conclusion) == ""
    if finding.verdict is Verdict.REFUTED and all(v.is_Rational for v in (finding.witness or {}).values()):
        assert confirmed([first, second], conclusion, {x: sp.Integer(0), y: sp.Integer(0), **finding.witness})
    if "contradict" in finding.detail:
        assert brute_force([first, second], sp.false) == ""


@settings(max_examples=60)
@given(booleans(depth=1, terms=1), booleans(depth=1, terms=1))
def test_true_statements_by_construction_are_proved_or_left_open_never_refuted(first: Any, second: Any) -> None:
    """From h1 and h2 follow h1, and (h1 or anything)."""
    if first is None or second is None:
        return
    try:
        finding = prove([first, second], [first, sp.Or(second, x > y)], timeout=2)
    except UsageError:
        return
    assert finding.verdict is not Verdict.REFUTED, finding.detail
    if finding.verdict is Verdict.INCONCLUSIVE:
        assert "contradict" in finding.detail or "state it as one" in finding.detail


# Parts of it broken on purpose -------------------------------------------------------------------


def wrong_verdicts() -> list[Any]:
    """Statements of the tables whose verdict is not the right one."""
    table = [(Verdict.REFUTED, h, c) for h, c in REFUTED] + [(Verdict.INCONCLUSIVE, h, c) for h, c, _ in INCONCLUSIVE]
    return [(h, c) for expected, h, c in table if verdict(h, c) is not expected]


def vouched(self: Any) -> Any:
    return {}, ""


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (lower, "_positive", lambda polynomial: True),  # denominators' signs ignored
        (lower, "_plainly_positive", lambda expr: True),  # radicands taken on trust
        (lower.Lowering, "_need", lambda self, name, formula, path: None),  # conditions not asked for
        (prove_module._Attempt, "_establish", lambda self, lowered: ""),  # conditions and definitions not shown
        (prove_module._Attempt, "_satisfying_point", vouched),  # hypotheses not checked to be satisfiable
        (prove_module, "constraints_of", lambda symbol: []),  # declared signs forgotten
    ],
)
def test_a_planted_fault_gives_a_wrong_verdict_in_the_tables(
    monkeypatch: pytest.MonkeyPatch, where: Any, name: str, fault: Any
) -> None:
    monkeypatch.setattr(where, name, fault)
    assert wrong_verdicts()


class Scripted(Panel):
    """A panel that says what a function says."""

    def __init__(self, say: Callable[[str, str], Answer]) -> None:
        super().__init__()
        for prover in self.provers:
            prover.ask = lambda text, seconds, name=prover.name: say(name, text)  # type: ignore[method-assign]


def everywhere(answer: Answer) -> Callable[[str, str], Answer]:
    return lambda name, text: answer


def test_a_false_counterexample_is_caught_by_the_replay_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    liar = Scripted(everywhere(Answer("sat", {"x": ["rational", "5"]})))
    finding = prove([], x**2 >= x - 1, panel=liar)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "does not confirm" in finding.detail
    always = Replay(Arithmetic.EXACT, (), (ReplayLine("x", False),))
    monkeypatch.setattr(prove_module, "replay", lambda *_: always)
    assert prove([], x**2 >= x - 1, panel=liar).verdict is Verdict.REFUTED  # so the replay is what stands in the way


def test_a_false_satisfying_point_is_no_ground_for_a_proof() -> None:
    def say(name: str, text: str) -> Answer:
        return Answer("unsat") if "negation of" in text else Answer("sat", {"x": ["rational", "-1"]})

    finding = prove([x > 0], x**2 > 0, panel=Scripted(say))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "no point is known" in finding.detail


@pytest.mark.parametrize("said", ["timeout", "unknown", "error", "sat?"])
@pytest.mark.parametrize("who", [{"z3"}, {"cvc5"}, {"z3", "cvc5"}])
def test_what_is_not_unsat_from_both_is_no_proof(said: str, who: set[str]) -> None:
    finding = prove([], x**2 >= x - 1, panel=Scripted(lambda name, _: Answer(said if name in who else "unsat")))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.provers == {name: said if name in who else "unsat" for name in ("z3", "cvc5")}
    assert said in finding.detail


def test_provers_that_disagree_stop_the_run() -> None:
    panel = Scripted(lambda name, _: Answer("sat" if name == "z3" else "unsat"))
    with pytest.raises(ProverDisagreement, match="contradict"):
        prove([], x**2 >= x - 1, panel=panel)


def test_one_prover_alone_is_no_proof() -> None:
    panel = Panel(("z3",))
    assert prove([], x**2 >= x - 1, panel=panel).verdict is Verdict.INCONCLUSIVE
    panel.close()


def test_a_later_conclusion_is_refuted_where_an_earlier_one_is_left_open() -> None:
    finding = prove([], [x ** sp.Rational(1, 2) >= 0, x > 0])
    assert finding.verdict is Verdict.REFUTED
    open_one = prove([], [sp.sqrt(x) >= 0, x**2 >= x - 1])
    assert open_one.verdict is Verdict.INCONCLUSIVE
    assert "radicand" in open_one.obligations[-1].name  # the one that decides comes last


# Normal forms ------------------------------------------------------------------------------------


def deaf_to_the_plain_form(name: str, text: str) -> Answer:
    from eqt_theory.evidence.smt.worker import ask_cvc5, ask_z3

    if "scaled to 1" not in text and "negation of" in text:
        return Answer("timeout")
    said, model = {"z3": ask_z3, "cvc5": ask_cvc5}[name](text, 5)
    return Answer(said, model)


def test_a_normal_form_closes_what_times_out_and_the_finding_says_so() -> None:
    finding = prove([p < q], p**2 < q**2, panel=Scripted(deaf_to_the_plain_form))
    assert finding.verdict is Verdict.PROVED
    assert "scaled to 1" in finding.note
    assert "scaled to 1" in finding.obligations[-1].normalised


def test_a_counterexample_to_a_normal_form_is_one_to_the_statement() -> None:
    finding = prove([p < q], p**2 < p * q / 2, panel=Scripted(deaf_to_the_plain_form))
    assert finding.verdict is Verdict.REFUTED
    assert confirmed([p < q, p > 0], p**2 < p * q / 2, dict(finding.witness or {}))


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


@pytest.mark.parametrize("name", ["lambda", "\\mu", "x y", "let", "abs", "root1", "inv_p", "|", "_"])
def test_awkward_names(name: str) -> None:
    s = sp.Symbol(name, real=True)
    assert verdict([s > 1, p >= 0], s + sp.sqrt(p) > 1) is Verdict.PROVED
    finding = prove([p > 1], s * sp.sqrt(p) < 1)
    assert finding.verdict is Verdict.REFUTED
    assert set(finding.witness or {}) == {s, p}


# Edges and messages ------------------------------------------------------------------------------


def test_literals() -> None:
    assert verdict([], True) is Verdict.PROVED
    assert verdict([], False) is Verdict.REFUTED
    assert verdict([True, x > 0], sp.true) is Verdict.PROVED
    assert "SymPy had decided it" in prove([], p > 0).note  # it is the literal True before prove sees it
    assert prove([], x**2 >= x - 1).note == ""


def test_nonreal_and_infinite_constants_never_become_a_proof() -> None:
    for relation in (sp.Eq(x, sp.nan), sp.Eq(x, sp.zoo), sp.Eq(x, sp.I), sp.Eq(x, sp.oo)):
        assert verdict([], relation) is Verdict.REFUTED  # SymPy says False to each
    with pytest.raises(UsageError, match="I is not polynomial"):
        prove([], sp.Eq(x * sp.I, y))


X_POSITIVE = sp.Symbol("x", positive=True)


@pytest.mark.parametrize(
    ("hypotheses", "conclusion", "timeout", "parts"),
    [
        ([], "x > 0", 1, ["boolean", "str", "'x > 0'"]),
        ([], None, 1, ["boolean", "NoneType"]),
        (3, x > 0, 1, ["boolean", "int", "3"]),
        ([], [], 1, ["conclusion", "at least one", "none"]),
        ([], x, 1, ["relation", "expression", "x"]),
        ([], [x > 0, x + 1], 1, ["boolean", "Add", "x + 1"]),
        ([], x > sp.pi, 1, ["pi", "polynomial"]),
        ([], sp.sin(x) <= 1 - x, 1, ["sin(x)", "polynomial"]),
        ([], x < 0.1, 1, ["0.1", "rounded", "Rational"]),
        ([], sp.Symbol("c") > 0, 1, ["symbol c", "real"]),
        ([], sp.Symbol("k", integer=True) > 0, 1, ["symbol k", "integer=True"]),
        ([x > 0], X_POSITIVE**2 > X_POSITIVE, 1, ["two different symbols", "'x'"]),
        ([], x > 0, 0, ["timeout", "positive", "0"]),
        ([], x > 0, -1, ["timeout", "positive", "-1"]),
        ([], x > 0, "3", ["timeout", "positive", "'3'"]),
        ([], x > 0, True, ["timeout", "positive", "True"]),
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
    with pytest.raises(UsageError, match="panel must be a Panel of provers, got str: 'z3'"):
        prove([], x > 0, panel="z3")  # type: ignore[arg-type]


def test_a_witness_is_made_readable_but_only_as_far_as_it_holds() -> None:
    finding = prove([x > sp.Rational(10, 7), x < sp.Rational(13, 9)], x < 0)
    assert finding.verdict is Verdict.REFUTED
    value = (finding.witness or {})[x]
    assert sp.Rational(10, 7) < value < sp.Rational(13, 9)
    assert value.q <= 100
    assert set(finding.witness or {}) == {x}
    assert witness.simplify({x: value}, lambda _: False) == {x: value}


def test_ordinary_statements_are_quick() -> None:
    prove([], x > 0)  # starts the provers
    slow = []
    for hypotheses, conclusion in [*PROVED, *REFUTED]:
        seconds = []
        for _ in range(3):
            begun = time.perf_counter()
            prove(hypotheses, conclusion)
            seconds.append(time.perf_counter() - begun)
            if seconds[-1] < 0.3:
                break
        else:
            slow.append((hypotheses, conclusion, seconds))
    assert slow == []
