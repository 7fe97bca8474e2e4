"""Equation 14: its judgement, planted faults, and descent through ties on the library's term."""

from fractions import Fraction

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_14")
    assert ledger.entry("equation-14").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("equation-14-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def e14(claims_file):
    return claims_file("equation_14")


def test_slopes_are_told_apart_only_where_they_differ(e14):
    assert e14.slopes_at(Fraction(0), sp.log).verdict is Verdict.REFUTED
    assert e14.slopes_at(Fraction(0), lambda p: 0 * p).verdict is Verdict.INCONCLUSIVE  # entropy alone is smooth
    assert e14.slopes_at(Fraction(1, 2), sp.log).verdict is Verdict.INCONCLUSIVE  # no tie there


def test_steps_too_long_do_not_descend(e14):
    assert e14.descent(1).verdict is Verdict.PROVED
    assert e14.descent(2).verdict is Verdict.REFUTED


def test_too_weakly_convex_pieces_may_have_two_equilibria(e14):
    weak, g = sp.Symbol("w", nonnegative=True), sp.Symbol("g", positive=True)
    assert e14.stationary(weak < g).verdict is Verdict.PROVED
    assert e14.stationary(weak <= g).verdict is Verdict.REFUTED


def test_descending_on_the_other_class_flips(e14):
    assert e14.two_classes(1).verdict is Verdict.PROVED
    assert e14.two_classes(-1).verdict is not Verdict.PROVED


def test_descent_through_ties_on_the_library_term():
    """Each step follows the piece that is active at its start; Phi itself falls at every step, also across ties."""
    generator = torch.Generator().manual_seed(3)
    crossed = 0
    for _ in range(20):
        weight = torch.randn(4, 3, generator=generator, dtype=torch.float64)
        f = 0.3 * torch.randn(3, generator=generator, dtype=torch.float64)
        objective = eqt.Objective(eqt.Confidence(eqt.LinearHead(weight)), f, 0.5)
        upper = eqt.Objective(eqt.Confidence(eqt.LinearHead(weight), piece=0), f, 0.5).M
        h = 2 * torch.randn(3, generator=generator, dtype=torch.float64)
        for _ in range(30):
            gradient = objective.gradient(h)
            after = h - gradient / upper
            fall = float(objective.value(h) - objective.value(after))
            assert fall >= float(gradient.square().sum()) / (2 * upper) - 1e-12
            crossed += int((weight @ h).argmax() != (weight @ after).argmax())
            h = after
        assert objective.energy.margin(h) > 0
    assert crossed > 0
