import math

import torch

import eqt_theory as eqt


def test_tends_to_the_hinge_as_it_sharpens() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    for sharpness in (1.0, 10.0, 1e4):
        energy = eqt.SoftplusSum(one, sharpness=sharpness)
        for x in (-2.0, 0.0, 3.0):
            gap = float(energy.value(torch.tensor([x], dtype=torch.float64))) - max(x, 0.0)
            assert 0 <= gap <= math.log(2) / sharpness + 1e-12
        assert energy.curvature is not None
        assert math.isclose(energy.curvature.highest, sharpness / 4, rel_tol=1e-12)
