"""Eq. 13: its judgement, planted faults, and the noise floor by simulation."""

import random
from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_13")
    assert ledger.entry("equation-13").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("equation-13-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def eq13(claims_file):
    return claims_file("equation_13")


def test_masking_everything_is_never_empty(eq13, monkeypatch):
    """The refuted statement is not decided in advance."""
    monkeypatch.setattr(eq13, "RATE", Fraction(1))
    assert eq13.masks_are_never_empty().verdict is Verdict.CERTIFIED


def test_a_wrong_probability_is_noticed(eq13, monkeypatch):
    monkeypatch.setattr(eq13, "empty_probability", lambda length: Fraction(4, 5) ** length)
    assert eq13.probability_of_the_empty_mask().verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("wrong", [Fraction(4, 5), Fraction(1)])
def test_another_chance_is_not_that_of_every_length(eq13, wrong):
    assert eq13.chances(Fraction(17, 20)).verdict is Verdict.PROVED
    assert eq13.chances(wrong).verdict is not Verdict.PROVED


def test_enumeration_beyond_ten_positions(eq13):
    """Ten lengths were counted and all were claimed; the rule holds further on."""
    assert eq13.empty_probability(14) == Fraction(17, 20) ** 14


def test_mean_over_an_empty_mask(eq13):
    s = sp.Symbol("s", positive=True)
    finding = prove([eq13.size >= 0, eq13.total >= 0, eq13.total <= eq13.size * s], eq13.total / eq13.size <= s)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_floor_with_the_wrong_sign(eq13):
    rate2 = (1 - eq13.alpha * eq13.m) ** 2
    floor = eq13.alpha**2 * eq13.s**2 / (1 + rate2)
    after = rate2 * floor + eq13.alpha**2 * eq13.s**2
    assert prove([eq13.alpha * eq13.m < 2], sp.Eq(after, floor)).verdict is Verdict.REFUTED


def test_floor_beyond_the_stable_range(eq13):
    rate2 = (1 - eq13.alpha * eq13.m) ** 2
    assert prove([eq13.alpha * eq13.m < 3], rate2 < 1).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(eq13):
    assert prove([eq13.q < 0], eq13.alpha < 1).verdict is Verdict.INCONCLUSIVE


def test_floor_by_simulation():
    """m = s = 1, alpha = 1/2: 1/4/(1 - 1/4) = 1/3."""
    draw = random.Random(4)
    states = [0.0] * 4000
    for _ in range(20):
        states = [h - 0.5 * (h + draw.gauss(0, 1)) for h in states]
    assert sum(h * h for h in states) / len(states) == pytest.approx(1 / 3, rel=0.08)
