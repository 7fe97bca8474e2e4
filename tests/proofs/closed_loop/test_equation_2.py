"""Eqs. 2 and 8: their judgement, planted faults, and the two kinds of step in plain floats."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.gram import proximal_gradient_step


@pytest.mark.parametrize("claim_id", ["equation-2", "equation-2-proximal"])
def test_judgements(ledger_of, claim_id):
    assert ledger_of("equation_2").entry(claim_id).judgement is Judgement.HOLDS


def test_nothing_is_left_open(ledger_of):
    assert ledger_of("equation_2").problems() == []


@pytest.fixture
def eq2(claims_file):
    return claims_file("equation_2")


def test_step_without_the_proximal_term(eq2):
    after = eq2.h - eq2.alpha * eq2.G
    finding = prove([], sp.Equivalent(sp.Eq((after - eq2.h).norm2, 0), sp.Eq(eq2.slope.norm2, 0)))
    assert finding.verdict is Verdict.REFUTED


def test_descent_beyond_two_over_M(eq2):  # noqa: N802
    before, after, slope2 = sp.symbols("before after slope2", positive=True)
    M = eq2.L + eq2.g
    lemma = after <= before - eq2.alpha * slope2 + M * eq2.alpha**2 * slope2 / 2
    assert prove([lemma, eq2.alpha * M < 2], after < before).verdict is Verdict.PROVED
    assert prove([lemma, eq2.alpha * M < 3], after < before).verdict is Verdict.REFUTED


@pytest.mark.parametrize("share", [sp.Rational(1, 2), sp.Rational(9, 10)])
def test_smaller_factor(eq2, share):
    step = proximal_gradient_step(eq2.d, eq2.D, eq2.alpha, eq2.g)
    finding = prove(eq2.of_class, step.norm2 <= share * eq2.factor**2 * eq2.d.norm2)
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("limit", [3, 4])
def test_wider_stable_range(eq2, limit):
    finding = prove([-eq2.g < eq2.mu, eq2.mu <= eq2.L, eq2.alpha * (eq2.L - eq2.g) < limit], eq2.factor < 1)
    assert finding.verdict is Verdict.REFUTED


def test_the_best_step_needs_a_positive_sum_of_curvatures(eq2):
    """Without L + mu > 0 the step 2/(L + mu) may be negative, and the common factor is not reached."""
    given = [-eq2.g < eq2.mu, eq2.mu <= eq2.L]
    assert prove([*given, sp.Ne(eq2.L + eq2.mu, 0)], 2 / (eq2.L + eq2.mu) > 0).verdict is Verdict.REFUTED
    assert prove([*given, eq2.L + eq2.mu > 0], eq2.factor > eq2.best).verdict is Verdict.REFUTED


def test_a_proximal_term_without_its_half(eq2, monkeypatch):
    """The slope of g |h - f|^2 is twice that of Eq. 8."""
    assert eq2.step_is_a_gradient_step().verdict is Verdict.PROVED
    right = type(eq2.h).norm2
    monkeypatch.setattr(type(eq2.h), "norm2", property(lambda v: 2 * right.fget(v)))
    assert eq2.step_is_a_gradient_step().verdict is Verdict.REFUTED


def test_weak_convexity_beyond_g(eq2):
    finding = prove([eq2.mu <= eq2.L, eq2.alpha * (eq2.L - eq2.g) < 2], eq2.factor < 1)
    assert finding.verdict is Verdict.REFUTED


def test_range_of_eq_8_with_the_sign_of_the_proximal_one(eq2):
    m, M = eq2.mu + eq2.g, eq2.L + eq2.g
    explicit = sp.Max(sp.Abs(1 - eq2.alpha * m), sp.Abs(1 - eq2.alpha * M))
    finding = prove([-eq2.g < eq2.mu, eq2.mu <= eq2.L, eq2.alpha * (eq2.L - eq2.g) < 2], explicit < 1)
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(eq2):
    assert prove([*eq2.of_class, eq2.mu > eq2.L], eq2.factor < 1).verdict is Verdict.INCONCLUSIVE


def test_drawn_trajectories_of_the_explicit_step(eq2, monkeypatch):
    """Eq. 8 in place of the proximal step breaks the factor."""
    from eqt_theory.engines.exact import descent

    monkeypatch.setattr(eq2, "proximal_descent", descent)
    assert eq2.proximal_trajectories_on_drawn_energies(Run(examples=100)).verdict is Verdict.REFUTED


def test_both_steps_in_floats():
    """L h^2/2 with L = 10, g = 1, alpha = 0.19, f = 0."""
    explicit = 1 - 0.19 * (10 + 1)
    proximal = (1 - 0.19 * 10) / (1 + 0.19)
    assert abs(explicit) == pytest.approx(1.09)
    assert abs(proximal) == pytest.approx(0.7563, abs=1e-4)
    assert pytest.approx(0.824, abs=1e-3) == (1 - 0.19 * 0.1) / 1.19
