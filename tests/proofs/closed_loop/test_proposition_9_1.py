"""Proposition 9.1: its judgement, faults planted in the repaired form, and the norms in plain floats."""

import math

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("proposition_9_1")
    assert ledger.entry("proposition-9.1").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("proposition-9.1-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def p91(claims_file):
    return claims_file("proposition_9_1")


def test_an_energy_that_is_not_zero_leaves_the_proposal(p91):
    start = [*p91.positive, sp.Eq((p91.state - p91.proposal).norm2, 0)]
    moved = p91.step(p91.state)  # the energy |h|^2/2
    assert prove(start, sp.Eq((moved - p91.proposal).norm2, 0)).verdict is Verdict.REFUTED


def test_a_start_that_is_not_the_proposal(p91):
    moved = p91.step(p91.zero)
    assert prove(p91.positive, sp.Eq((moved - p91.proposal).norm2, 0)).verdict is Verdict.REFUTED


def test_a_second_norm_with_eps(p91):
    finding = prove([*p91.twice, p91.eps > 0], sp.Eq((p91.again - p91.normed).norm2, 0))
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("sign", [-1, 1])
def test_which_states_a_second_norm_keeps(p91, sign):
    """With the wrong sign of eps; and with the right one if the constant f are forgotten, which are kept too."""
    given = [*p91.twice, p91.eps > 0]
    kept = sp.Eq((p91.again - p91.normed).norm2, 0)
    finding = prove(given, sp.Equivalent(kept, sp.Eq(p91.rest.norm2, p91.dim * (1 + sign * p91.eps))))
    assert finding.verdict is Verdict.REFUTED
    constant = [p91.rest.norm2 > 0] if sign < 0 else []
    finding = prove([*given, *constant], sp.Implies(kept, sp.Eq(p91.rest.norm2, p91.dim * (1 - p91.eps))))
    assert finding.verdict is (Verdict.PROVED if constant else Verdict.REFUTED)


def test_the_first_step_leaves_the_proposal_where_the_slope_is_not_zero(p91):
    """The wrong way round: "h_1 leaves f if and only if grad energy(f) = 0"."""
    first = p91.hs - p91.alpha * (p91.slope + p91.g * (p91.hs - p91.fs))
    given = [*p91.slope.space.positive_semidefinite, sp.Eq((p91.hs - p91.fs).norm2, 0)]
    leaves = sp.Ne((first - p91.fs).norm2, 0)
    assert prove(given, sp.Equivalent(leaves, sp.Eq(p91.slope.norm2, 0))).verdict is Verdict.REFUTED
    assert prove(given, sp.Equivalent(leaves, sp.Ne(p91.slope.norm2, 0))).verdict is Verdict.PROVED


def test_contradictory_hypotheses(p91):
    assert prove([*p91.twice, sp.Eq(p91.s, 0)], sp.Eq(p91.r, 1)).verdict is Verdict.INCONCLUSIVE


def test_normalised_proposals_pass_the_drawn_check(p91, monkeypatch):
    """The drawn check is not decided in advance: f = (1, -1) is kept."""
    monkeypatch.setattr(p91, "drawn_proposals", p91.drawn_proposals.map(lambda _: [p91.Fraction(1), p91.Fraction(-1)]))
    assert p91.output_is_the_proposal_on_drawn_proposals(Run(examples=10)).verdict is Verdict.SUPPORTED


def test_a_trajectory_from_elsewhere_is_found(p91, monkeypatch):
    right = p91.descent
    monkeypatch.setattr(p91, "descent", lambda e, f, gamma, size, k: right(e, f, gamma, size / 3, k, start=f + 1))
    assert p91.steps_on_drawn_energies(Run(examples=20)).verdict is Verdict.REFUTED


def _norm(h: list[float], eps: float) -> list[float]:
    mean = sum(h) / len(h)
    scale = math.sqrt(sum((x - mean) ** 2 for x in h) / len(h) + eps)
    return [(x - mean) / scale for x in h]


@pytest.mark.parametrize("eps", [0.0, 0.2])
def test_second_norm_in_floats(eps):
    first = _norm([0.0, 1.0, 5.0], eps)
    second = _norm(first, eps)
    factor = 1 / math.sqrt(sum(x * x for x in first) / 3 + eps)
    assert second == pytest.approx([factor * x for x in first])
    assert (second == pytest.approx(first)) == (eps == 0)
