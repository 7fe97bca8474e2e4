import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.curvature.search import search_curvature


def test_extremes_of_a_quadratic():
    energy = eqt.Quadratic.with_spectrum(torch.tensor([-2.0, 1.0, 5.0], dtype=torch.float64), seed=0)
    found = search_curvature(energy, eqt.Ball([0.0] * 3, 1.0), 16, 0)
    assert found.least.curvature == pytest.approx(-2, abs=1e-6)
    assert found.most.curvature == pytest.approx(5, abs=1e-6)


def test_ascent_finds_a_dip_that_no_sample_hits():
    """A dip of width 0.3 in the plane: the samples see its slope, the ascent goes down it."""
    at = torch.tensor([0.6, -0.9], dtype=torch.float64)
    energy = eqt.FunctionEnergy(lambda h: -torch.exp(-(h - at).square().sum() / 0.3), dim=2)
    found = search_curvature(energy, eqt.Ball([0.0, 0.0], 2.0), 32, 0)
    assert found.most.curvature == pytest.approx(2 / 0.3, rel=1e-3)
    assert float((found.most.a - at).norm()) < 0.05


def test_halving_closes_in_on_a_jump():
    energy = eqt.FunctionEnergy(lambda h: h.abs().sum(), dim=1)
    found = search_curvature(energy, eqt.Ball([0.3], 1.0), 16, 0)
    assert found.most.curvature > 1e4


@pytest.mark.parametrize("sharpness", [1e3, 1e5, 1e7])
def test_halving_closes_in_on_a_narrow_bend_within_a_segment(sharpness):
    """Where it lies in the middle both halves curve like the whole; the segment that meets it may lie askew."""
    energy = eqt.FunctionEnergy(lambda h: torch.nn.functional.softplus(h, beta=sharpness).sum(), dim=2)
    found = search_curvature(energy, eqt.Ball([0.31, 0.7], 1.0), 64, 0)
    assert found.most.curvature == pytest.approx(sharpness / 4, rel=1e-3)
    found = search_curvature(-1.0 * energy, eqt.Box([-0.1, -0.2], [0.7, 0.0]), 64, 0)
    assert found.least.curvature == pytest.approx(-sharpness / 4, rel=1e-3)


def test_high_dimensions_and_segments_stay_in_the_domain():
    energy, ball = eqt.DoubleWell(), eqt.Ball([0.0] * 80, 1.5)
    found = search_curvature(energy, ball, 8, 0)
    for segment in (*found.lows, *found.highs):
        assert ball.contains(segment.a.tolist()) and ball.contains(segment.b.tolist())
    assert found.examples > 32 and found.settled


def test_none_where_nothing_is_finite():
    energy = eqt.FunctionEnergy(lambda h: h.sum().log(), dim=2)
    assert search_curvature(energy, eqt.Ball([-3.0, -3.0], 1.0), 8, 0) is None
