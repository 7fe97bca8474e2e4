"""Algorithm 1: its judgement, faults planted in the repaired form, and the norm in plain floats."""

import math
import random

import pytest
import sympy as sp

from eqt_theory import Verdict, prove
from eqt_theory.core.claim import Run
from eqt_theory.core.verdict import Judgement


def test_judgements(ledger_of):
    ledger = ledger_of("algorithm_1")
    assert ledger.entry("algorithm-1").judgement is Judgement.FALSE
    assert ledger.entry("algorithm-1-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_every_reading_is_refuted(ledger_of):
    results = ledger_of("algorithm_1").entry("algorithm-1").results
    refuted = {r.check.reading for r in results if r.finding.verdict is Verdict.REFUTED}
    assert refuted == {"Proposition 1", "Proposition 9.1", "Theorem 3", "Eq. 19"}


@pytest.fixture
def a1(claims_file):
    return claims_file("algorithm_1")


def test_a_state_of_unit_spread_and_mean_zero_is_kept(a1):
    """The refuted statement is not decided in advance: it holds for f = (1, -1)."""
    finding = prove([*a1.outputs(a1.n, a1.f1, a1.f2), sp.Eq(a1.f1, 1), sp.Eq(a1.f2, -1)], sp.Eq(a1.n, a1.f1))
    assert finding.verdict is Verdict.PROVED


@pytest.mark.parametrize("direction", ["one", "h"])
def test_derivative_without_one_of_its_terms(a1, direction):
    """Without the mean, or without the part along v, the derivative is not singular."""
    kept = {
        "one": (a1.one - ((a1.v @ a1.one) / (a1.dim * a1.s**2)) * a1.v) / a1.s,
        "h": a1.centred(a1.h) / a1.s,
    }[direction]
    finding = prove([*a1.gram, *a1.scale, sp.Eq(a1.eps, 0)], sp.Eq(kept.norm2, 0))
    assert finding.verdict is Verdict.REFUTED


def test_length_of_the_output_with_the_wrong_sign(a1):
    finding = prove([*a1.gram, *a1.scale], sp.Eq(a1.v.norm2 / a1.s**2, a1.dim * (1 + a1.eps / a1.s**2)))
    assert finding.verdict is Verdict.REFUTED


def test_contradictory_hypotheses(a1):
    assert prove([*a1.gram, *a1.scale, a1.v.norm2 < 0], sp.Eq(a1.s, 1)).verdict is Verdict.INCONCLUSIVE


def test_drawn_check_with_a_wrong_output(a1, monkeypatch):
    """An output that is the equilibrium itself is not refuted."""
    monkeypatch.setattr(a1, "output_of", lambda x, y: (x, y))
    assert a1.output_is_stationary_on_drawn_energies(Run(examples=30)).verdict is Verdict.SUPPORTED


def _norm(h: list[float], eps: float) -> list[float]:
    mean = sum(h) / len(h)
    scale = math.sqrt(sum((x - mean) ** 2 for x in h) / len(h) + eps)
    return [(x - mean) / scale for x in h]


def test_derivative_in_floats(a1):
    """J x against central differences in five dimensions."""
    draw = random.Random(3)
    h, x = ([draw.uniform(-2, 2) for _ in range(5)] for _ in range(2))
    eps, tiny = 0.1, 1e-6
    mean, mean_x = sum(h) / 5, sum(x) / 5
    scale2 = sum((y - mean) ** 2 for y in h) / 5 + eps
    pull = sum((y - mean) * z for y, z in zip(h, x, strict=True)) / (5 * scale2)
    formula = [(z - mean_x - pull * (y - mean)) / math.sqrt(scale2) for y, z in zip(h, x, strict=True)]
    ahead, behind = (_norm([y + sign * tiny * z for y, z in zip(h, x, strict=True)], eps) for sign in (1, -1))
    measured = [(b - c) / (2 * tiny) for b, c in zip(ahead, behind, strict=True)]
    assert formula == pytest.approx(measured, abs=1e-8)


def test_equilibrium_and_output_in_floats():
    """energy = |h|^2/2, gamma = 1, f = (0, 1): h* = (0, 1/2), and the output (-1, 1) has gradient (-2, 1)."""
    out = _norm([0.0, 0.5], 0.0)
    assert out == pytest.approx([-1.0, 1.0])
    assert [n + (n - f) for n, f in zip(out, (0, 1), strict=True)] == pytest.approx([-2.0, 1.0])
