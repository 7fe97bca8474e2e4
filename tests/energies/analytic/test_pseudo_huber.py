import pytest
import torch

import eqt_theory as eqt


def test_quadratic_near_zero_and_linear_far_away() -> None:
    energy = eqt.PseudoHuber(delta=2.0)
    near, far = torch.tensor([1e-9], dtype=torch.float64), torch.tensor([1e9], dtype=torch.float64)
    # The plain formula sqrt(1 + s^2) - 1 gives 0 here.
    assert float(energy.value(near)) == pytest.approx(0.5e-18, rel=1e-12)
    assert float(energy.gradient(far)) == pytest.approx(2.0, rel=1e-12)
    assert energy.curvature == eqt.Curvature(0.0, 1.0)
