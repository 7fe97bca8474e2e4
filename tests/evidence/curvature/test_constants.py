"""Closed-form constants by type: what they are computed from, and what they refuse."""

from fractions import Fraction

import pytest
import torch
from energies import cases

import eqt_theory as eqt
from eqt_theory.evidence.curvature.constants import TABLE, constants, constants_outside, distance_from_origin
from eqt_theory.evidence.curvature.search import search_curvature

AWAY = eqt.Ball([3.0, 0.0, 0.0], 1.0)
KNOWN = [name for name in cases.SHARED if constants(cases.SHARED[name](), AWAY) is not None]


def test_which_energies_have_constants():
    assert {type(cases.SHARED[name]()) for name in KNOWN} >= set(TABLE)
    assert "confidence-active" not in KNOWN
    assert "reverse-transformer" not in KNOWN


@pytest.mark.parametrize("name", KNOWN)
def test_search_never_exceeds_them(name):
    energy = cases.SHARED[name]()
    known = constants(energy, AWAY)
    found = search_curvature(energy, AWAY, 48, 0)
    assert float(known.lower) - 1e-9 <= found.least.curvature
    assert found.most.curvature <= float(known.upper) + 1e-9
    if known.slope is not None:
        assert float(energy.gradient(found.most.a).detach().norm()) <= float(known.slope)


def test_the_memory_has_none_at_the_origin():
    memory = cases.SHARED["memory"]()
    assert constants(memory, eqt.WholeSpace(3)) is None
    assert constants(memory, eqt.Ball([1.0, 0.0, 0.0], 1.0)) is None
    assert constants(memory, eqt.Box([0.5, -1, -1], [1, 1, 1])).upper > 0


def test_nothing_that_a_user_sets_enters():
    energy = cases.SHARED["confidence-frozen"]()
    before = constants(energy, AWAY)
    energy._curvature = eqt.Curvature(5.0, 6.0)
    assert energy.curvature.mu == 5.0
    assert constants(energy, AWAY) == before


def test_only_the_exact_type_counts():
    class Mine(eqt.Confidence):
        def value(self, h):
            return 10 * super().value(h)

    mine = Mine(cases.HEAD, piece=1)
    assert constants(mine, AWAY) is None
    assert constants(eqt.Confidence(cases.HEAD, piece=1) + mine, AWAY) is None


def test_sums_and_objectives():
    a, b = cases.SHARED["confidence-frozen"](), cases.SHARED["masked-linear"]()
    alone = [constants(x, AWAY) for x in (a, b)]
    both = constants(0.25 * a + 2 * b, AWAY)
    assert both.lower == alone[0].lower / 4
    assert both.upper == alone[0].upper / 4 + 2 * alone[1].upper
    phi = constants(eqt.Objective(a, torch.zeros(3, dtype=torch.float64), 0.5), AWAY)
    assert phi.lower == alone[0].lower + 2


def test_batches_have_none():
    assert constants(cases.BATCHED["confidence"](), AWAY) is None


def test_position_wise_heads_are_averaged():
    weight = torch.stack([torch.eye(3, dtype=torch.float64) * k for k in (1.0, 3.0)])
    tokens = torch.tensor([0, 1])
    first = eqt.MaskedPrediction(eqt.LinearHead(weight), tokens, torch.tensor([True, False]))
    both = eqt.MaskedPrediction(eqt.LinearHead(weight), tokens, torch.tensor([True, True]))
    assert float(constants_outside(first, Fraction(0)).slope) == pytest.approx(2**0.5)
    assert float(constants_outside(both, Fraction(0)).slope) == pytest.approx(2 * 2**0.5)


def test_distance_from_the_origin():
    assert float(distance_from_origin(eqt.Ball([3.0, 4.0], 2.0))) == pytest.approx(3.0)
    assert distance_from_origin(eqt.Ball([1.0], 2.0)) == 0
    assert float(distance_from_origin(eqt.Box([3.0, -1.0], [5.0, 1.0]))) == pytest.approx(3.0)
    assert float(distance_from_origin(eqt.Box([-5.0, 4.0], [-3.0, 6.0]))) == pytest.approx(5.0)
    assert distance_from_origin(eqt.WholeSpace(2)) == 0
