"""The a-posteriori bounds: their judgement, planted faults, and one trajectory in plain floats."""

from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgement(ledger_of):
    ledger = ledger_of("theorem_2_a_posteriori")
    assert ledger.entry("theorem-2-a-posteriori").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def bounds(claims_file):
    return claims_file("theorem_2_a_posteriori")


def verdict(bounds, conclusion, drop=None):
    given = [h for i, h in enumerate(bounds.of_phi) if i != drop]
    return prove(given, conclusion).verdict


@pytest.mark.parametrize("share", [Fraction(99, 100), Fraction(1)])
def test_the_constants_cannot_be_improved(bounds, share):
    shrunk = sp.Rational(share) * bounds.move.norm2
    expected = Verdict.PROVED if share == 1 else Verdict.REFUTED
    assert verdict(bounds, (bounds.alpha * bounds.m) ** 2 * bounds.d.norm2 <= shrunk) is expected
    assert (
        verdict(bounds, bounds.move.norm2 <= sp.Rational(share) * (bounds.alpha * bounds.M) ** 2 * bounds.d.norm2)
        is expected
    )


def test_without_strong_convexity(bounds):
    given = [bounds.m <= bounds.M, bounds.D @ bounds.d <= bounds.M * bounds.d.norm2]
    finding = prove([*given, *bounds.space.positive_semidefinite], bounds.m**2 * bounds.d.norm2 <= bounds.D.norm2)
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(bounds):
    assert verdict(bounds, bounds.d.norm2 <= -1) is Verdict.REFUTED
    finding = prove([*bounds.of_phi, bounds.D @ bounds.d <= 0], bounds.d.norm2 <= -1)
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_drawn_energies_catch_exchanged_constants(bounds, monkeypatch):
    whole = bounds.bounds
    monkeypatch.setattr(
        bounds, "bounds", lambda *a: [(t, left, "<=", right * Fraction(9, 10)) for t, left, _, right in whole(*a)]
    )
    finding = bounds.bounds_on_drawn_energies(Run(examples=60))
    assert finding.verdict is Verdict.REFUTED


def test_a_trajectory_in_floats():
    """energy = ln cosh h, curvature in [0, 1], gamma = 2, f = 3: m = 1/2, M = 3/2."""
    import math

    def slope(h):
        return math.tanh(h) + (h - 3) / 2

    star = 3.0
    for _ in range(200):
        star -= 0.8 * slope(star)
    h, alpha, m, M = 3.0, 1.1, 0.5, 1.5
    assert math.tanh(3) / M <= abs(h - star) <= math.tanh(3) / m
    for _ in range(8):
        after = h - alpha * slope(h)
        change = abs(after - h)
        assert change / (alpha * M) <= abs(h - star) <= change / (alpha * m)
        assert abs(after - star) <= max(abs(1 - alpha * m), abs(1 - alpha * M)) * change / (alpha * m)
        h = after
