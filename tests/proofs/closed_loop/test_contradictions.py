"""The contradictions: their judgements, faults planted in each, and the numbers in plain floats."""

import math

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.symbolic import derive

IDS = ("energy-eq4-eq11", "block-eq5-eq6", "proposition-9.5-section-4.1.1", "memory-eq15-eq16")


@pytest.mark.parametrize("claim_id", IDS)
def test_judgements(ledger_of, claim_id):
    assert ledger_of("contradictions").entry(claim_id).judgement is Judgement.INCONSISTENT


def test_nothing_is_left_open(ledger_of):
    assert ledger_of("contradictions").problems() == []


@pytest.fixture
def pairs(claims_file):
    return claims_file("contradictions")


def test_memory_terms_agree_for_large_tau(pairs):
    """The contradiction is not decided in advance: with T <= 11/10 the orders agree."""
    T = pairs.T
    assert prove([T >= 1, sp.Rational(11, 10) >= T], T**3 + T**4 < T**5 + 1).verdict is Verdict.REFUTED


def test_wrong_cosine_is_found(pairs, monkeypatch):
    monkeypatch.setattr(pairs, "cosines_between", (sp.Rational(4, 5), sp.Rational(4, 5)))
    assert pairs.cosines_of_the_two_states().verdict is not Verdict.PROVED


def test_blocks_with_the_skip_agree(pairs, monkeypatch):
    """With the attention inside the increment nothing contradicts."""
    with_skip = pairs.eq5
    monkeypatch.setattr(pairs, "eq6", lambda state, attention, feed: with_skip(state, attention, feed))
    assert pairs.blocks_differ_by_the_attention().verdict is Verdict.REFUTED
    assert pairs.blocks_on_numbers().verdict is Verdict.INCONCLUSIVE


def test_limits_exchanged(pairs):
    star, gamma = pairs.equilibrium()
    assert derive([("gamma -> 0", sp.limit(star, gamma, 0, "+"), pairs.u)], "planted").verdict is Verdict.REFUTED


def test_a_limit_can_be_both_where_the_proposal_is_the_minimiser(pairs):
    third = sp.Abs(pairs.f - pairs.u) / 3
    near = (sp.Abs(pairs.h - pairs.f) <= third) & (sp.Abs(pairs.h - pairs.u) <= third)
    assert prove([], sp.Not(near)).verdict is Verdict.REFUTED


def test_selections_with_equal_lengths(pairs):
    p = pairs
    given = [p.r1 >= p.r2, sp.Eq(p.x1, p.r1 + p.r2), sp.Eq(p.x2, 2 * p.r1), sp.Eq(p.size**2, p.x1**2 + p.x2**2)]
    assert prove(given, [p.r1 * p.x1 > p.r2 * p.x2, p.x1 / p.size < p.x2 / p.size]).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(pairs):
    assert prove([pairs.r1 > pairs.r2, pairs.r1 < pairs.r2], pairs.x1 > pairs.x2).verdict is Verdict.INCONCLUSIVE


def test_memory_energies_in_floats():
    tau = 0.1
    at_z1, between = (-math.log(sum(math.exp(c / tau) for c in cosines)) for cosines in ((1, 0), (0.6, 0.8)))
    assert at_z1 < between
    assert -(0.6 + 0.8) < -(1 + 0)


def test_selection_in_floats():
    dots = (10 * 1, 1 * 2)
    cosines = (1 / math.hypot(1, 2), 2 / math.hypot(1, 2))
    assert dots[0] > dots[1]
    assert cosines == pytest.approx((0.447, 0.894), abs=1e-3)
