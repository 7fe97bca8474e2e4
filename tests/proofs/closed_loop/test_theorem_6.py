"""Theorem 6: its judgement, planted faults, and a sample in plain floats."""

import math

import pytest

from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.symbolic import derive


def test_judgement(ledger_of):
    ledger = ledger_of("theorem_6")
    assert ledger.entry("theorem-6").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_planted_faults(claims_file):
    t6 = claims_file("theorem_6")
    left, right = t6.training_loss(t6.surprisal, t6.cost), t6.penalised(t6.surprisal, t6.cost)
    assert derive([("", left, right)], "right").verdict is Verdict.PROVED
    for wrong in (
        right.subs(t6.beta, -t6.beta),
        right.subs(t6.beta, 2 * t6.beta),
        t6.penalised(-t6.surprisal, t6.cost),
    ):
        assert derive([("", left, wrong)], "wrong").verdict is Verdict.REFUTED


@pytest.mark.parametrize("factor", [-1, 2])
def test_one_case_more_with_another_price(claims_file, factor):
    t6 = claims_file("theorem_6")
    assert t6.one_more(t6.beta).verdict is Verdict.PROVED
    assert t6.one_more(factor * t6.beta).verdict is not Verdict.PROVED


def test_means_that_are_not_linear(claims_file, monkeypatch):
    """The step of the distribution is not decided in advance: with squares it fails."""
    t6 = claims_file("theorem_6")
    monkeypatch.setattr(t6, "training_loss", lambda surprisal, cost: (surprisal + t6.beta * cost) ** 2)
    monkeypatch.setattr(t6, "penalised", lambda surprisal, cost: (surprisal + t6.beta * cost) ** 2)
    assert t6.same_objective_over_a_distribution().verdict is Verdict.REFUTED


def test_a_sample_in_floats():
    p, e, beta = [0.2, 0.5, 0.9], [1.0, -2.0, 0.3], 0.7
    eq18 = sum(-math.log(a) + beta * b for a, b in zip(p, e, strict=True)) / 3
    assert eq18 == pytest.approx(-math.log(math.prod(p)) / 3 + beta * sum(e) / 3)
