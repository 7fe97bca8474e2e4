"""Eq. 28: its judgement, faults planted in the repaired form, and the witness in plain floats."""

from fractions import Fraction

import pytest

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.exact import PiecewiseQuadratic


def test_judgements(ledger_of):
    ledger = ledger_of("equation_28")
    assert ledger.entry("equation-28").judgement is Judgement.FALSE
    assert ledger.entry("equation-28-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_every_check_refutes_it(ledger_of):
    results = ledger_of("equation_28").entry("equation-28").results
    assert {r.finding.verdict for r in results} == {Verdict.REFUTED}


@pytest.fixture
def eq(claims_file):
    return claims_file("equation_28")


def test_flipped_sign(eq):
    flipped = 2 * (eq.M**2 + eq.m * eq.M + eq.m**2) / (eq.M**2 * (eq.m + eq.M))
    finding = prove([eq.m <= eq.M, eq.alpha <= flipped], (1 - eq.alpha * eq.M) ** 2 <= eq.paper_factor)
    assert finding.verdict is Verdict.REFUTED


def test_widened_range(eq):
    given = [eq.m <= eq.M, eq.alpha <= eq.exact_limit * Fraction(101, 100)]
    assert prove(given, (1 - eq.alpha * eq.M) ** 2 <= eq.paper_factor).verdict is Verdict.REFUTED


def test_rate_of_short_steps_beyond_their_range(eq):
    finding = eq.gram.gap_after_step(eq.m, eq.M, eq.alpha, 1 - eq.alpha * eq.m, [eq.alpha < 2 / eq.M])
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "no certificate" in finding.detail


def test_contradictory_hypotheses(eq):
    assert prove([eq.m < eq.M, eq.m > eq.M], eq.alpha <= 0).verdict is Verdict.INCONCLUSIVE


def test_drawn_energies_catch_a_wider_limit(eq):
    finding = eq.drawn(Run(examples=200), lambda m, M, g: eq.repaired_limit(m, M, g) * Fraction(21, 20), attained=True)
    assert finding.verdict is not Verdict.SUPPORTED


def test_the_drawn_check_is_not_decided_in_advance(eq):
    assert eq.drawn(Run(examples=60), lambda m, M, g: 2 / (m + M)).verdict is Verdict.SUPPORTED


def test_replay_rejects_a_case_outside_the_range(eq):
    case = (PiecewiseQuadratic.quadratic(1), Fraction(1), Fraction(1), Fraction(1))
    assert eq.falls_short(case)
    assert not eq.falls_short_again(case).confirms


def test_the_witness_in_floats():
    """mu = L = gamma = 1, alpha = 0.6, f = 2: a negative factor."""

    def phi(h):
        return h**2 / 2 + (h - 2) ** 2 / 2

    after = 2 - 0.6 * (2 + 0)
    assert (phi(after) - phi(1)) / (phi(2) - phi(1)) == pytest.approx(0.04)
    factor = 1 - 2 * 0.6 * 2 / (1 + 2 / 2)
    assert factor == pytest.approx(-0.2)
