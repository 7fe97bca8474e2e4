import pytest
import torch
from energies.cases import draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_wide_gaps_stay_finite() -> None:
    energy = eqt.LogSumExp(torch.tensor([[1e4], [-1e4]], dtype=torch.float64))
    h = torch.tensor([[3.0]], dtype=torch.float64)
    assert float(energy.value(h)) == 3e4
    assert float(energy.hessian(h)) == 0.0


def test_upper_curvature_is_attained_by_two_rows() -> None:
    A = draw(0, 2, 4)
    energy = eqt.LogSumExp(A)
    d2 = float((A[0] - A[1]).square().sum())
    # At equal logits the variance along a_0 - a_1 is a quarter of the squared range.
    h = torch.zeros(4, dtype=torch.float64)
    assert float(torch.linalg.eigvalsh(energy.hessian(h)).max()) == pytest.approx(d2 / 4, rel=1e-12)
    assert energy.curvature is not None
    assert d2 / 4 <= energy.curvature.highest <= d2 / 4 * (1 + 1e-11)


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="b must have shape"):
        eqt.LogSumExp(torch.ones(2, 3), torch.ones(3))
    with pytest.raises(UsageError, match="ridge must be"):
        eqt.LogSumExp(torch.ones(2, 3), ridge=float("nan"))
