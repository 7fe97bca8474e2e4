"""Theorem 2: its judgement, faults planted in both forms, and rates in plain floats."""

from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.gram import SmoothClass, gradient_step


def test_judgements(ledger_of):
    ledger = ledger_of("theorem_2")
    assert ledger.entry("theorem-2").judgement is Judgement.HOLDS_LOOSELY
    assert ledger.entry("theorem-2-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_the_repaired_rate_strengthens_the_stated_one(claims_file):
    """With w = -mu the repaired statement speaks of strongly convex energies too, which w >= 0 left out."""
    t2 = claims_file("theorem_2")
    assert t2.w.is_negative is None
    strengthened = t2.rho.subs(t2.w, -t2.mu)
    assert prove([*t2.paper_class, *t2.paper_range], strengthened < t2.paper_rate).verdict is Verdict.PROVED
    weaker = t2.rho.subs(t2.w, 0)
    assert prove([*t2.paper_class, *t2.paper_range], weaker <= t2.paper_rate).verdict is Verdict.REFUTED


@pytest.fixture
def t2(claims_file):
    return claims_file("theorem_2")


def one_step(t2, hypotheses, rate):
    return prove(hypotheses, gradient_step(t2.d, t2.D, t2.alpha).norm2 <= rate**2 * t2.d.norm2).verdict


def test_widened_range(t2):
    given = [*t2.paper_class, t2.alpha < 2 / (t2.L + t2.g), *t2._one_step(t2.m, t2.M)]
    assert one_step(t2, given, t2.paper_rate) is Verdict.REFUTED
    assert prove([*t2.weak_class, t2.alpha <= 2 / t2.M_], t2.rho < 1).verdict is Verdict.REFUTED


def test_flipped_signs(t2):
    given = [*t2.weak_class, *t2._one_step(t2.m_, t2.M_)]
    flipped = sp.Max(sp.Abs(1 - t2.alpha * (t2.g + t2.w)), sp.Abs(1 - t2.alpha * t2.M_))
    assert one_step(t2, given, flipped) is Verdict.REFUTED
    assert prove(t2.weak_class, sp.Equivalent(t2.rho < 1, t2.alpha * t2.M_ > 2)).verdict is Verdict.REFUTED


def test_a_smaller_rate(t2):
    given = [*t2.weak_class, *t2._one_step(t2.m_, t2.M_)]
    assert one_step(t2, given, sp.Rational(99, 100) * t2.rho) is Verdict.REFUTED


@pytest.mark.parametrize("dropped", ["lower curvature", "upper curvature"])
def test_every_hypothesis_is_needed(t2, dropped):
    lower, upper = t2.m * t2.d.norm2 <= t2.D @ t2.d, t2.D @ t2.d <= t2.M * t2.d.norm2
    kept = [upper] if dropped == "lower curvature" else [lower]
    given = [*t2.paper_class, *t2.paper_range, t2.d.norm2 > 0, *t2.space.positive_semidefinite, *kept]
    assert one_step(t2, given, t2.paper_rate) is Verdict.REFUTED


def test_weak_convexity_beyond_the_damping(t2):
    given = [t2.w < 2 * t2.g, -t2.w <= t2.L, t2.M_ > 0, t2.alpha * t2.M_ < 2]
    assert prove(given, t2.rho < 1).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(t2):
    given = [
        t2.d.norm2 > 0,
        t2.D.norm2 < 0,
        *t2.space.positive_semidefinite,
        SmoothClass(t2.m, t2.M).gradients(t2.d, t2.D),
    ]
    assert one_step(t2, given, t2.paper_rate) is Verdict.INCONCLUSIVE


def test_drawn_energies_catch_a_smaller_rate(t2):
    drawn = t2.refinements(Fraction(-9, 10), t2.repaired_limit)
    finding = t2.on_drawn(Run(examples=100), drawn, lambda case: t2.repaired_rate(case) * Fraction(19, 20))
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize("bounds", ["|h_", "|Phi'|", "Phi - Phi*"])
def test_drawn_energies_catch_the_rate_of_the_slow_end_alone(t2, bounds):
    """1 - alpha m is not enough for long steps, in any of the three measures."""
    drawn = t2.refinements(Fraction(-9, 10), t2.repaired_limit)
    finding = t2.on_drawn(Run(examples=300), drawn, lambda c: abs(1 - c[3] * (c[0].mu + 1 / c[2])), bounds)
    assert finding.verdict is Verdict.REFUTED
    assert finding.witness is not None


def test_rates_in_floats():
    """Two quadratics, mu = 0.1 and L = 10 at gamma = 1: 0.89 and 0.1 per step at alpha = 0.1; h^4/4 is sublinear."""
    for curvature, factor in ((0.1, 0.89), (10.0, 0.1)):
        star = 1 / (1 + curvature)
        after = 1 - 0.1 * curvature
        assert abs(after - star) / abs(1 - star) == pytest.approx(factor)
    h, ratio = 1.0, 0.0
    for _ in range(2000):
        after = h - 0.5 * h**3
        h, ratio = after, after / h
    assert ratio > 0.999
