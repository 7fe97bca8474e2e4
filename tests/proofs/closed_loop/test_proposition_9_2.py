"""Proposition 9.2: its judgement, faults planted in the repaired form, and the trapped descent in plain floats."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("proposition_9_2")
    assert ledger.entry("proposition-9.2").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("proposition-9.2-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def p92(claims_file):
    return claims_file("proposition_9_2")


def test_a_root_that_is_stationary_is_a_fixed_point(p92):
    """The refuted statement is not decided in advance: it holds for the residual h^3 + h."""
    energy = (p92.h**3 + p92.h) ** 2
    finding = prove([sp.Eq(sp.diff(energy, p92.h), 0)], sp.Eq(p92.h**3 + p92.h, 0))
    assert finding.verdict is Verdict.PROVED


def test_nonexpansive_maps_may_be_stationary_elsewhere(p92):
    given = [hypothesis for hypothesis in p92.contracts if hypothesis != (p92.q < 1)]
    finding = prove([*given, p92.q <= 1, sp.Eq(p92.G.norm2, 0)], sp.Eq(p92.r.norm2, 0))
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("factor", [5, 8])
def test_larger_gradient_dominance(p92, factor):
    finding = prove(p92.contracts, p92.G.norm2 >= factor * (1 - p92.q) ** 2 * p92.r.norm2)
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("dropped", [2, 3, 4, 5])
def test_iterates_that_need_not_settle(p92, monkeypatch, dropped):
    """Existence rests on the bounds so far and on the contraction: without one of them it is refuted."""

    def without(given, *rest, **more):
        return prove([h for i, h in enumerate(given) if i != dropped], *rest, **more)

    monkeypatch.setattr(p92, "prove", without)
    assert p92.iterates_of_a_contraction_settle().verdict is Verdict.REFUTED


def test_distance_with_the_wrong_sign(p92):
    d, D = p92.d, p92.D
    finding = prove(
        [p92.q < 1, *d.space.positive_semidefinite, D.norm2 <= p92.q**2 * d.norm2],
        (1 + p92.q) ** 2 * d.norm2 <= (d - D).norm2,
    )
    assert finding.verdict is Verdict.REFUTED


def test_a_residual_of_half_at_the_trap(p92):
    finding = prove([p92.h >= 1, p92.h <= sp.Rational(13, 10)], p92.spurious(p92.h) <= sp.Rational(1, 2))
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(p92):
    finding = prove([*p92.contracts, p92.r.norm2 < 0], sp.Eq(p92.G.norm2, 0))
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_monotone_residuals_pass_the_drawn_check(p92, monkeypatch):
    monkeypatch.setattr(p92, "trapped", lambda _: [])
    assert p92.local_minima_of_drawn_residuals(Run(examples=20)).verdict is Verdict.SUPPORTED


def test_a_start_elsewhere_is_not_reported_as_trapped(p92, monkeypatch):
    import eqt_theory

    right = eqt_theory.Objective
    monkeypatch.setattr(eqt_theory, "Objective", lambda energy, start, gamma: right(energy, start - 3.3, gamma))
    assert p92.descent_is_trapped_as_code().verdict is Verdict.INCONCLUSIVE


def test_trapped_descent_in_floats():
    at = 1.3
    for _ in range(500):
        at -= 0.05 * 2 * (at**3 - 3 * at + 3) * (3 * at**2 - 3)
    assert at == pytest.approx(1)
    assert at**3 - 3 * at + 3 == pytest.approx(1)
    root = -2.1038034
    assert root**3 - 3 * root + 3 == pytest.approx(0, abs=1e-5)
