"""Proposition 9.3: its judgement, faults planted in the repaired form, and the variances by simulation."""

import random

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("proposition_9_3")
    assert ledger.entry("proposition-9.3").judgement is Judgement.FALSE
    assert ledger.entry("proposition-9.3-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_every_reading_is_refuted(ledger_of):
    results = ledger_of("proposition_9_3").entry("proposition-9.3").results
    refuted = {r.check.reading for r in results if r.finding.verdict is Verdict.REFUTED}
    assert refuted == {"noise averaged", "noise fixed", "noise anew"}


@pytest.fixture
def p93(claims_file):
    return claims_file("proposition_9_3")


def test_averaged_energy_has_the_moments_of_the_noise(p93):
    """E (h - (h + sigma eps)/(1 + sigma^2))^2 = (sigma^4 h^2 + sigma^2)/(1 + sigma^2)^2."""
    s2 = p93.sigma**2
    assert sp.simplify(p93.averaged_energy() - (s2**2 * p93.h**2 + s2) / (1 + s2) ** 2) == 0


@pytest.mark.parametrize("factor", [sp.Rational(1, 2), 2])
def test_wrong_amount_of_noise(p93, factor):
    lost = sp.sqrt(factor * p93.c * p93.sigma**2 / (p93.c + p93.sigma**2))
    finding = prove([], sp.Eq(p93.renoised(p93.c, p93.sigma, lost), p93.c))
    assert finding.verdict is Verdict.REFUTED


def test_noise_without_denoising_the_same_sigma(p93):
    lost = sp.sqrt(p93.c * p93.sigma**2 / (p93.c + p93.sigma**2))
    finding = prove([], sp.Eq(p93.renoised(p93.c, 2 * p93.sigma, lost), p93.c))
    assert finding.verdict is Verdict.REFUTED


def test_score_step_that_is_too_long(p93):
    assert prove([p93.t <= 3 * p93.c], (1 - p93.t / p93.c) ** 2 < 1).verdict is Verdict.REFUTED


def test_unstable_alpha_does_not_collapse(p93):
    share = 1 - p93.denoiser(sp.Integer(1), p93.c)
    factor = 1 - 2 * p93.alpha * share**2
    assert prove([p93.alpha > 0], factor**2 < 1).verdict is Verdict.REFUTED


def test_the_variance_grows_beyond_the_stable_range(p93):
    """c = sigma = 1, alpha = 5: without the condition on alpha "it goes to 0" is false, the factor is 9/4."""
    share = 1 - p93.denoiser(sp.Integer(1), p93.c)
    factor = (1 - 2 * p93.alpha * share**2).subs({p93.c: 1, p93.sigma: 1, p93.alpha: 5})
    assert factor**2 == sp.Rational(9, 4)


@pytest.mark.parametrize("wrong", ["correlated", "another denoiser"])
def test_optimality_needs_the_regression(p93, wrong):
    given = [*p93.clean.space.positive_semidefinite, *p93.moments]
    if wrong == "correlated":  # told need not be a function of y
        assert prove(given, p93.left.norm2 <= (p93.clean - p93.told).norm2).verdict is Verdict.REFUTED
        return
    half = p93.clean - p93.observed / 2  # x - y/2, not the regression unless c = sigma^2
    finding = prove([*given, sp.Eq(half @ p93.told, 0)], sp.Eq(half @ p93.observed, 0))
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(p93):
    finding = prove([*p93.averaged.stable(), p93.averaged.keep > 2], sp.Eq(p93.averaged.limit_variance(False), 1))
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_a_strong_pull_passes_the_drawn_check(p93, monkeypatch):
    """The drawn check is not decided in advance: next to gamma = 0 the proposal, and its law, are kept."""
    strong = (p93.Fraction(1, 2), p93.Fraction(3), p93.Fraction(1, 4))
    monkeypatch.setattr(p93, "drawn_cases", p93.st.just(strong))
    assert p93.averaged_noise_on_drawn_cases(Run(examples=5)).verdict is Verdict.SUPPORTED


def test_code_with_a_wrong_denoiser(p93, monkeypatch):
    import eqt_theory

    right = eqt_theory.DenoiserResidual
    monkeypatch.setattr(eqt_theory, "DenoiserResidual", lambda _, noise, sigma: right(lambda x: x / 3, noise, sigma))
    assert p93.collapse_as_code(Run()).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("second", "expected"), [(0.5**0.5, 1.0), (0.0, 1 / 3)])
def test_renoising_by_simulation(second, expected):
    """sigma = 1, c = 1: D(y) = y/2, lost variance 1/2."""
    draw = random.Random(2)
    states = [draw.gauss(0, 3) for _ in range(4000)]
    for _ in range(12):
        states = [(h + draw.gauss(0, 1)) / 2 + second * draw.gauss(0, 1) for h in states]
    assert sum(h * h for h in states) / len(states) == pytest.approx(expected, rel=0.08)
