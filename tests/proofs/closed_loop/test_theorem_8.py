"""Theorem 8: its judgement, faults planted in the repaired form, and the witnesses in plain floats."""

import pytest

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("theorem_8")
    assert ledger.entry("theorem-8").judgement is Judgement.FALSE
    assert ledger.entry("theorem-8-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_each_equation_is_refuted(ledger_of):
    results = ledger_of("theorem_8").entry("theorem-8").results
    assert {r.check.reading for r in results} == {"Eq. 41", "Eq. 42", "Eq. 43"}
    assert {r.finding.verdict for r in results} == {Verdict.REFUTED}


def test_losses_of_either_sign(claims_file):
    """The repaired statement is about all losses; nothing of it may rest on their being nonnegative."""
    t8 = claims_file("theorem_8")
    assert prove([t8.descent], t8.old_tasks_at_new >= 0).verdict is Verdict.REFUTED
    below = {
        t8.old_tasks_at_new: -5,
        t8.old_tasks_at_old: -6,
        t8.new_task_at_new: -9,
        t8.new_task_at_old: -1,
        t8.lam: 2,
    }
    assert t8.descent.subs(below)
    assert t8.bound.subs(below) >= -5 + 6


@pytest.fixture
def t8(claims_file):
    return claims_file("theorem_8")


def test_flipped_sign(t8):
    finding = prove([t8.descent], t8.old_tasks_at_new - t8.old_tasks_at_old <= -t8.bound)
    assert finding.verdict is Verdict.REFUTED


def test_without_optimality(t8):
    finding = prove([], t8.old_tasks_at_new - t8.old_tasks_at_old <= t8.bound)
    assert finding.verdict is Verdict.REFUTED


def test_per_task_without_the_condition_on_the_others(t8):
    finding = prove([t8.descent, *t8.split], t8.one_at_new - t8.one_at_old <= t8.bound)
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(t8):
    worse = t8.rest_at_new < t8.rest_at_old
    finding = prove([worse, t8.rest_at_new >= t8.rest_at_old], t8.one_at_new <= t8.one_at_old)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_drawn_tasks_catch_a_smaller_constant(t8, monkeypatch):
    whole = t8.changes
    monkeypatch.setattr(t8, "changes", lambda case: (*whole(case)[:2], whole(case)[2] / 4))
    assert t8.forgetting_on_drawn_tasks(Run(examples=100)).verdict is Verdict.REFUTED


def test_unchanged_minimisers_obey_eq_41(t8, monkeypatch):
    """The drawn check is not decided in advance: with all minima at 0 nothing changes, and it finds nothing."""
    same = t8.drawn_tasks.map(lambda case: (type(case[0]).quadratic(1, 0), (case[1][0], 0), (case[2][0], 0), case[3]))
    monkeypatch.setattr(t8, "drawn_tasks", same)
    assert t8.eq_41_on_drawn_tasks(Run(examples=30)).verdict is Verdict.SUPPORTED


def test_two_parabolas_in_floats():
    grid = [i / 1000 for i in range(-2000, 2001)]
    old = min(grid, key=lambda h: h**2)
    new = min(grid, key=lambda h: (h - 1) ** 2 + h**2)
    assert (old, new) == (0, 0.5)
    assert new**2 - old**2 == 0.25 > -0.75 == (new - 1) ** 2 - (old - 1) ** 2
    assert new**2 - old**2 <= (old - 1) ** 2 - (new - 1) ** 2


def test_others_that_improve_in_floats():
    grid = [i / 3000 for i in range(-3000, 3001)]
    new = min(grid, key=lambda h: 2 * (h - 1) ** 2 + (h + 1) ** 2)
    assert new == pytest.approx(1 / 3)
    assert (new + 1) ** 2 - 1 > 1 - (new - 1) ** 2
