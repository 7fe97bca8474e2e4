"""Eq. 12: its judgement and faults planted in the repaired window."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_12")
    assert ledger.entry("equation-12").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("equation-12-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def eq12(claims_file):
    return claims_file("equation_12")


def test_window_one_token_too_long(eq12):
    first = sp.Max(1, eq12.t - eq12.W)
    assert prove(eq12.positions, sp.Eq(eq12.t - first + 1, eq12.n)).verdict is Verdict.REFUTED


def test_condition_that_is_too_weak(eq12):
    assert prove([eq12.W >= 1, eq12.t >= eq12.W - 1], eq12.t - eq12.W + 1 >= 1).verdict is Verdict.REFUTED


def test_count_without_the_cut(eq12):
    assert prove(eq12.positions, sp.Eq(eq12.t - eq12.first + 1, eq12.W)).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(eq12):
    assert prove([*eq12.positions, eq12.t < 0], eq12.i >= 1).verdict is Verdict.INCONCLUSIVE


def test_a_wrong_window_is_found(eq12, monkeypatch):
    right = eq12.window
    monkeypatch.setattr(eq12, "window", lambda position, width: right(position + 1, width))
    assert eq12.cut_windows_on_drawn_positions(Run(examples=40)).verdict is Verdict.REFUTED


@pytest.mark.parametrize(("t", "expected"), [(1, 1), (31, 31), (32, 32), (100, 32)])
def test_tokens_in_the_window(t, expected):
    assert len([i for i in range(t - 32 + 1, t + 1) if i >= 1]) == expected
