import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_minima_and_barrier() -> None:
    energy = eqt.DoubleWell(depth=3.0, width=2.0)
    h = torch.tensor([[-2.0], [0.0], [2.0]], dtype=torch.float64)
    assert energy.value(h).tolist() == [0.0, 3.0, 0.0]
    assert energy.gradient(h).flatten().tolist() == [0.0, 0.0, 0.0]
    assert energy.curvature is not None
    assert float(energy.hessian(h[1])) >= energy.curvature.lowest
    assert energy.curvature.lowest == pytest.approx(-3.0, rel=1e-12)
    assert energy.curvature.highest == math.inf


def test_upper_curvature_on_a_domain_is_attained() -> None:
    for domain, furthest in ((eqt.Box([-1.0], [2.0]), 2.0), (eqt.Ball([0.5], 1.0), 1.5)):
        curvature = eqt.DoubleWell(domain=domain).curvature
        assert curvature is not None
        assert curvature.domain == domain
        assert curvature.highest == pytest.approx(12 * furthest**2 - 4, rel=1e-12)
        assert curvature.highest >= 12 * furthest**2 - 4


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="depth must be"):
        eqt.DoubleWell(depth=0.0)
    with pytest.raises(UsageError, match="width must be"):
        eqt.DoubleWell(width=-1.0)
    for depth, width in ((1.0, 1e-200), (1e300, 1e-10), (1e-300, 1e100), (1.0, 1e200)):
        with pytest.raises(UsageError, match="depth / width"):
            eqt.DoubleWell(depth, width)
    with pytest.raises(UsageError, match="domain must be"):
        eqt.DoubleWell(domain=3.0)  # pyright: ignore[reportArgumentType]
