"""The example of Section 4.2.2: its judgement, planted faults, and the numbers in plain floats."""

from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("section_4_2_2_example")
    assert ledger.entry("section-4.2.2-example").judgement is Judgement.FALSE
    assert ledger.entry("section-4.2.2-example-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_each_reading_is_refuted_by_every_check(ledger_of):
    results = ledger_of("section_4_2_2_example").entry("section-4.2.2-example").results
    assert {r.check.reading for r in results} == {"rho of Eq. 26", "true rate", "best step"}
    assert {r.finding.verdict for r in results} == {Verdict.REFUTED}


@pytest.fixture
def example(claims_file):
    return claims_file("section_4_2_2_example")


def test_a_wrong_digit_is_refuted(example):
    finding = example.certified(example.rounds_to("0.15496", example.RATE**16), "planted", {"value": example.RATE**16})
    assert finding.verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("text", "value", "holds"), [("0.5", "11/20", False), ("0.5", "9/20", True), ("2", "5/2", False)]
)
def test_rounding(example, text, value, holds):
    verdict = example.certified(
        example.rounds_to(text, Fraction(value)), "rounding", {"value": Fraction(value)}
    ).verdict
    assert verdict is (Verdict.CERTIFIED if holds else Verdict.REFUTED)


def test_the_rate_0_8_would_give_the_stated_numbers(example):
    """The check is not decided in advance: the paper's own 0.8 passes its rounding."""
    finding = prove([sp.Eq(example.rho, sp.Rational(4, 5))], [*example.reduced, example.rho**-16 >= 34])
    assert finding.verdict is Verdict.PROVED


def test_no_step_size_reaches_0_8(example):
    larger = sp.Max(sp.Abs(1 - example.alpha * sp.Rational(11, 10)), sp.Abs(1 - 11 * example.alpha))
    assert prove([], larger > sp.Rational(9, 11)).verdict is Verdict.REFUTED
    assert prove([sp.Eq(example.alpha, 2), example.alpha < 1], larger < 0).verdict is Verdict.INCONCLUSIVE


def test_drawn_energies_catch_a_larger_reduction(example):
    assert example.reduced_on_drawn(Run(examples=200), Fraction(7), example.ALPHA).verdict is Verdict.REFUTED
    assert example.reduced_on_drawn(Run(examples=50), Fraction(6), example.ALPHA).verdict is Verdict.SUPPORTED


def test_numbers_in_floats():
    rho = 1 - 2 * 0.1 * 0.1 / (1 + 10 / 0.1)
    assert rho**16 == pytest.approx(0.99684, abs=5e-6)
    h = 1.0
    for _ in range(16):
        h -= 0.1 * (0.1 * h + (h - 1))
    star = 1 / 1.1
    assert (1 - star) / (h - star) == pytest.approx(6.45, abs=5e-3)
    best = (11 / 9) ** 16
    assert best == pytest.approx(24.80, abs=5e-3)
