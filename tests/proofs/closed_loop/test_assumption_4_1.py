"""Assumption 4.1: its judgement, planted faults, and the witnesses on the library's energies."""

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from closed_loop.lemmas import energy
from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("assumption_4_1")
    assert ledger.entry("assumption-4.1").judgement is Judgement.FALSE
    assert ledger.entry("assumption-4.1-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_each_failing_term_is_refuted_and_the_cross_entropies_hold(ledger_of):
    results = ledger_of("assumption_4_1").entry("assumption-4.1").results
    refuted = {r.check.part for r in results if r.finding.verdict is Verdict.REFUTED}
    proved = {r.check.part for r in results if r.finding.verdict is Verdict.PROVED}
    assert refuted == {"confidence term", "memory term", "weighted sum"}
    assert proved == {"reverse and masked terms"}


@pytest.fixture
def a41(claims_file):
    return claims_file("assumption_4_1")


def test_a_term_without_the_kink_is_not_refuted(a41):
    """Slopes that vanish at the tie differ by less than L h for large L."""
    smooth = a41.h * a41.growth / (1 + a41.growth) ** 2
    assert a41.jump_lemma(smooth).verdict is not Verdict.PROVED
    assert a41.refuted_by(a41.jump_lemma(smooth), "some L", {}).verdict is Verdict.INCONCLUSIVE
    assert a41.jump_lemma(a41.slope_beside_the_tie()).verdict is Verdict.PROVED


def test_a_term_without_the_blow_up_is_not_refuted(a41):
    r = sp.Symbol("r", positive=True)
    assert a41.blow_up_lemma(r, 1).verdict is Verdict.PROVED
    assert a41.blow_up_lemma(r, 0).verdict is Verdict.REFUTED


def test_unbounded_other_terms_could_cancel_the_memory():
    G = energy.lambda_mem * energy.slope / energy.r  # noqa: N806
    assert energy.no_lipschitz_constant().verdict is Verdict.PROVED
    assert energy.no_lipschitz_constant(others=G).verdict is not Verdict.PROVED


def test_slope_beside_the_tie_is_that_of_the_library_term(a41):
    term = eqt.Confidence(eqt.LinearHead(torch.tensor([[1.0], [-1.0]], dtype=torch.float64)))
    for h in (0.01, 0.3):
        slope = float(term.gradient(torch.tensor([h], dtype=torch.float64)))
        wanted = -float(a41.slope_beside_the_tie().subs(a41.growth, sp.exp(2 * a41.h)).subs(a41.h, h))
        assert slope == pytest.approx(wanted, rel=1e-12)
    beside = [float(term.gradient(torch.tensor([x], dtype=torch.float64))) for x in (1e-9, -1e-9)]
    assert beside == pytest.approx([-1.0, 1.0], abs=1e-8)


def test_memory_gradients_at_the_witness():
    memory = eqt.EpisodicMemory(torch.tensor([[1.0, 0.0]], dtype=torch.float64), tau=0.5)
    r = 1e-3
    near, far = (memory.gradient(torch.tensor([0.0, x], dtype=torch.float64)) for x in (r, 2 * r))
    assert float((near - far).norm()) == pytest.approx(1 / (2 * 0.5 * r), rel=1e-12)
