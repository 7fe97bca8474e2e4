"""The parameter counts: their judgement, planted faults, and the numbers once more."""

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("parameter_counts")
    assert ledger.entry("parameter-counts").judgement is Judgement.NEEDS_CONDITION
    assert ledger.entry("parameter-counts-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def counts(claims_file):
    return claims_file("parameter_counts")


def test_a_wider_standard_block_fits(counts):
    """The refuted statement is not decided in advance: at d = 295 the standard block has 6.3 million."""
    given = [sp.Eq(counts.layers, 6), sp.Eq(counts.d, 295), sp.Eq(counts.extra, 0)]
    assert prove(given, counts.rounds_to_stated(counts.matrices(2))).verdict is Verdict.PROVED


def test_gated_blocks_of_the_reduced_width_do_not_fit(counts):
    given = [sp.Eq(counts.layers, 6), sp.Eq(counts.d, 256), counts.extra <= 50_000]
    reduced = counts.layers * (4 + 8) * counts.d**2 + counts.extra  # three matrices of width 8 d/3
    assert prove(given, counts.rounds_to_stated(reduced)).verdict is Verdict.REFUTED


def test_a_wrong_count_is_noticed(counts, monkeypatch):
    monkeypatch.setattr(counts, "count_layer", lambda width, feed_forward: 12 * width**2)
    assert counts.six_standard_layers().verdict is Verdict.INCONCLUSIVE
    assert counts.layer_as_pytorch_builds_it().verdict is Verdict.INCONCLUSIVE


def test_a_width_that_is_too_small(counts):
    count = 6 * (12 * counts.d**2 + 13 * counts.d)
    assert prove([counts.d >= 294], count >= 6_250_000).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(counts):
    finding = prove([*counts.stated_sizes, sp.Eq(counts.d, 1)], counts.rounds_to_stated(counts.matrices(2)))
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_numbers():
    assert 6 * (12 * 256**2 + 13 * 256) == 4_738_560
    assert 6 * (16 * 256**2 + 17 * 256) == 6_317_568
    assert 0.075 <= 6.8 / 6.3 - 1 < 0.085
