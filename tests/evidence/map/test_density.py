import math

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.map.density import look_at_tail, on_grid
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


def test_tails():
    assert look_at_tail(land(eqt.DoubleWell(), [0.0, 1.0]), np.zeros(2), 0).finite
    falls = look_at_tail(land(eqt.Quadratic(torch.tensor([[-3.0]]).double()), [0.0]), np.zeros(1), 0)
    assert not falls.finite and falls.low is not None and "falls" in falls.reason
    flat = look_at_tail(land(eqt.Quadratic(-torch.eye(2).double()), [0.0, 0.0]), np.zeros(2), 0)
    assert not flat.finite and flat.low is None
    logarithmic = eqt.FunctionEnergy(lambda h: -0.5 * h.square().sum() + 0.5 * torch.log1p(h.square().sum()))
    assert not look_at_tail(land(logarithmic, [0.0]), np.zeros(1), 0).finite
    broken = eqt.FunctionEnergy(lambda h: torch.where(h.abs() > 100, math.nan, 0.0).sum())
    assert "nan" in look_at_tail(land(broken, [0.0]), np.zeros(1), 0).reason
