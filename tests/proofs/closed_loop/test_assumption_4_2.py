"""Assumption 4.2: its judgement, planted faults, and the witnesses on the library's energies."""

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from closed_loop.lemmas import energy
from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("assumption_4_2")
    assert ledger.entry("assumption-4.2").judgement is Judgement.FALSE
    assert ledger.entry("assumption-4.2-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_every_part_is_refuted(ledger_of):
    entry = ledger_of("assumption_4_2").entry("assumption-4.2")
    refuted = {r.check.part for r in entry.results if r.finding.verdict is Verdict.REFUTED}
    assert refuted == set(entry.claim.readings[0].parts)


@pytest.fixture
def a42(claims_file):
    return claims_file("assumption_4_2")


def test_the_surprise_makes_the_kink(a42):
    """With the surprise of the wrong sign the slopes point towards the tie, and monotonicity holds there."""
    assert a42.across_the_tie(sp.Integer(1)).verdict is Verdict.REFUTED
    assert a42.across_the_tie(sp.Integer(-3)).verdict is Verdict.INCONCLUSIVE


def test_a_ridge_would_make_it_strongly_convex_along_rays(a42):
    assert a42.radial(sp.Integer(0)).verdict is Verdict.REFUTED
    assert a42.radial(a42.mu / 2).verdict is Verdict.REFUTED
    assert a42.radial(a42.mu).verdict is Verdict.PROVED


def test_a_quadratic_along_the_ray_would_do():
    grown = energy.no_strong_convexity(memory_along_ray=2 * energy.mu * sp.Symbol("distance", positive=True))
    assert energy.no_strong_convexity().verdict is Verdict.PROVED
    assert grown.verdict is Verdict.REFUTED


def test_weak_convexity_of_one_over_gamma_is_not_enough(a42):
    assert a42.convexified(a42.weak < a42.g).verdict is Verdict.PROVED
    assert a42.convexified(a42.weak <= a42.g).verdict is Verdict.REFUTED


def test_witnesses_on_the_library_terms():
    head = eqt.LinearHead(torch.tensor([[1.0], [-1.0]], dtype=torch.float64))
    a, b = (torch.tensor([x], dtype=torch.float64) for x in (0.1, -0.1))
    term = eqt.Confidence(head)
    assert float((term.gradient(a) - term.gradient(b)) @ (a - b)) == pytest.approx(-0.3997354538, abs=1e-9)
    memory = eqt.EpisodicMemory(torch.tensor([[1.0, 2.0], [0.0, 1.0]], dtype=torch.float64))
    h = torch.tensor([0.3, -0.4], dtype=torch.float64)
    assert float((memory.gradient(3 * h) - memory.gradient(h)) @ (2 * h)) == pytest.approx(0.0, abs=1e-15)
    flat = eqt.ReversePrediction(eqt.LinearHead(torch.tensor([[0.0], [1.0]], dtype=torch.float64)), torch.tensor([1]))
    assert float(flat.hessian(torch.tensor([20.0], dtype=torch.float64))) < 1 / 20
