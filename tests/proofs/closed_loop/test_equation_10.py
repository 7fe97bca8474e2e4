"""Eq. 10: its judgement, faults planted in the repaired form, and the witnesses in plain floats."""

from fractions import Fraction

import pytest

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.exact import PiecewiseQuadratic


def test_judgements(ledger_of):
    ledger = ledger_of("equation_10")
    assert ledger.entry("equation-10").judgement is Judgement.FALSE
    assert ledger.entry("equation-10-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_each_reading_is_refuted_by_every_check(ledger_of):
    results = ledger_of("equation_10").entry("equation-10").results
    assert {r.check.reading for r in results} == {"energy", "Phi"}
    assert {r.finding.verdict for r in results} == {Verdict.REFUTED}


@pytest.fixture
def eq(claims_file):
    return claims_file("equation_10")


def one_step(eq, limit, factor, lower=None):
    step = eq.gradient_step(eq.d, eq.D, eq.alpha).norm2
    given = [eq.alpha <= limit, *eq.of_phi(eq.g if lower is None else lower, eq.M)]
    return prove(given, step <= factor * eq.d.norm2).verdict


def test_widened_range(eq):
    assert one_step(eq, eq.exact_limit * Fraction(21, 20), eq.paper_factor) is Verdict.REFUTED


def test_smaller_factor(eq):
    assert one_step(eq, eq.exact_limit, 1 - eq.alpha * eq.mu_paper) is Verdict.REFUTED


def test_without_strong_convexity_of_phi(eq):
    assert one_step(eq, eq.exact_limit, eq.paper_factor, lower=eq.g / 8) is Verdict.REFUTED


def test_contradictory_hypotheses(eq):
    finding = prove([*eq.of_phi(eq.g, eq.M), eq.D @ eq.d < 0], eq.d.norm2 <= 0)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_drawn_energies_catch_a_wider_limit(eq):
    wide = eq.cases(Fraction(0), lambda lipschitz, g: eq.repaired_limit(lipschitz, g) * Fraction(21, 20))
    assert eq.drawn(Run(examples=200), wide, eq.too_slow_again).verdict is not Verdict.SUPPORTED


def test_the_drawn_check_is_not_decided_in_advance(eq):
    short = eq.cases(Fraction(1), lambda lipschitz, g: 1 / (lipschitz + g))
    assert eq.drawn(Run(examples=60), short, eq.strongly_convex_again).verdict is Verdict.SUPPORTED


def test_replay_rejects_a_case_outside_the_range(eq):
    energy = PiecewiseQuadratic.quadratic(1)
    case = (energy, Fraction(1), Fraction(1), Fraction(3, 2))
    assert eq.too_slow(case)
    assert not eq.too_slow_again(case).confirms


def test_the_witness_in_floats():
    """energy = h^2/2, gamma = 1, alpha = 0.95, f = 2."""
    h, star = 2.0, 1.0
    after = h - 0.95 * (h + (h - 2))
    assert (after - star) ** 2 == pytest.approx(0.81)
    stated = 1 - 0.95 / 2
    assert stated == pytest.approx(0.525)
    limit = (4 * 2 - 1) / (2 * 2**2)
    at_limit = h - limit * (h + (h - 2))
    assert (at_limit - star) ** 2 == pytest.approx(1 - limit / 2)
