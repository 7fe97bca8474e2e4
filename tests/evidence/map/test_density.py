import math

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.map.density import on_grid
from eqt_theory.evidence.oracle import Landscape


def land(energy, f, gamma=1.0):
    return Landscape(eqt.Objective(energy, torch.tensor(f, dtype=torch.float64), gamma))


@pytest.mark.parametrize("gamma", [0.01, 1.0, 50.0])
def test_the_normaliser_of_a_gaussian_is_known(gamma):
    for d in (1, 2):
        A = torch.diag(torch.tensor([2.0, 30.0][:d], dtype=torch.float64))
        grid = on_grid(land(eqt.Quadratic(A), [0.0] * d, gamma), np.full(d, 0.1))
        m = A.diagonal().numpy() + 1 / gamma
        assert grid.log_z == pytest.approx(0.5 * float(np.log(2 * math.pi / m).sum()), abs=1e-6)
        assert grid.density == pytest.approx(math.exp(-grid.log_z), rel=0.02)
        assert np.linalg.norm(grid.mode) <= grid.spacing
        assert grid.edge < 1e-15


def test_no_grid_in_three_dimensions_or_without_decay():
    assert on_grid(land(eqt.DoubleWell(), [0.0] * 3), np.zeros(3)) is None
    assert on_grid(land(eqt.Quadratic(-torch.eye(1).double()), [0.0]), np.zeros(1)) is None


def test_a_box_given_is_covered_and_a_spike_between_the_points_is_no_normaliser():
    narrow = land(eqt.FunctionEnergy(lambda h: -10 * torch.exp(-(((h - 3) / 1e-4) ** 2)).sum()), [0.0])
    missed = on_grid(narrow, np.array([3.0]), np.array([-9.0]), np.array([9.0]))
    assert math.isnan(missed.log_z)
    wide = on_grid(land(eqt.Quadratic(torch.eye(2).double()), [0.0] * 2), np.zeros(2), np.full(2, -30.0), np.zeros(2))
    assert wide.mode == pytest.approx([0, 0], abs=wide.spacing)
    assert wide.log_z == pytest.approx(math.log(math.pi), abs=1e-6)


def test_a_valley_through_a_face_between_samples_is_seen():
    """Phi = 1e8 (y - x/3)^2 + x^2/100 in a strip about 1e-4 wide: on the face x = 8 it is low between samples only."""
    strip = land(eqt.FunctionEnergy(lambda h: 1e8 * (h[1] - h[0] / 3) ** 2 - h.square().sum() * 0.49), [0.0, 0.0])
    grid = on_grid(strip, np.zeros(2))
    assert math.isnan(grid.log_z)
    assert abs(grid.mode[0]) < 3 and grid.spacing > 0.2  # the box reaches to x = 60 where Phi rises by 45
