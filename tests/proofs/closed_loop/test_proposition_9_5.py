"""Proposition 9.5: its judgement, faults planted in the repaired form, and the witness in plain floats."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.symbolic import derive


def test_judgements(ledger_of):
    ledger = ledger_of("proposition_9_5")
    assert ledger.entry("proposition-9.5").judgement is Judgement.FALSE
    assert ledger.entry("proposition-9.5-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def p95(claims_file):
    return claims_file("proposition_9_5")


def test_the_other_limit_is_the_minimiser(p95):
    limit = sp.limit(p95.stationary(p95.quadratic, p95.gamma), p95.gamma, sp.oo)
    assert derive([("limit", limit, p95.u)], "gamma -> inf").verdict is Verdict.PROVED


@pytest.mark.parametrize("factor", [2, 3])
def test_faster_rate(p95, factor):
    d, e = p95.d, p95.e
    strong = ((e - d) / p95.gamma) @ d >= p95.mu * d.norm2
    finding = prove(
        [*p95.space.positive_semidefinite, strong], (1 + factor * p95.gamma * p95.mu) ** 2 * d.norm2 <= e.norm2
    )
    assert finding.verdict is Verdict.REFUTED


def test_rate_without_strong_convexity(p95):
    d, e = p95.d, p95.e
    finding = prove(
        [*p95.space.positive_semidefinite, ((e - d) / p95.gamma) @ d >= 0],
        (1 + p95.gamma * p95.mu) ** 2 * d.norm2 <= e.norm2,
    )
    assert finding.verdict is Verdict.REFUTED


def test_convex_constant_for_any_energy(p95):
    d, e, gamma = p95.d, p95.e, p95.gamma
    no_worse = p95.gap + (d - e).norm2 / (2 * gamma) <= e.norm2 / (2 * gamma)
    finding = prove([*p95.space.positive_semidefinite, no_worse], p95.gap <= e.norm2 / (4 * gamma))
    assert finding.verdict is Verdict.INCONCLUSIVE  # refuted only where an energy that attains it is shown


def test_smaller_constant_for_convex_energies(p95):
    d, e, gamma = p95.d, p95.e, p95.gamma
    finding = prove(
        [*p95.space.positive_semidefinite, p95.gap <= ((e - d) / gamma) @ d], p95.gap <= e.norm2 / (5 * gamma)
    )
    assert finding.verdict is Verdict.INCONCLUSIVE  # refuted only where an energy that attains it is shown


def test_contradictory_hypotheses(p95):
    finding = prove([*p95.space.positive_semidefinite, p95.d.norm2 < 0], p95.gap <= 0)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_drawn_rate_at_the_wrong_gamma(p95, monkeypatch):
    right = p95.equilibrium
    monkeypatch.setattr(p95, "equilibrium", lambda energy, f, gamma: right(energy, f, gamma / 2))
    assert p95.distance_on_drawn_energies(Run(examples=40)).verdict is Verdict.REFUTED


def test_larger_gamma_is_nearer_on_drawn_energies(p95, monkeypatch):
    """The drawn check finds nothing when gamma doubles instead."""
    right = p95.equilibrium
    monkeypatch.setattr(p95, "equilibrium", lambda energy, f, gamma: right(energy, f, 1 / gamma))
    assert p95.smaller_gamma_is_nearer_on_drawn_energies(Run(examples=40)).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("gamma", [1e-3, 0.5, 1.0, 1e3])
def test_parabola_in_floats(gamma):
    """On (h - 1)^2/2 with f = 0: h* = gamma/(1 + gamma)."""
    star = 0.0
    for _ in range(20000):
        star -= 0.5 / (1 + 1 / gamma) * ((star - 1) + star / gamma)
    assert star == pytest.approx(gamma / (1 + gamma), abs=1e-9)
    assert abs(star - 1) == pytest.approx(1 / (1 + gamma), abs=1e-9)
