"""Eqs. 1 and 7: their judgement, faults planted in the repaired form, and two wells in plain floats."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_1")
    assert ledger.entry("equation-1").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("equation-1-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def eq1(claims_file):
    return claims_file("equation_1")


def test_a_denial_that_is_not_proved_refutes_nothing(eq1):
    lemma = prove([eq1.g > 0], eq1.phi(eq1.h**2, sp.Abs(eq1.s) + 1) < eq1.phi(eq1.h**2, eq1.s))
    assert eq1.refuted_by(lemma, "some s minimises Phi", {}).verdict is Verdict.INCONCLUSIVE


def test_strong_damping_leaves_one_well(eq1):
    """The refuted statement is not decided in advance: for g >= 4 the two minimisers are one."""
    best = sp.sqrt(sp.Max(0, 1 - eq1.g / 4))
    finding = prove([eq1.g >= 4, sp.Eq(eq1.s, best), sp.Eq(eq1.h, -best)], sp.Eq(eq1.s, eq1.h))
    assert finding.verdict is Verdict.PROVED


def test_weak_convexity_beyond_g(eq1):
    given = [hypothesis for hypothesis in eq1.convex if hypothesis != (eq1.w < eq1.g)]
    finding = prove([*given, sp.Eq((eq1.D + eq1.g * eq1.d).norm2, 0)], sp.Eq(eq1.d.norm2, 0))
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("factor", [sp.Rational(1, 2), sp.Rational(9, 10)])
def test_following_with_a_smaller_constant(eq1, factor):
    slope = eq1.g * (eq1.e - eq1.d)
    finding = prove(
        [eq1.w < eq1.g, *eq1.space.positive_semidefinite, slope @ eq1.d >= -eq1.w * eq1.d.norm2],
        (eq1.g - eq1.w) ** 2 * eq1.d.norm2 <= factor * eq1.g**2 * eq1.e.norm2,
    )
    assert finding.verdict is Verdict.REFUTED


def test_following_with_the_wrong_sign_of_w(eq1):
    slope = eq1.g * (eq1.e - eq1.d)
    finding = prove(
        [eq1.w < eq1.g, *eq1.space.positive_semidefinite, slope @ eq1.d >= -eq1.w * eq1.d.norm2],
        (eq1.g + eq1.w) ** 2 * eq1.d.norm2 <= eq1.g**2 * eq1.e.norm2,
    )
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(eq1):
    assert prove([*eq1.convex, eq1.w > 2 * eq1.g], sp.Eq(eq1.d.norm2, 0)).verdict is Verdict.INCONCLUSIVE


def test_convex_energies_pass_the_drawn_check(eq1, monkeypatch):
    convex = eq1.st.tuples(eq1.piecewise_quadratics(0, 4), eq1.rationals(-2, 2), eq1.rationals(1, 4))
    monkeypatch.setattr(eq1, "drawn_cases", convex)
    assert eq1.drawn_energies_have_one_equilibrium(Run(examples=40)).verdict is Verdict.SUPPORTED


def test_two_wells_in_floats():
    """(h^2 - 1)^2 + 3 h^2/2 is least at +-1/2 alone, at 21/16 - 3/8 = 15/16."""

    def phi(h: float) -> float:
        return (h * h - 1) ** 2 + 1.5 * h * h

    assert phi(0.5) == phi(-0.5) == pytest.approx(15 / 16)
    assert min(phi(i / 1000) for i in range(-2000, 2001)) == pytest.approx(15 / 16)
