from dataclasses import replace

import pytest
import sample_findings as sample

from eqt_theory.core.errors import UnsupportedEvidence
from eqt_theory.core.finding import Arithmetic, Finding, Identity, Obligation, Proof, Replay, ReplayLine
from eqt_theory.core.verdict import SUPPORTABLE, Method, Verdict

CLOSED = Obligation("goal", "(check-sat)", {"z3": "unsat", "cvc5": "unsat"})
EVIDENCE = {
    "witness": {"x": 1},
    "replay": sample.REPLAY,
    "proof": Proof(obligations=(CLOSED,), identities=(Identity("0 = 0", "0"),), satisfied_at={"x": 1}),
    "enclosures": {"value": 1},
    "examples": 5,
}


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_beyond_its_method_cannot_be_built_whatever_the_evidence(method: Method, verdict: Verdict):
    evidence = dict(EVIDENCE)
    if verdict is not Verdict.REFUTED:
        del evidence["witness"]
    if verdict in SUPPORTABLE[method]:
        assert Finding(verdict, method, "detail", **evidence).verdict is verdict
    else:
        with pytest.raises(UnsupportedEvidence, match=f"{verdict} by {method}"):
            Finding(verdict, method, "detail", **evidence)


def _replayed(arithmetic: Arithmetic, hypothesis: bool, *conclusions: bool) -> Replay:
    lines = tuple(ReplayLine("conclusion", holds) for holds in conclusions)
    return Replay(arithmetic, (ReplayLine("hypothesis", hypothesis),), lines)


def _proof(**answers: str) -> Proof:
    return Proof(obligations=(Obligation("goal", "text", answers),), satisfied_at={"x": 1})


UNSOUND = {
    "no proof": (Verdict.PROVED, Method.SMT, {}),
    "an empty proof": (Verdict.PROVED, Method.SMT, {"proof": Proof()}),
    "one prover only": (Verdict.PROVED, Method.SMT, {"proof": _proof(z3="unsat")}),
    "one prover timed out": (Verdict.PROVED, Method.SMT, {"proof": _proof(z3="unsat", cvc5="unknown")}),
    "a prover says sat": (Verdict.PROVED, Method.SMT, {"proof": _proof(z3="unsat", cvc5="sat")}),
    "both time out": (Verdict.PROVED, Method.SMT, {"proof": _proof(z3="unknown", cvc5="unknown")}),
    "hypotheses never satisfied": (Verdict.PROVED, Method.SMT, {"proof": Proof(obligations=(CLOSED,))}),
    "one open obligation of two": (
        Verdict.PROVED,
        Method.SMT,
        {"proof": Proof((CLOSED, Obligation("b", "", {})), (), {"x": 1})},
    ),
    "SMT without obligations": (Verdict.PROVED, Method.SMT, {"proof": Proof(identities=(Identity("a", "0"),))}),
    "symbolic without identities": (Verdict.PROVED, Method.SYMBOLIC, {"proof": Proof((CLOSED,), (), {"x": 1})}),
    "an identity with a remainder": (Verdict.PROVED, Method.SYMBOLIC, {"proof": Proof((), (Identity("a", "x"),))}),
    "certified without a value": (Verdict.CERTIFIED, Method.INTERVAL, {}),
    "supported by no example": (Verdict.SUPPORTED, Method.SAMPLING, {}),
    "refuted without a witness": (Verdict.REFUTED, Method.EXACT, {"replay": sample.REPLAY}),
    "refuted without a replay": (Verdict.REFUTED, Method.EXACT, {"witness": {"x": 1}}),
    "a hypothesis fails at the witness": (
        Verdict.REFUTED,
        Method.EXACT,
        {"witness": {"x": 1}, "replay": _replayed(Arithmetic.EXACT, False, False)},
    ),
    "the conclusion holds at the witness": (
        Verdict.REFUTED,
        Method.EXACT,
        {"witness": {"x": 1}, "replay": _replayed(Arithmetic.EXACT, True, True)},
    ),
    "a replay without conclusion": (
        Verdict.REFUTED,
        Method.EXACT,
        {"witness": {"x": 1}, "replay": _replayed(Arithmetic.EXACT, True)},
    ),
    "an exact refutation in floats": (
        Verdict.REFUTED,
        Method.SMT,
        {"witness": {"x": 1}, "replay": _replayed(Arithmetic.FLOAT, True, False)},
    ),
    "a witness beside a proof": (
        Verdict.PROVED,
        Method.SMT,
        {"proof": _proof(z3="unsat", cvc5="unsat"), "witness": {"x": 1}},
    ),
}


@pytest.mark.parametrize(("verdict", "method", "evidence"), UNSOUND.values(), ids=UNSOUND.keys())
def test_an_unsound_finding_cannot_be_built(verdict: Verdict, method: Method, evidence: dict):
    with pytest.raises(UnsupportedEvidence):
        Finding(verdict, method, "detail", **evidence)


def test_a_finding_must_say_something():
    with pytest.raises(UnsupportedEvidence, match="detail"):
        Finding(Verdict.INCONCLUSIVE, Method.SMT, "  ")


def test_a_sound_finding_cannot_be_turned_into_an_unsound_one():
    with pytest.raises(UnsupportedEvidence):
        replace(sample.supported(), verdict=Verdict.PROVED)


def test_samples_may_refute_in_floats():
    replay = _replayed(Arithmetic.FLOAT, True, True, False)
    finding = Finding(Verdict.REFUTED, Method.PROPERTY, "detail", witness={"x": 0.5}, replay=replay)
    assert finding.conclusive


def test_provers_and_text_are_those_of_the_last_obligation():
    first = Obligation("denominator", "first", {"z3": "unsat", "cvc5": "unsat"})
    proof = Proof(obligations=(first, CLOSED), satisfied_at={"x": 1})
    finding = Finding(Verdict.PROVED, Method.SMT, "detail", proof=proof, obligations=(first, CLOSED))
    assert finding.provers == {"z3": "unsat", "cvc5": "unsat"}
    assert finding.smtlib == "(check-sat)"
    assert sample.unknown().provers == {}
    assert not sample.unknown().conclusive
