"""Equation 15: its judgement, planted faults, and the witnesses in the library."""

import math

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_15")
    assert ledger.entry("equation-15").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("equation-15-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def e15(claims_file):
    return claims_file("equation_15")


def test_each_hypothesis_is_needed(e15):
    both = [e15.h.norm2 > 0, e15.z.norm2 > 0]
    assert e15.divisor(*both).verdict is Verdict.PROVED
    assert all(e15.divisor(one).verdict is Verdict.REFUTED for one in both)
    assert e15.total_is_positive(sp.Eq(e15.r1, 1)).verdict is Verdict.PROVED
    assert e15.total_is_positive(sp.Eq(e15.r1, 0)).verdict is Verdict.REFUTED
    assert e15.total_is_positive(sp.Eq(e15.r1, 0), sp.Eq(e15.r1, 1)).verdict is Verdict.INCONCLUSIVE


def test_a_value_at_the_origin_half_way_is_allowed(e15):
    assert e15.extension(sp.Rational(1, 4)).verdict is Verdict.PROVED
    assert e15.extension(sp.Rational(1, 2)).verdict is Verdict.REFUTED


def test_bounds_and_witnesses_in_floats():
    z = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    memory = eqt.EpisodicMemory(z, tau=0.5)
    assert float(memory.value(2 * z[0])) == pytest.approx(-2.0)
    assert float(memory.value(-z[0])) == pytest.approx(2.0)
    assert math.isclose(float(torch.nn.functional.cosine_similarity(torch.zeros(2), torch.ones(2), dim=0)), 0.0)
    zero = torch.zeros(2, dtype=torch.float64)
    with pytest.raises(eqt.UsageError, match="h must not be zero"):
        memory.value(zero)
    with pytest.raises(eqt.UsageError, match="zero"):
        eqt.EpisodicMemory(zero[None])
    with pytest.raises(eqt.UsageError, match="relevant"):
        eqt.EpisodicMemory(z, relevant=torch.tensor([False]))
