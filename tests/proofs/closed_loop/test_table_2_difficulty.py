"""The gains in Table 2: their judgements, faults planted in the data, and SciPy's statistics."""

import math
from fractions import Fraction

import pytest
from scipy import stats

from eqt_theory import Verdict
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("table_2_difficulty")
    assert ledger.entry("table-2-difficulty").judgement is Judgement.FALSE
    assert ledger.entry("table-2-difficulty-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def t2(claims_file):
    return claims_file("table_2_difficulty")


def _rows(t2, gains):
    return [t2.Row(64 * k, Fraction(90 - 5 * k), Fraction(0), 90 - 5 * k + Fraction(g)) for k, g in enumerate(gains, 1)]


def test_growing_gains_would_be_certified(t2, monkeypatch):
    monkeypatch.setattr(t2, "hard_rows", lambda: _rows(t2, (1, 2, 3, 4, 5)))
    assert t2.larger_gain_where_harder().verdict is Verdict.CERTIFIED
    assert t2.correlation_with_difficulty().verdict is Verdict.CERTIFIED


@pytest.mark.parametrize("gains", [(2, 1, 3, 4, 5), (5, 4, 3, 2, 1)])
def test_one_exchange_is_enough_to_refute(t2, monkeypatch, gains):
    monkeypatch.setattr(t2, "hard_rows", lambda: _rows(t2, gains))
    assert t2.larger_gain_where_harder().verdict is Verdict.REFUTED
    assert t2.correlation_with_difficulty().verdict is Verdict.REFUTED
    assert t2.correlation_is_three_tenths().verdict is Verdict.REFUTED


def test_a_negative_gain_and_more_noise_are_caught(t2, monkeypatch):
    monkeypatch.setattr(t2, "hard_rows", lambda: _rows(t2, (1, 2, 3, 4, -1)))
    assert t2.gains_are_positive().verdict is Verdict.REFUTED
    monkeypatch.undo()
    assert t2.gains_against_the_noise_of_the_test_set().verdict is Verdict.CERTIFIED
    monkeypatch.setattr(t2, "SEQUENCES", 256)
    assert t2.gains_against_the_noise_of_the_test_set().verdict is Verdict.REFUTED


def test_against_scipy(t2):
    hard = t2.hard_rows()
    gains, errors = [float(r.gain) for r in hard], [100 - float(r.standard) for r in hard]
    ours, p = t2._correlation()
    theirs = stats.spearmanr(gains, errors)
    assert float(ours) == pytest.approx(theirs.statistic)
    assert theirs.pvalue == pytest.approx(0.624, abs=1e-3)  # by a t distribution, rough for five points

    def statistic(order):
        return stats.spearmanr(order, errors).statistic

    exact = stats.permutation_test((gains,), statistic, permutation_type="pairings", n_resamples=1000)
    assert float(p) == pytest.approx(exact.pvalue)


def test_standard_errors_in_floats(t2):
    above = []
    for row in t2.hard_rows():
        errors = [math.sqrt(p * (1 - p) / 4096) for p in (float(row.standard) / 100, float(row.eqt_k32) / 100)]
        if float(row.gain) / 100 > 2 * sum(errors):
            above.append(row.length)
    assert sorted(above) == [64, 192]
