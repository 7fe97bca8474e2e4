"""Proposition 1: its judgement, faults planted in the repaired form, and the witness in plain floats."""

import math

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.interval import enclose


def test_judgements(ledger_of):
    ledger = ledger_of("proposition_1")
    assert ledger.entry("proposition-1").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("proposition-1-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def p1(claims_file):
    return claims_file("proposition_1")


def test_both_parts_are_refuted(ledger_of):
    results = ledger_of("proposition_1").entry("proposition-1").results
    refuted = {r.check.part for r in results if r.finding.verdict is Verdict.REFUTED}
    assert refuted == {"density", "one equilibrium"}


def test_sublevel_sets_without_the_condition(p1):
    unrestricted = [h for h in p1.bounded_below if h != (p1.w < p1.g)]
    conclusion = (p1.state - p1.center).norm2 <= 2 * (p1.level + p1.slack) / (p1.g - p1.w)
    assert prove([*unrestricted, p1.phi_h <= p1.level], conclusion).verdict is not Verdict.PROVED
    beyond = [sp.Gt(p1.w, p1.g), *unrestricted, p1.phi_h <= p1.level]
    assert (
        prove(beyond, conclusion).verdict is Verdict.INCONCLUSIVE
    )  # numbers contradict it; refuted where a function is shown


def test_flipped_sign_of_the_proposal_bound(p1):
    away = (p1.state - p1.proposal).norm2
    bound = 2 * (p1.energy_f + p1.C - p1.w * p1.proposal.norm2) / (p1.g - 2 * p1.w)
    finding = prove([*p1.bounded_below, 2 * p1.w < p1.g, p1.phi_h <= p1.energy_f], away <= bound)
    assert finding.verdict is Verdict.INCONCLUSIVE  # numbers contradict it; refuted where a function is shown


def test_the_bound_needs_a_weight_that_is_not_negative(p1):
    """w = -1, g = 1, C = 0, energy h^2/2, f = 1: h* = 1/2, and the bound would say 1/4 <= -1/3."""
    assert p1.near_the_proposal(p1.w).verdict is Verdict.PROVED
    assert p1.near_the_proposal(sp.Symbol("w", real=True)).verdict is Verdict.INCONCLUSIVE
    star, bound = sp.Rational(1, 2), 2 * (sp.Rational(1, 2) + 0 - 1) / (1 + 2)
    assert (star - 1) ** 2 == sp.Rational(1, 4)
    assert bound == sp.Rational(-1, 3)


def test_density_order_needs_the_tangent_of_exp():
    p1, p2, up, phi1, phi2 = sp.symbols("p1 p2 up phi1 phi2", positive=True)
    finding = prove([sp.Eq(p1, up * p2)], sp.Equivalent(p1 > p2, phi1 < phi2))
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(p1):
    finding = prove([*p1.bounded_below, p1.g < p1.w], p1.phi_h <= p1.level)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_an_unproved_denial_refutes_nothing(p1):
    lemma = prove([], sp.Symbol("B", positive=True) < 1)
    assert lemma.verdict is Verdict.REFUTED
    assert p1.refuted_by(lemma, "some bound holds", {"gamma": 1}).verdict is Verdict.INCONCLUSIVE


def test_confidence_at_the_wrong_state(p1, monkeypatch):
    monkeypatch.setattr(p1, "enclose_root", lambda *_: enclose(sp.Integer(0)))
    assert p1.confidence_has_one_equilibrium().verdict is Verdict.INCONCLUSIVE


def test_convex_energies_have_one_equilibrium(p1, monkeypatch):
    """The drawn check is not decided in advance."""
    monkeypatch.setattr(p1, "even_energies", p1.piecewise_quadratics(0, 4))
    assert p1.drawn_energies_have_one_equilibrium(Run(examples=40)).verdict is Verdict.SUPPORTED


def test_equilibria_may_be_missing_beyond_the_limit(p1, monkeypatch):
    monkeypatch.setattr(p1, "rationals", lambda low, high: p1.st.just(p1.Fraction(3)))
    assert p1.drawn_energies_have_equilibria(Run(examples=60)).verdict is Verdict.REFUTED


def test_confidence_in_floats():
    def phi(h):
        p = 1 / (1 + math.exp(-2 * h))
        entropy = -p * math.log(p) - (1 - p) * math.log(1 - p)
        return entropy - math.log(max(p, 1 - p)) + h**2 / 2

    grid = [i / 10000 for i in range(-30000, 30001)]
    best = min(grid, key=phi)
    assert abs(best) == pytest.approx(0.7894, abs=1e-4)
    assert phi(best) == pytest.approx(0.956484, abs=1e-6)
    assert phi(-best) == pytest.approx(phi(best), abs=1e-12)
    assert phi(0) > phi(best) + 0.4


@pytest.mark.parametrize("radius", [2.0, 4.0, 6.0])
def test_mass_outgrows_every_bound(radius):
    steps = 2000
    width = 2 * radius / steps
    mass = sum(math.exp((-radius + (i + 0.5) * width) ** 2 / 2) * width for i in range(steps))
    assert mass > 2 * radius + radius**3 / 3
