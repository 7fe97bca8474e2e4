"""Eq. 27: its judgement, planted faults, and the two counts in plain floats."""

import math
from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.symbolic import derive
from eqt_theory.evidence.rate.plan import plan


def test_judgement(ledger_of):
    ledger = ledger_of("equation_27")
    assert ledger.entry("equation-27").judgement is Judgement.HOLDS_LOOSELY
    assert ledger.problems() == []


def test_no_step_at_all_does_not_suffice_at_rate_zero(claims_file):
    """mu = L = gamma = 1, alpha = 1/2: r = 0, so ln(1/eps)/ln(1/r) would be 0 steps; one is needed."""
    eq27 = claims_file("equation_27")
    numbers = {eq27.mu: 1, eq27.L: 1, eq27.g: 1, eq27.alpha: sp.Rational(1, 2)}
    assert eq27.tight_rate.subs(numbers) == 0
    assert all(relation.subs(numbers) for relation in eq27.in_range)
    assert eq27.at_rate_zero(1).verdict is Verdict.PROVED
    assert eq27.at_rate_zero(0).verdict is not Verdict.PROVED


@pytest.fixture
def eq(claims_file):
    return claims_file("equation_27")


def test_a_smaller_rate_than_the_tight_one_fails(eq):
    step = eq.gradient_step(eq.d, eq.D, eq.alpha).norm2
    smaller = eq.tight_rate**2 * sp.Rational(99, 100)
    assert prove([*eq.in_range, *eq.of_phi], step <= smaller * eq.d.norm2).verdict is Verdict.REFUTED


def test_the_tight_rate_is_above_one_beyond_its_range(eq):
    assert prove([eq.mu <= eq.L, eq.alpha <= 2 / eq.L], eq.tight_rate < 1).verdict is Verdict.REFUTED


def test_flipped_sign(eq):
    assert prove(eq.in_range, eq.tight_rate > 1 - eq.shrink).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(eq):
    assert prove([*eq.in_range, eq.mu > eq.L], eq.shrink > 2).verdict is Verdict.INCONCLUSIVE


def test_a_wrong_bridge_is_no_proof(eq):
    wrong = sp.exp(-eq.s * eq.x) * (1 + (1 - eq.s) * eq.x)
    finding = derive([("slope", sp.diff(wrong, eq.s), (1 - eq.s) * eq.x**2 * sp.exp(-eq.s * eq.x))], "planted")
    assert finding.verdict is not Verdict.PROVED


def test_a_wrong_count_is_refuted(eq):
    finding = eq.certified([sp.Le(5050 * sp.log(35), 17954, evaluate=False)], "planted")
    assert finding.verdict is Verdict.REFUTED


def test_too_few_steps_are_found(eq):
    """A quarter of Eq. 27 is not enough where mu = L and gamma is large."""
    finding = eq.steps_on_drawn(Run(examples=300), Fraction(1, 4))
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness is not None


def test_the_decimal_logarithm_is_too_few(eq):
    """With log to the base 10 Eq. 27 would ask for 1/2.3 of the steps."""
    assert eq.steps_on_drawn(Run(examples=300), Fraction(10, 23)).verdict is Verdict.REFUTED


def test_counts_in_floats():
    log, x = math.log(35), 2 * 0.1 * 0.1 / (1 + 100)
    assert math.ceil(log / x) == 17955
    assert math.ceil(log / -math.log(0.89)) == 31
    assert 0.89**31 <= 1 / 35 < 0.89**30
    factor = (0.1 + 1) * (0.1 + 10) / (2 * 0.1**2)
    assert factor == pytest.approx(555.5)


def test_the_planner_says_the_same():
    found = plan(0.1, 10, 1, step_size=0.1, epsilon=1 / 35)
    assert (found.paper_steps, found.steps) == (17955, 31)
