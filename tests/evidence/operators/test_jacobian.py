import pytest
import torch

from eqt_theory import FixedPoint, UsageError, measure_jacobian

D = torch.float64


def seeded(*shape, seed=0):
    return torch.randn(*shape, dtype=D, generator=torch.Generator().manual_seed(seed))


def holds(measured, truth):
    return measured.low - 1e-12 <= float(truth) <= measured.high + 1e-12


@pytest.mark.parametrize("d", [1, 2, 30, 300])
@pytest.mark.parametrize("kind", ["any", "symmetric", "skew"])
def test_the_three_numbers_of_a_matrix(d, kind):
    A = seeded(d, d) / d**0.5
    A = A + A.T if kind == "symmetric" else A - A.T if kind == "skew" else A
    found = measure_jacobian(FixedPoint(lambda h: torch.tanh(A @ h), d), torch.zeros(d, dtype=D))
    radius, norm = torch.linalg.eigvals(A).abs().max(), torch.linalg.matrix_norm(A, 2)
    least = torch.linalg.eigvalsh((A + A.T) / 2)[0]
    for measured, truth in ((found.spectral_radius, radius), (found.norm, norm), (found.symmetric_min, least)):
        assert holds(measured, truth)
        assert float(measured) == pytest.approx(float(truth), rel=1e-5, abs=1e-8)
    assert found.dim == d and (d > 256 or found.products <= d)


def test_a_small_radius_does_not_hide_a_large_norm():
    found = measure_jacobian(torch.tensor([[0.5, 100.0], [0.0, 0.5]], dtype=D), torch.zeros(2, dtype=D))
    assert holds(found.spectral_radius, 0.5) and float(found.norm) == pytest.approx(100.0025)
    assert found.spectral_radius.high - found.spectral_radius.low > 1e-6, "a Jordan block is ill conditioned"


@pytest.mark.parametrize("d", [200, 400])
def test_a_shift_is_nilpotent_and_nobody_can_see_it(d):
    shift = torch.diag(torch.ones(d - 1, dtype=D), 1)
    found = measure_jacobian(shift, torch.zeros(d, dtype=D))
    assert found.spectral_radius.low == 0 and found.spectral_radius.high == pytest.approx(1)
    assert holds(found.norm, 1)


def test_products_alone_in_many_dimensions():
    d = 4000
    w = torch.linspace(0.1, 0.9, d, dtype=D)
    found = measure_jacobian(lambda h: torch.tanh(w * h + 0.3 * h.roll(1)), torch.zeros(d, dtype=D))
    v = torch.linspace(0, 1, d, dtype=D) ** 2000
    assert found.norm.high >= float((w * v + 0.3 * v.roll(1)).norm() / v.norm())
    assert found.norm.high <= 1.2001 and found.norm > 1.19, "|A| <= 0.9 + 0.3"
    assert not found.norm.exact and found.products < 4000
    assert float(found.spectral_radius) <= found.norm.high


@pytest.mark.parametrize("d", [3, 300])
def test_constants_and_single_precision(d):
    nothing = measure_jacobian(lambda h: torch.ones_like(h), torch.zeros(d, dtype=D))
    assert float(nothing.norm) == float(nothing.spectral_radius) == float(nothing.symmetric_min) == 0
    single = measure_jacobian(lambda h: 0.5 * h, torch.zeros(d))
    for measured in (single.norm, single.spectral_radius, single.symmetric_min):
        assert holds(measured, 0.5)


def test_bad_arguments_and_foreign_errors():
    at = torch.ones(2, dtype=D)
    for call, word in [
        (lambda: measure_jacobian(3, at), "T must be"),
        (lambda: measure_jacobian(torch.tanh, at.reshape(1, 2)), "at must be"),
        (lambda: measure_jacobian(torch.tanh, 2), "at must be"),
        (lambda: measure_jacobian(torch.sqrt, 0 * at), "must be finite"),
        (lambda: measure_jacobian(lambda h: 1 / 0, at), "ZeroDivisionError"),
    ]:
        with pytest.raises(UsageError, match=word):
            call()


def test_parts_that_cancel_leave_their_rounding():
    """A skew matrix: J v + J^T v is 0, but for what float32 makes of it; its own size says nothing of that."""
    S = torch.randn(300, 300, generator=torch.Generator().manual_seed(0))
    A = S - S.mT
    found = measure_jacobian(lambda h: A @ h, torch.zeros(300)).symmetric_min
    assert found.low <= 0 <= found.high < 1e-2


@pytest.mark.parametrize("size", [1e-8, 1e-25, 1e8, 1e25])
def test_powers_do_not_leave_the_range_of_float32(size):
    A = size * torch.randn(300, 300, generator=torch.Generator().manual_seed(0)) / 300**0.5
    found, wide = measure_jacobian(lambda h: A @ h, torch.zeros(300)), A.double()
    radius, norm = torch.linalg.eigvals(wide).abs().max(), torch.linalg.matrix_norm(wide, 2)
    assert found.spectral_radius.low <= float(radius) <= found.spectral_radius.high < 1.5 * float(radius)
    assert found.norm.low <= float(norm) <= found.norm.high < 1.01 * float(norm)


@pytest.mark.parametrize("d", [3, 300])
@pytest.mark.parametrize("size", [1e-200, 1e200, 1.5e308])
def test_sizes_whose_squares_no_float_holds(d, size):
    weights = size * torch.linspace(0.5, 1.0, d, dtype=D)
    try:
        found = measure_jacobian(lambda h: weights * h, torch.zeros(d, dtype=D))
    except UsageError:  # a product that overflows says so
        assert size > 1e308 and d > 256
        return
    for measured, truth in ((found.spectral_radius, size), (found.norm, size), (found.symmetric_min, size / 2)):
        assert measured.low / size <= truth / size * (1 + 1e-12) <= measured.high / size * (1 + 2e-12)
        assert float(measured) / size == pytest.approx(truth / size, rel=1e-3)
