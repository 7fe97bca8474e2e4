import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.map.scan import scan
from eqt_theory.evidence.oracle import Landscape


def well(center, depth, width, d=1):
    energy = eqt.FunctionEnergy(lambda h: -depth * torch.exp(-(((h[..., 0] - center) / width) ** 2)), dim=d)
    return Landscape(eqt.Objective(energy, torch.zeros(d, dtype=torch.float64), 1.0))


@pytest.mark.parametrize(("center", "depth", "width", "d"), [(20, 250, 3, 1), (60, 3000, 1, 1), (3, 10, 1e-4, 1),
                                                             (-60, 3000, 1, 2), (900, 1e6, 0.1, 1)])  # fmt: skip
def test_far_and_narrow_wells_are_seen(center, depth, width, d):
    land = well(center, depth, width, d)
    seen = scan(land, np.zeros(d))
    best = min(seen.starts, key=land.value)
    assert best[0] == pytest.approx(center, abs=max(width, 0.5))
    assert (seen.low <= best).all() and (best <= seen.high).all()
    assert f"{seen.points} states scanned" in str(seen) and "narrower" in str(seen)


def test_the_box_holds_what_weighs_anything():
    seen = scan(
        Landscape(eqt.Objective(eqt.Quadratic(torch.eye(1).double()), torch.zeros(1).double(), 1.0)), np.ones(1)
    )
    assert seen.high[0] == pytest.approx(45**0.5, abs=0.01) == pytest.approx(-seen.low[0], abs=0.01)
    assert scan(well(1, 1, 1, 3), np.zeros(3)) is None


def test_a_far_state_gets_a_grid_of_its_own():
    land = well(500, 1e6, 1e-3)
    seen = scan(land, np.array([500.2]))
    assert min(seen.starts, key=land.value)[0] == pytest.approx(500, abs=1e-3)
