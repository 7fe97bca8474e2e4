import pytest
import torch
from energies.cases import D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_strong_convexity_counts_the_ridge_and_the_features() -> None:
    few = eqt.SoftplusSum(draw(0, D - 1, D), ridge=0.3)
    assert few.curvature is not None
    assert few.curvature.lowest == 0.3
    # A profile with curvature of at least 1/2 on all directions: mu adds sigma_min^2 / 2.
    piecewise = eqt.PiecewiseCurvature([0.0], [0.5, 2.0], torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64)))
    assert piecewise.curvature is not None
    assert piecewise.curvature.lowest == pytest.approx(0.5, rel=1e-12)
    assert piecewise.curvature.highest == pytest.approx(18.0, rel=1e-12)


def test_negative_profiles_use_the_largest_singular_value() -> None:
    energy = eqt.PiecewiseCurvature([0.0], [-1.0, -0.5], torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64)))
    assert energy.curvature is not None
    assert energy.curvature.lowest == pytest.approx(-9.0, rel=1e-12)
    assert energy.curvature.highest == pytest.approx(-0.5, rel=1e-12)
    values = torch.linalg.eigvalsh(energy.hessian(draw(1, 200, 2)))
    assert float(values.min()) == -9.0
    assert float(values.max()) == -0.5


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.SoftplusSum(torch.ones(2, 3), torch.ones(3)), r"b must have shape \(\.\.\., 2\)"),
        (lambda: eqt.SoftplusSum(torch.ones(2, 3), torch.ones(2).double()), "b must have the dtype of A"),
        (lambda: eqt.SoftplusSum(torch.ones(2, 3), ridge=-1.0), "ridge must be"),
        (lambda: eqt.SoftplusSum(torch.ones(2, 3), sharpness=0.0), "sharpness must be"),
        (lambda: eqt.SoftplusSum(torch.ones(0, 3)), "at least one row"),
        (lambda: eqt.PseudoHuber(delta=-1.0), "delta must be"),
        (lambda: eqt.PseudoHuber(torch.ones(2, 2, dtype=torch.long)), "A must be a floating-point"),
        (lambda: eqt.Logistic(torch.ones(2, 3), torch.tensor([1.0, 0.0])), r"labels must be -1 or 1, got \[0.0, 1.0\]"),
        (lambda: eqt.Logistic(torch.ones(2, 3), torch.ones(3)), r"labels must have shape \(\.\.\., 2\)"),
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
