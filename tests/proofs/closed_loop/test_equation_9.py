"""Equation 9: its judgement, faults planted in the repaired form, and the figures in plain arithmetic."""

import pytest

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("equation_9")
    assert ledger.entry("equation-9").judgement is Judgement.FALSE
    assert ledger.entry("equation-9-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def e9(claims_file):
    return claims_file("equation_9")


def test_the_figure_that_the_formula_gives_is_proved(e9):
    """The check could come out the other way: 1.2 is accepted where 2.3 is refuted."""
    value = e9.ratio(2 * e9.M * e9.D_energy + e9.d, 2 * e9.N * e9.D_main)
    assert prove([100 * e9.d <= e9.N], [20 * value >= 23, 4 * value < 5]).verdict is Verdict.PROVED
    assert prove([100 * e9.d <= e9.N], [4 * value >= 9, 20 * value < 47]).verdict is Verdict.REFUTED


def test_state_as_large_as_needed_would_give_2_3(e9):
    """Without d <= N nothing is refuted for good: d = 4.4 N gives exactly 2.3."""
    value = e9.ratio(2 * e9.M * e9.D_energy + e9.d, 2 * e9.N * e9.D_main)
    assert value.subs(e9.d, e9.N * 22 / 5).simplify() == e9.sp.Rational(23, 10)


def test_widened_range_of_d(e9):
    value = e9.ratio(4 * e9.M + 5 * e9.d, 2 * e9.N)
    assert prove([700 * e9.d <= e9.N], value <= e9.rounds_to_4_2[1]).verdict is Verdict.REFUTED


def test_small_blocks(e9):
    assert prove([12 * e9.d**2 <= e9.N, e9.d >= 66], 800 * e9.d <= e9.N).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(e9):
    assert prove([e9.d > e9.N, e9.d < e9.N], e9.d <= 0).verdict is Verdict.INCONCLUSIVE


def test_a_count_that_forgets_additions_is_caught(e9, monkeypatch):
    def half(self, matrix, vector):
        self.operations += sum(len(row) for row in matrix)
        return [1] * len(matrix)

    monkeypatch.setattr(e9.Tally, "product", half)
    assert e9.count_by_running(Run(examples=30)).verdict is Verdict.REFUTED


def test_figures():
    N, M, K = 1.0, 0.1, 16
    assert pytest.approx(1.2) == (2 * N * 32 + K * 2 * M * 4) / (2 * N * 32)
    assert pytest.approx(4.2) == (2 * N + K * 4 * M) / (2 * N)
    assert pytest.approx(2.3) == 1 + 2 * K * (13 / 320)
    assert pytest.approx(2.3) == 1 + 2 * 6.5 * M
