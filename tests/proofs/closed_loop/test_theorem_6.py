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
    losses = list(t6.sp.symbols("s1:5", real=True))
    mean = sum(w * s for w, s in zip(t6.weights, losses, strict=True))
    left = t6.training_loss(losses, list(t6.energies))
    right = t6.penalised(mean, list(t6.energies))
    assert derive([("", left, right)], "right").verdict is Verdict.PROVED
    for wrong in (
        right.subs(t6.beta, -t6.beta),
        right.subs(t6.beta, 2 * t6.beta),
        t6.penalised(-mean, list(t6.energies)),
    ):
        assert derive([("", left, wrong)], "wrong").verdict is Verdict.REFUTED


def test_a_sample_in_floats():
    p, e, beta = [0.2, 0.5, 0.9], [1.0, -2.0, 0.3], 0.7
    eq18 = sum(-math.log(a) + beta * b for a, b in zip(p, e, strict=True)) / 3
    assert eq18 == pytest.approx(-math.log(math.prod(p)) / 3 + beta * sum(e) / 3)
