"""Theorem 4: its judgement, faults planted in the repaired form, and the witnesses in plain floats."""

import math
from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.interval import enclose


def test_judgements(ledger_of):
    ledger = ledger_of("theorem_4")
    assert ledger.entry("theorem-4").judgement is Judgement.FALSE
    assert ledger.entry("theorem-4-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_eq_32_is_refuted_in_four_ways(ledger_of):
    results = ledger_of("theorem_4").entry("theorem-4").results
    ways = {r.check.name: r.finding.verdict for r in results if r.check.reading == "Eq. 32"}
    assert len(ways) == 4
    assert set(ways.values()) == {Verdict.REFUTED}


def test_energies_and_losses_of_either_sign(claims_file):
    """The repaired statement is about all of them; its symbols must not be taken to be nonnegative."""
    t4 = claims_file("theorem_4")
    assert all(s.is_nonnegative is None for s in (t4.loss_star, t4.loss_f, t4.loss_opt, t4.energy_star, t4.energy_f))
    assert prove([t4.dropped], t4.energy_f >= 0).verdict is Verdict.REFUTED


@pytest.fixture
def t4(claims_file):
    return claims_file("theorem_4")


def test_wrong_sign_of_the_slack(t4):
    finding = prove([t4.above_the_loss[0], t4.dropped], t4.loss_star - t4.loss_opt <= t4.energy_f - t4.drop - t4.c)
    assert finding.verdict is Verdict.REFUTED


def test_strict_two_sided_bound(t4):
    hypotheses = [*t4.best, t4.upper_side, t4.lower_side, t4.dropped]
    finding = prove(hypotheses, t4.loss_star < t4.loss_f - (t4.drop - t4.c1 - t4.c2) / t4.s)
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("missing", ["upper_side", "lower_side", "dropped"])
def test_dropped_hypothesis(t4, missing):
    hypotheses = [getattr(t4, name) for name in ("upper_side", "lower_side", "dropped") if name != missing]
    finding = prove([*t4.best, *hypotheses], t4.loss_star <= t4.loss_f - (t4.drop - t4.c1 - t4.c2) / t4.s)
    assert finding.verdict is Verdict.REFUTED


def test_widened_step_range(t4):
    upper, before, after, slope2 = sp.symbols("M before after slope2", positive=True)
    descent = after <= before - t4.alpha * slope2 + upper * t4.alpha**2 * slope2 / 2
    assert prove([descent, t4.alpha <= 2 / upper], after <= before).verdict is Verdict.PROVED
    assert prove([descent, t4.alpha <= 3 / upper], after <= before).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(t4):
    finding = prove([*t4.best, t4.loss_star < t4.loss_opt], t4.loss_star < t4.loss_f - t4.drop)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_too_long_steps_lose_the_drop(t4, monkeypatch):
    longest = t4.longest_step
    monkeypatch.setattr(t4, "longest_step", lambda energy, gamma: longest(energy, gamma) * Fraction(3, 2))
    assert t4.energy_drops_on_drawn_energies(Run(examples=60)).verdict is Verdict.REFUTED


def test_energies_equal_to_the_loss_obey_eq_32(t4, monkeypatch):
    """The drawn check is not decided in advance: with energy = l it finds nothing."""
    monkeypatch.setattr(t4, "drawn_cases", t4.drawn_cases.map(lambda case: (case[0], Fraction(0), *case[2:])))
    assert t4.eq_32_on_drawn_energies(Run(examples=40)).verdict is Verdict.SUPPORTED


def test_softmax_head_away_from_the_equilibrium(t4, monkeypatch):
    monkeypatch.setattr(t4, "enclose_root", lambda *_: enclose(sp.Integer(0)))
    assert t4.eq_32_on_a_softmax_head().verdict is Verdict.INCONCLUSIVE


def test_softmax_head_in_floats():
    def loss(h):
        return math.log(1 + 2 * math.cosh(h))

    def energy(h):
        return loss(h) - math.log(3) + 5 * (h - 1) ** 2

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        slope = 2 * math.sinh(middle) / (1 + 2 * math.cosh(middle)) + 10 * (middle - 1) + middle
        low, high = (middle, high) if slope < 0 else (low, middle)
    fell = energy(0) - energy(low)
    assert low == pytest.approx(0.862408, abs=1e-6)
    assert fell == pytest.approx(4.67132, abs=1e-5)
    assert loss(low) == pytest.approx(1.33263, abs=1e-5)
    assert loss(low) > loss(0) > 0 > loss(0) - fell


def test_parabolas_in_floats(ledger_of):
    """At k = g = 1, f = 0: h* = 2/5, l(h*) = 4/25, Delta = 12/25."""
    star = 0.4
    assert 2 * star + 2 * (star - 1) + star == pytest.approx(0)
    fell = 1 - (star**2 + (star - 1) ** 2)
    assert fell == pytest.approx(12 / 25)
    assert star**2 > 0 - fell
