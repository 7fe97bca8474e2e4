"""The sign of the energy: its judgement, planted faults, and the memory term in plain floats."""

import math
import random

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("energy_nonnegative")
    assert ledger.entry("energy-nonnegative").judgement is Judgement.FALSE
    assert ledger.entry("energy-nonnegative-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


@pytest.fixture
def sign(claims_file):
    return claims_file("energy_nonnegative")


def test_opposed_memories_make_the_term_positive(sign):
    """The refuted statement is not decided in advance: it holds where the memory points the other way."""
    finding = prove([*sign.cosine, sign.h @ sign.z <= 0], -sign.weight * sign.c / sign.tau >= 0)
    assert finding.verdict is Verdict.PROVED


def test_a_cosine_without_its_lengths(sign):
    given = [hypothesis for hypothesis in sign.cosine if sign.length_z not in hypothesis.free_symbols]
    assert prove(given, sign.c <= 1).verdict is Verdict.REFUTED


@pytest.mark.parametrize("extra", [0, -1])
def test_sum_with_too_few_terms(sign, extra):
    total, one = sp.symbols("total one", positive=True)
    given = [sign.T >= 1, one <= sign.T, total <= sign.count * sign.T]
    assert prove(given, total + one <= (sign.count + extra) * sign.T).verdict is Verdict.REFUTED


def test_contradictory_hypotheses(sign):
    assert prove([*sign.cosine, sign.c > 2], sign.c <= 1).verdict is Verdict.INCONCLUSIVE


def test_the_other_sign_passes_the_drawn_check(sign, monkeypatch):
    monkeypatch.setattr(sign, "triples", sign.st.just((0, 1, 1)) | sign.st.just((1, 0, 1)))
    monkeypatch.setattr(sign, "rationals", lambda *_: sign.st.just(sign.Fraction(-1)))
    assert sign.memory_term_on_drawn_states(Run(examples=10)).verdict is Verdict.SUPPORTED


def test_bounds_in_floats():
    draw = random.Random(1)
    for tau in (0.1, 0.5, 2.0):
        for n in (1, 3, 8):
            h, *memories = ([draw.gauss(0, 1) for _ in range(3)] for _ in range(n + 1))
            cosines = [
                sum(a * b for a, b in zip(h, z, strict=True)) / (math.hypot(*h) * math.hypot(*z)) for z in memories
            ]
            term = -math.log(sum(math.exp(c / tau) for c in cosines))
            assert -1 / tau - math.log(n) <= term <= 1 / tau - math.log(n)
    assert -math.log(3 * math.exp(1 / 0.5)) == pytest.approx(-2 - math.log(3))
