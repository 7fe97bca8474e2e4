"""Extreme eigenvalues: dense, by Lanczos and for a batch, with intervals that hold."""

import pytest
import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory.evidence.curvature.measure import measure_curvature

DEVICES = [
    "cpu",
    pytest.param(
        "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]
    ),
]


def mlp_energy(d: int, width: int = 32, seed: int = 0) -> eqt.FunctionEnergy:
    """A smooth energy that is not convex: two layers of tanh, and a parabola."""
    generator = torch.Generator().manual_seed(seed)
    a = torch.randn(width, d, generator=generator, dtype=torch.float64) / d**0.5
    b = torch.randn(width, generator=generator, dtype=torch.float64)
    return eqt.FunctionEnergy(lambda h: (b.to(h) * torch.tanh(a.to(h) @ h)).sum() + 0.05 * h.square().sum(), dim=d)


@pytest.mark.parametrize("device", DEVICES)
def test_lanczos_agrees_with_dense_at_512(device):
    energy = mlp_energy(512)
    h = torch.randn(512, generator=torch.Generator().manual_seed(1), dtype=torch.float64).to(device)
    dense, lanczos = measure_curvature(energy, h, method="dense"), measure_curvature(energy, h)
    assert lanczos.method == "lanczos" and lanczos.products > 0
    for name in ("lambda_min", "lambda_max"):
        exact, found = getattr(dense, name), getattr(lanczos, name)
        assert abs(exact - found) <= 1e-8 * max(1.0, abs(exact))
        assert found.low <= exact.high and exact.low <= found.high
        assert found.residual <= 1e-7


def test_dense_is_exact_for_a_quadratic():
    energy = eqt.Quadratic.with_spectrum(torch.linspace(-3, 7, 40, dtype=torch.float64), seed=0)
    found = measure_curvature(energy, torch.zeros(40, dtype=torch.float64))
    assert found.method == "dense"
    assert found.lambda_min.low <= -3 <= found.lambda_min.high
    assert found.lambda_max.low <= 7 <= found.lambda_max.high
    assert found.lambda_max.residual < 1e-10
    direction = found.lambda_max.direction
    assert torch.allclose(energy.A @ direction, 7 * direction, atol=1e-9)


def test_intervals_hold_an_eigenvalue_even_when_lanczos_is_stopped_early():
    spectrum = torch.cat(
        [torch.linspace(0, 1, 299, dtype=torch.float64), torch.tensor([1.0 + 1e-3], dtype=torch.float64)]
    )
    energy = eqt.Quadratic.with_spectrum(spectrum, seed=1)
    found = measure_curvature(energy, torch.zeros(300, dtype=torch.float64), tolerance=1e-3)
    for end in (found.lambda_min, found.lambda_max):
        assert bool(((spectrum >= end.low - 1e-12) & (spectrum <= end.high + 1e-12)).any())


@pytest.mark.parametrize("device", DEVICES)
def test_a_batch_agrees_with_its_states(device):
    energy = eqt.Confidence(
        eqt.LinearHead(torch.randn(5, 6, generator=torch.Generator().manual_seed(2)).double()), piece=1
    )
    energy = energy.to(device)
    h = torch.randn(3, 700, 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64).to(device)
    batch = measure_curvature(energy, h)
    assert batch.lambda_min.values.shape == (3, 700)
    one = measure_curvature(energy, h[1, 17])
    assert float(batch.lambda_min.values[1, 17]) == pytest.approx(float(one.lambda_min), abs=1e-12)
    assert float(batch.lambda_max.values[1, 17]) == pytest.approx(float(one.lambda_max), abs=1e-12)
    assert bool((batch.lambda_min.low <= batch.lambda_min.values).all())
    assert bool((batch.lambda_max.residuals < 1e-10).all())


def test_a_batch_of_none():
    assert measure_curvature(eqt.DoubleWell(), torch.zeros(0, 3, dtype=torch.float64)).lambda_min.values.shape == (0,)


def test_seeds_and_steps_are_repeated():
    energy, h = mlp_energy(300), torch.ones(300, dtype=torch.float64)
    first, second = (measure_curvature(energy, h, seed=4) for _ in range(2))
    assert float(first.lambda_max) == float(second.lambda_max)
    assert first.products == second.products


