"""An existence statement falls with a proof of its denial, and with nothing less."""

import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.engines.denial import refuted_by

s = sp.Symbol("s", real=True)


def test_a_proved_denial_refutes():
    lemma = prove([], sp.Gt(s + 1, s, evaluate=False), detail="s + 1 is larger than s")
    finding = refuted_by(lemma, "some s is the largest", {"s": "any"})
    assert finding.verdict is Verdict.REFUTED and finding.obligations == lemma.obligations
    assert finding.detail == "some s is the largest: fails, since s + 1 is larger than s"


def test_a_denial_that_is_false_or_open_refutes_nothing():
    for lemma in (prove([], s**2 > s), prove([s > 1, s < 0], s > 2)):
        assert refuted_by(lemma, "some s is the largest", {"s": "any"}).verdict is Verdict.INCONCLUSIVE
