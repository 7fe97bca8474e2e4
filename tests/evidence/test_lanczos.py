"""Extreme eigenpairs from products alone, against spectra that are known."""

import math

import numpy as np
import pytest

from eqt_theory.evidence.lanczos import NotConverged, NotFinite, NotSymmetric, extreme_pairs

SPECTRA = {
    "definite": lambda d: np.linspace(1.0, 5.0, d),
    "indefinite": lambda d: np.linspace(-3.0, 2.0, d),
    "negative": lambda d: -np.linspace(1.0, 5.0, d),
    "a zero at the end": lambda d: np.linspace(0.0, 100.0, d),
    "a large kernel": lambda d: np.where(np.arange(d) < d - 1, 0.0, 2.0),
    "half a kernel": lambda d: np.where(np.arange(d) < d // 2, 0.0, 2.0),
    "one negative": lambda d: np.where(np.arange(d) == d // 2, -1.0, 1.0),
    "clusters": lambda d: np.where(np.arange(d) % 2, 1.0, 4.0) + 1e-7 * np.linspace(0, 1, d),
    "the identity": lambda d: np.full(d, 3.0),
    "minus the identity": lambda d: np.full(d, -3.0),
    "zero": np.zeros,
    "tiny": lambda d: 1e-200 * np.linspace(-1.0, 2.0, d),
    "wide": lambda d: np.logspace(-8, 4, d),
}


@pytest.mark.parametrize("d", [1, 2, 3, 9, 65, 300, 1000])
@pytest.mark.parametrize("name", SPECTRA)
def test_a_known_spectrum(name: str, d: int):
    spectrum = SPECTRA[name](d)
    rng = np.random.default_rng(1)
    q = np.linalg.qr(rng.normal(size=(d, d)))[0] if d <= 300 else np.eye(d)
    found = extreme_pairs(lambda v: q @ (spectrum * (q.T @ v)), d, 1e-9)
    norm = np.abs(spectrum).max()
    for pair, right in ((found.low, spectrum.min()), (found.high, spectrum.max())):
        assert abs(pair.value - right) <= 1e-7 * norm
        assert abs(pair.value - right) <= pair.residual + pair.rounding or pair.residual <= 1e-8 * norm
        assert pair.residual <= 1e-8 * norm + pair.rounding
        assert np.linalg.norm(pair.vector) == pytest.approx(1.0)


def test_a_product_that_is_not_finite():
    with pytest.raises(NotFinite):
        extreme_pairs(lambda v: v * math.nan, 20, 1e-6)


@pytest.mark.parametrize("d", [3, 50, 2001])
def test_a_residual_that_stays_high_is_an_error(d: int):
    rng = np.random.default_rng(0)
    with pytest.raises(NotConverged):  # no linear map at all
        extreme_pairs(lambda v: v + rng.normal(size=v.shape), d, 1e-9)


def test_a_large_operator_is_left_as_soon_as_its_ends_are_found():
    spectrum = np.where(np.arange(5000) < 2, np.array([-2.0, 3.0])[np.arange(5000) % 2], np.linspace(0, 1, 5000))
    found = extreme_pairs(lambda v: spectrum * v, 5000, 1e-8)
    assert (found.low.value, found.high.value) == pytest.approx((-2.0, 3.0), rel=1e-12)
    assert found.products < 30


def test_slow_convergence_goes_through_restarts():
    d = 3000
    spectrum = np.linspace(0.0, 1.0, d) ** 2
    found = extreme_pairs(lambda v: spectrum * v, d, 1e-9)
    assert found.products > 300  # more than twice the largest basis
    assert found.high.value == pytest.approx(1.0, rel=1e-12)
    assert abs(found.low.value) < 1e-9


def test_a_loose_tolerance_does_not_pass_what_few_steps_have_not_seen():
    d = 100_000  # of the one eigenvalue that stands out the start vector holds a share of 1/300
    spectrum = np.ones(d)
    spectrum[7], spectrum[: d // 2 : 11] = 1.3, 0.9
    found = extreme_pairs(lambda v: spectrum * v, d, 1e-2)
    assert found.high.value == pytest.approx(1.3, rel=1e-6)


def test_an_antisymmetric_part_is_an_error_with_its_share():
    d, rng = 200, np.random.default_rng(0)
    a = rng.normal(size=(d, d))
    symmetric, skew = a + a.T, 1e-6 * (a - a.T)
    with pytest.raises(NotSymmetric) as told:
        extreme_pairs(lambda v: symmetric @ v + skew @ v, d, 1e-6, skew=1e-9)
    assert 1e-9 < told.value.share < 1e-5
    assert extreme_pairs(lambda v: symmetric @ v, d, 1e-6, skew=1e-9).high.value > 0
