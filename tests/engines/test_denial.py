"""An existence statement falls with a proof of its denial, and with nothing less."""

from dataclasses import replace

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.errors import UnsupportedEvidence
from eqt_theory.core.proof import Proof
from eqt_theory.core.verdict import ShownBy
from eqt_theory.engines.denial import refuted_by

s = sp.Symbol("s", real=True)


def test_a_proved_denial_refutes():
    lemma = prove([], sp.Gt(s + 1, s, evaluate=False), detail="s + 1 is larger than s")
    finding = refuted_by(lemma, "some s is the largest", {"s": "any"})
    assert finding.verdict is Verdict.REFUTED and finding.obligations == lemma.obligations
    assert finding.detail == "some s is the largest: fails, since s + 1 is larger than s"


def test_it_rests_on_all_that_its_lemma_rests_on_and_says_what_is_not_checked():
    lemma = prove([s >= 1], s**2 >= s)
    found = refuted_by(lemma, "some s >= 1 has s^2 < s", {"s": "any"})
    assert (found.hypotheses, found.assumes, found.formal) == (lemma.hypotheses, lemma.assumes, lemma.formal)
    assert found.hypotheses == ("s >= 1",) and "it is not checked" in found.note
    assert found.shown_by is ShownBy.KERNEL and found.certificate == lemma.certificate
    told = tuple(replace(o, certificate=None, answers={"z3": "unsat", "cvc5": "unsat"}) for o in lemma.obligations)
    by_provers = replace(lemma, proof=Proof(told, satisfied_at={s: 1}), certificate=None, obligations=told)
    assert refuted_by(by_provers, "some s", {"s": "any"}).shown_by is ShownBy.PROVERS
    with pytest.raises(UnsupportedEvidence, match="neither a closed obligation nor an identity"):
        replace(found, proof=Proof(), certificate=None)


def test_a_denial_that_is_false_or_open_refutes_nothing():
    for lemma in (prove([], s**2 > s), prove([s > 1, s < 0], s > 2)):
        assert refuted_by(lemma, "some s is the largest", {"s": "any"}).verdict is Verdict.INCONCLUSIVE
