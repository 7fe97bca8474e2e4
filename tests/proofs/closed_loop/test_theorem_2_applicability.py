"""Theorem 2 on the paper's energy: its judgement, and planted faults."""

from dataclasses import replace

import pytest

import eqt_theory as eqt
from eqt_theory import Run, Verdict
from eqt_theory.core.verdict import Judgement


def test_judgement(ledger_of):
    ledger = ledger_of("theorem_2_applicability")
    assert ledger.entry("theorem-2-applicability").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def t2(claims_file):
    return claims_file("theorem_2_applicability")


def test_longer_steps_may_leave_the_ball(t2):
    assert t2.invariant([t2.alpha <= t2.gamma]).verdict is Verdict.PROVED
    assert t2.invariant([t2.alpha <= 3 * t2.gamma]).verdict is Verdict.REFUTED


def test_the_formula_of_the_radius(t2):
    right = (t2.length - t2.gamma * t2.slope) ** 2 - 4 * t2.gamma * t2.pull
    assert t2.smallest_radius(right).verdict is Verdict.PROVED
    assert t2.smallest_radius(right + t2.gamma * t2.pull).verdict is not Verdict.PROVED
    assert t2.smallest_radius(right - t2.gamma * t2.pull).verdict is not Verdict.PROVED


def test_the_slope_of_the_confidence_needs_its_spread(t2):
    import sympy as sp

    assert t2.bounded_slope(sp.Symbol("log_V", nonnegative=True)).verdict is Verdict.PROVED
    assert t2.bounded_slope(sp.Symbol("log_V", nonnegative=True) / 2).verdict is Verdict.REFUTED


@pytest.mark.parametrize("share", [2, 4])
def test_a_ball_that_is_too_small_for_the_slope_is_left(t2, share):
    """Which inequality: gamma times the slope on the ball has to be at most R."""
    d, D = t2.Space(("d", "D")).vectors
    size = t2.sp.Symbol("size", nonnegative=True)
    given = [*d.space.positive_semidefinite, t2.alpha <= t2.gamma, t2.gamma * size <= share * t2.R]
    given += [d.norm2 <= t2.R**2, D.norm2 <= size**2]
    after = (1 - t2.alpha / t2.gamma) * d - t2.alpha * D
    assert eqt.prove(given, after.norm2 <= t2.R**2).verdict is Verdict.REFUTED


def test_a_kept_ball_is_not_enough_for_a_contraction(t2):
    """Why the last part speaks of one instance: where the ball is kept the energy need not be weakly convex enough."""
    cold = 0.1 * eqt.EpisodicMemory(t2.rows([1.0, 2.0, 0.0], [0.0, -1.0, 1.0]), tau=0.05)
    found = eqt.local_certificate(cold, t2.instance()[1], 1.0)
    assert found.radius is not None
    assert found.radius < 1
    assert not found.holds


def test_a_wrong_certificate_is_refuted(t2):
    found = t2.certificate()
    run = Run(examples=20)
    assert t2.observed(run, found).verdict is Verdict.SUPPORTED
    assert t2.observed(run, replace(found, rate=0.1)).verdict is Verdict.REFUTED
    assert t2.observed(run, replace(found, radius=0.1)).verdict is Verdict.REFUTED
    assert t2.observed(run, replace(found, step_size=2.5 * found.step_size)).verdict is Verdict.REFUTED
    assert t2.observed(run, replace(found, holds=False, reason="none")).verdict is Verdict.INCONCLUSIVE


def test_beyond_the_largest_gamma_there_is_none(t2):
    energy, f = t2.instance()
    largest = eqt.largest_gamma(energy, f)
    assert largest > t2.GAMMA
    assert t2.certificate(largest).holds
    assert not t2.certificate(largest * 1.001).holds
