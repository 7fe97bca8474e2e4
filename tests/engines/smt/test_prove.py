"""`prove` against statements whose truth is known, against brute force, and with parts of it broken on purpose."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from smt_oracle import GRID, Irrational, booleans, truth_or_none, x, y
from smt_statements import INCONCLUSIVE, PROVED, REFUTED, p, q

from eqt_theory import UsageError, Verdict
from eqt_theory.core.errors import ProverDisagreement
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.core.store import using
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.smt import decide, lower, prove
from eqt_theory.engines.smt.provers import Answer, Panel

statement_module = __import__("sys").modules["eqt_theory.engines.smt.statement"]
attempt_module = __import__("sys").modules["eqt_theory.engines.smt.attempt"]
attempt_module = __import__("sys").modules["eqt_theory.engines.smt.attempt"]


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
    return {}, None, ""


@pytest.mark.parametrize(
    ("where", "name", "fault"),
    [
        (lower, "_positive", lambda polynomial: True),  # denominators' signs ignored
        (lower, "_plainly_positive", lambda expr: True),  # radicands taken on trust
        (lower.Lowering, "_need", lambda self, name, formula, path: None),  # conditions not asked for
        (attempt_module.Attempt, "_establish", lambda self, lowered: ""),  # conditions and definitions not shown
        (attempt_module.Attempt, "satisfying_point", vouched),  # hypotheses not checked to be satisfiable
        (statement_module, "constraints_of", lambda symbol: []),  # declared signs forgotten
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
    monkeypatch.setattr(statement_module, "replay", lambda *_: always)
    monkeypatch.setattr(statement_module, "confirmed", lambda *_: always.confirms)
    assert prove([], x**2 >= x - 1, panel=liar).verdict is Verdict.REFUTED  # so the replay is what stands in the way


def test_a_false_satisfying_point_is_no_ground_for_a_proof() -> None:
    def say(name: str, text: str) -> Answer:
        return Answer("unsat") if "negation of" in text else Answer("sat", {"x": ["rational", "-1"]})

    finding = prove([x > 0], x**2 > 0, panel=Scripted(say))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "no point is known" in finding.detail


@pytest.mark.parametrize("said", ["timeout", "out of budget", "unknown", "error", "sat?"])
@pytest.mark.parametrize("who", [{"z3"}, {"cvc5"}, {"z3", "cvc5"}])
def test_what_is_not_unsat_from_both_is_no_proof(said: str, who: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_module, "certified", lambda decision, _: decision)
    finding = prove([], x**2 >= x - 1, panel=Scripted(lambda name, _: Answer(said if name in who else "unsat")))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.provers == {name: said if name in who else "unsat" for name in ("z3", "cvc5")}
    assert said in finding.detail


def test_provers_that_disagree_stop_the_run() -> None:
    panel = Scripted(lambda name, _: Answer("sat" if name == "z3" else "unsat"))
    with pytest.raises(ProverDisagreement, match="contradict"):
        prove([], x**2 >= x - 1, panel=panel)


def test_one_prover_alone_is_no_proof_but_where_the_kernel_sees_one(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel(("z3",))
    assert prove([], x**2 >= x - 1, panel=panel).shown_by is ShownBy.KERNEL
    monkeypatch.setattr(attempt_module, "certified", lambda decision, _: decision)
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
    from eqt_theory.engines.smt.worker import ask_cvc5, ask_z3

    if "scaled to 1" not in text and "negation of" in text:
        return Answer("timeout")
    said, model = {"z3": ask_z3, "cvc5": ask_cvc5}[name](text, 10**6)
    return Answer(said, model)


def test_a_normal_form_closes_what_times_out_and_the_finding_says_so() -> None:
    with using(None, units=0):  # a certificate would be one of the plain form
        finding = prove([p < q], p**2 < q**2, panel=Scripted(deaf_to_the_plain_form))
    assert finding.verdict is Verdict.PROVED
    assert [o.normalised for o in finding.obligations if o.normalised] == ["p scaled to 1"]
    assert "scaled to 1" in finding.obligations[-1].normalised


def test_a_counterexample_to_a_normal_form_is_one_to_the_statement() -> None:
    finding = prove([p < q], p**2 < p * q / 2, panel=Scripted(deaf_to_the_plain_form))
    assert finding.verdict is Verdict.REFUTED
    assert confirmed([p < q, p > 0], p**2 < p * q / 2, dict(finding.witness or {}))


def test_a_normal_form_is_looked_for_only_where_the_plain_form_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "normalise", lambda *_: pytest.fail("looked for"))
    assert prove([p < q], p**2 < q**2).verdict is Verdict.PROVED
    assert prove([p < q], p**2 < p * q / 2).verdict is Verdict.REFUTED


def budgets_asked(said: Callable[[str, float], str]) -> tuple[Panel, list[float]]:
    """A panel whose provers say what a rule has them say of their budget, and the budgets that it was asked with."""
    panel, budgets = Scripted(everywhere(Answer("timeout"))), []
    for prover in panel.provers:
        prover.ask = lambda text, seconds, name=prover.name: (  # type: ignore[method-assign]
            budgets.append(seconds) or Answer(said(name, seconds))
        )
    return panel, budgets


def test_what_has_no_normal_form_is_asked_again_with_all_the_time() -> None:
    panel, budgets = budgets_asked(lambda name, seconds: "unsat" if seconds > 8 else "timeout")
    finding = prove([], x**2 >= x - 1, timeout=9, panel=panel)
    assert budgets[:6] == [0.1, 0.1, 2.0, 2.0, 9, 9]
    assert len(finding.obligations) == 1 and finding.obligations[0].closed


def test_where_one_prover_gets_stuck_the_certificate_is_looked_for_before_more_is_spent() -> None:
    panel, budgets = budgets_asked(lambda name, seconds: "unsat" if name == "z3" else "timeout")
    (closed,) = prove([p > 1], p**2 > p, panel=panel).obligations
    assert closed.certificate is not None and budgets[:2] == [0.1, 0.1] and 2.0 not in budgets
