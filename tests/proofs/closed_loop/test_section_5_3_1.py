"""Section 5.3.1: its judgement, faults planted in the bounds, and the example in plain floats."""

from fractions import Fraction

import pytest

from eqt_theory import Run, Verdict, prove
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("section_5_3_1")
    assert ledger.entry("section-5.3.1").judgement is Judgement.FALSE
    assert ledger.entry("section-5.3.1-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def s5(claims_file):
    return claims_file("section_5_3_1")


def test_example_in_floats():
    h, star = 1.0, (0.1 * 11 + 1e-3) / 0.101
    changes = []
    for _ in range(7):
        after = h - 1e-3 * (0.1 * (h - 11) + 1e-3 * (h - 1))
        changes.append(abs(after - h) / abs(h))
        sixth, h = h, after
    assert changes[0] == pytest.approx(1e-3)
    assert max(changes[1:]) < 1e-3
    assert abs(sixth - star) / abs(sixth) == pytest.approx(9.8, abs=0.05)


def test_planted_faults(s5):
    d, m, M, alpha, move, curved = s5.d, s5.m, s5.M, s5.alpha, s5.move, s5.curved
    after = s5.gradient_step(d, s5.D, alpha).norm2
    wrong = [
        move.norm2 <= (alpha * m) ** 2 * d.norm2,
        (alpha * M) ** 2 * d.norm2 <= move.norm2,
        after <= (s5.rho / (alpha * M)) ** 2 * move.norm2,
        after <= (1 / (alpha * m) - 1) ** 2 * move.norm2,
    ]
    for conclusion in wrong:
        assert prove(curved, conclusion).verdict is Verdict.REFUTED


def test_the_class_is_needed(s5):
    for dropped in (s5.curved[-1],):
        kept = [h for h in s5.curved if h != dropped]
        finding = prove(kept, (s5.alpha * s5.m) ** 2 * s5.d.norm2 <= s5.move.norm2)
        assert finding.verdict is Verdict.REFUTED


def test_drawn_energies_refute_a_wrong_bound(s5, monkeypatch):
    original = s5.equilibrium
    monkeypatch.setattr(s5, "equilibrium", lambda *case: original(*case) + Fraction(1, 100))
    finding = s5.bounds_on_drawn_energies(Run(examples=100))
    assert finding.verdict is Verdict.INCONCLUSIVE  # found, and not confirmed by the replay
    assert "does not confirm" in finding.detail


def test_a_threshold_with_alpha_m_is_not_refuted(s5, monkeypatch):
    """The search for misleading trajectories comes out empty where the threshold is divided by what it should."""

    def careful(case):
        energy, proposal, gamma, step = case
        states = s5.descent(energy, proposal, gamma, step, s5.STEPS + 1)
        slow = step * (energy.mu + 1 / gamma)
        if abs(states[-1] - states[-2]) > slow * abs(states[-2]):
            return None
        return abs(states[-2] - s5.equilibrium(energy, proposal, gamma)) > abs(states[-2])

    monkeypatch.setattr(s5, "misleads", careful)
    assert s5.small_changes_on_drawn_energies(Run(examples=100)).verdict is Verdict.SUPPORTED


def test_replayed_states_agree_with_the_others(s5):
    energy = s5.PiecewiseQuadratic((Fraction(1), Fraction(3)), (Fraction(1, 2),), slope=Fraction(-2))
    case = (energy, Fraction(2), Fraction(4), Fraction(1, 8))
    states, star = s5.replay_states(case, 5)
    assert states == s5.descent(*case, 4)
    assert star == s5.equilibrium(*case[:3])
