"""Eq. 3: its judgement, faults planted in the repaired form, and the two wells in plain floats."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_3")
    assert ledger.entry("equation-3").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("equation-3-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_sufficiency_is_refuted_in_two_ways(ledger_of):
    results = ledger_of("equation_3").entry("equation-3").results
    verdicts = [r.finding.verdict for r in results if (r.check.reading, r.check.part) == ("stated", "sufficient")]
    assert verdicts == [Verdict.REFUTED] * 2


@pytest.fixture
def eq3(claims_file):
    return claims_file("equation_3")


def test_sufficient_without_convexity(eq3):
    assert (
        prove(eq3.d.space.positive_semidefinite, eq3.phi_rise >= 0).verdict is Verdict.INCONCLUSIVE
    )  # numbers contradict it; refuted where a function is shown


@pytest.mark.parametrize("factor", [sp.Rational(1, 2), 2])
def test_convexity_with_another_gamma(eq3, factor):
    weaker = eq3.rise + factor * eq3.g * eq3.d.norm2 / 2 >= eq3.G @ eq3.d
    finding = prove(eq3.d.space.positive_semidefinite, sp.Equivalent(eq3.phi_rise >= 0, weaker))
    assert finding.verdict is Verdict.INCONCLUSIVE  # numbers contradict it; refuted where a function is shown


def test_weak_convexity_below_g(eq3):
    """The sharpness statement needs w > g."""
    x = sp.Symbol("x", real=True)
    phi = -eq3.w * x**2 / 2 + eq3.g * x**2 / 2
    assert prove([sp.Ne(x, 0)], phi < 0).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(eq3):
    finding = prove([eq3.convexity, eq3.d.norm2 < 0, eq3.d.norm2 > 0], eq3.phi_rise >= 0)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_convex_energies_pass_the_drawn_check(eq3, monkeypatch):
    convex = eq3.st.tuples(eq3.piecewise_quadratics(0, 4), eq3.rationals(-1, 1), eq3.rationals(1, 4))
    monkeypatch.setattr(eq3, "bounded_cases", convex)
    assert eq3.stationary_states_are_minimisers_on_drawn_energies(Run(examples=40)).verdict is Verdict.SUPPORTED


def test_a_lost_stationary_state_is_found(eq3, monkeypatch):
    monkeypatch.setattr(eq3, "stationary", lambda _: [])
    assert eq3.stationary_states_on_drawn_convex_energies(Run(examples=20)).verdict is Verdict.REFUTED


def test_top_between_two_wells_in_floats():
    """(h^2 - 1)^2 + h^2/2 is stationary at 0, with value 1; at 1 it is 1/2."""

    def phi(h: float) -> float:
        return (h * h - 1) ** 2 + h * h / 2

    assert (phi(1e-5) - phi(-1e-5)) / 2e-5 == pytest.approx(0)
    assert phi(0) == 1 > phi(1) == 0.5