@pytest.mark.parametrize(
    ("at", "options", "message"),
    [
        (torch.zeros(3, dtype=torch.int64), {}, "floating-point"),
        (torch.full((3,), torch.nan, dtype=torch.float64), {}, "finite"),
        (torch.zeros(3, dtype=torch.float64), {"method": "guess"}, "'dense' or 'lanczos'"),
        (torch.zeros(2, 3, dtype=torch.float64), {"method": "lanczos"}, "one state"),
        (torch.zeros(3, dtype=torch.float64), {"tolerance": 0.0}, "tolerance"),
    ],
)
def test_refusals(at, options, message):
    with pytest.raises(eqt.UsageError, match=message):
        measure_curvature(eqt.DoubleWell(), at, **options)


def test_a_hessian_that_is_not_finite_is_refused():
    energy = eqt.FunctionEnergy(lambda h: h.abs().sqrt().sum(), dim=3)
    with pytest.raises(eqt.UsageError, match="Hessian must be finite"):
        measure_curvature(energy, torch.zeros(3, dtype=torch.float64))


def network(d: int, dtype: torch.dtype = torch.float64) -> eqt.FunctionEnergy:
    """A layer with a bias, whose parameters still train; not convex."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(d, 16), nn.Tanh(), nn.Linear(16, 1)).to(dtype)
    return eqt.FunctionEnergy(lambda h: 40 * net(h).sum() + 0.5 * h @ h, dim=d)


@pytest.mark.parametrize("d", [1, 2, 3, 40, 300])
def test_lanczos_is_dense_on_a_network_that_trains(d: int):
    energy, h = network(d), torch.ones(d, dtype=torch.float64)
    dense, lanczos = (measure_curvature(energy, h, method=m) for m in ("dense", "lanczos"))
    assert float(lanczos.lambda_min) == pytest.approx(float(dense.lambda_min), abs=1e-8)
    assert float(lanczos.lambda_max) == pytest.approx(float(dense.lambda_max), abs=1e-8)
    assert lanczos.lambda_min.residual <= 1e-7
    assert lanczos.products < 400


@pytest.mark.parametrize("d", [2, 40, 300])
def test_float32_has_a_tolerance_of_its_own(d: int):
    energy, h = network(d, torch.float32), torch.ones(d, dtype=torch.float32)
    dense, lanczos = (measure_curvature(energy, h, method=m) for m in ("dense", "lanczos"))
    assert float(lanczos.lambda_min) == pytest.approx(float(dense.lambda_min), abs=1e-4)
    assert float(lanczos.lambda_max) == pytest.approx(float(dense.lambda_max), abs=1e-4)


@pytest.mark.parametrize("d", [1, 2, 300])
def test_a_linear_energy_has_no_curvature(d: int):
    found = measure_curvature(
        eqt.FunctionEnergy(lambda h: h.sum()), torch.ones(d, dtype=torch.float64), method="lanczos"
    )
    assert float(found.lambda_min) == float(found.lambda_max) == 0.0


class Swirl(eqt.Energy):
    """A "gradient" that turns."""

    def value(self, h):
        return h.square().sum(-1)

    def gradient(self, h):
        return 2 * h + 1e-3 * h.roll(1, -1) - 1e-3 * h.roll(-1, -1)


@pytest.mark.parametrize("d", [3, 300])
@pytest.mark.parametrize("method", ["dense", "lanczos"])
def test_a_gradient_that_is_none_is_told(method: str, d: int):
    with pytest.raises(eqt.UsageError, match="symmetric"):
        measure_curvature(Swirl(), torch.ones(d, dtype=torch.float64), method=method)


def test_above_2000_dimensions_no_hessian_is_formed():
    w = torch.linspace(-1, 3, 2500, dtype=torch.float64)
    energy, h = eqt.FunctionEnergy(lambda h: (w * h * h).sum() / 2), torch.ones(2, 2500, dtype=torch.float64)
    with pytest.raises(eqt.UsageError, match="lanczos"):
        measure_curvature(energy, h[0], method="dense")
    found = measure_curvature(eqt.Objective(energy, h, torch.tensor([1.0, 0.5], dtype=torch.float64)), h)
    assert found.lambda_min.values.tolist() == pytest.approx([0.0, 1.0], abs=1e-6)
    assert found.lambda_max.values.tolist() == pytest.approx([4.0, 5.0], abs=1e-6)
