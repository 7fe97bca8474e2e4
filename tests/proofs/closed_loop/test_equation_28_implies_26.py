"""From Eq. 28 to Eq. 26: the judgement, faults planted in the repaired form, and the audit's numbers."""

import math
from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.exact import PiecewiseQuadratic


def test_judgements(ledger_of):
    ledger = ledger_of("equation_28_implies_26")
    assert ledger.entry("equation-28-implies-26").judgement is Judgement.FALSE
    assert ledger.entry("equation-28-implies-26-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_each_reading_is_refuted_by_every_check(ledger_of):
    results = ledger_of("equation_28_implies_26").entry("equation-28-implies-26").results
    assert {r.check.reading for r in results} == {"step by step", "up to a constant"}
    assert {r.finding.verdict for r in results} == {Verdict.REFUTED}


@pytest.fixture
def step(claims_file):
    return claims_file("equation_28_implies_26")


def from_gaps(step, factor, drop=None):
    given = {
        "start": step.gap0 <= step.M * step.distance0**2 / 2,
        "end": step.m * step.distance_k**2 / 2 <= step.gap_k,
        "gap": step.gap_k <= step.power * step.gap0,
    }
    hypotheses = [h for name, h in given.items() if name != drop]
    return prove(hypotheses, step.distance_k**2 <= factor * step.power * step.distance0**2).verdict


def test_the_constant_is_needed(step):
    assert from_gaps(step, step.M / step.m) is Verdict.PROVED
    assert from_gaps(step, sp.Integer(1)) is Verdict.REFUTED
    assert from_gaps(step, step.m / step.M) is Verdict.REFUTED


@pytest.mark.parametrize("dropped", ["start", "end", "gap"])
def test_every_hypothesis_is_needed(step, dropped):
    assert from_gaps(step, step.M / step.m, dropped) is Verdict.REFUTED


def test_contradictory_hypotheses(step):
    finding = prove([*step.in_range, step.m < step.mu], step.gap_factor <= step.rate**2)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_drawn_energies_catch_a_missing_constant(step, monkeypatch):
    gap = step.gap
    monkeypatch.setattr(step, "gap", lambda case, state: gap(case, state) ** 2)
    assert step.distances_on_drawn_energies(Run(examples=100)).verdict is Verdict.REFUTED


def test_replay_rejects_a_pair_that_breaks_eq_28(step):
    case = (PiecewiseQuadratic.quadratic(1), Fraction(1), Fraction(1, 2), Fraction(1), Fraction(1))
    assert step.inference_fails(case) is None
    assert not step.inference_fails_again(case).confirms


def test_the_numbers_in_floats():
    """mu = 1, L = 2, g = 1/2, alpha = 1/4, and a pair of states on Phi = (m x^2 + M y^2)/2."""
    mu, lipschitz, g, alpha = 1.0, 2.0, 0.5, 0.25
    low, high = mu + g, lipschitz + g
    factor = 1 - 2 * alpha * low / (1 + high / low)
    rho = 1 - 2 * alpha * mu / (1 + lipschitz / mu)
    assert factor == pytest.approx(0.71875)
    assert rho**2 == pytest.approx(0.69444, abs=1e-5)
    after = math.sqrt(factor * high / low)
    assert low * after**2 / 2 == pytest.approx(factor * high / 2)
    assert after > rho
