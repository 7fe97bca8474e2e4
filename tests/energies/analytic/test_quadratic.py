import math

import pytest
import torch
from energies.cases import D, draw, spd

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_sign_convention() -> None:
    A, b, h = spd(0, D), draw(1, D), draw(2, D)
    energy = eqt.Quadratic(A, b)
    assert torch.allclose(energy.gradient(h), A @ h + b, rtol=1e-14)
    assert float(energy.value(h)) == pytest.approx(float(0.5 * h @ A @ h + b @ h), rel=1e-14)
    assert float(energy.gradient(-torch.linalg.solve(A, b)).abs().max()) <= 1e-14


def test_diagonal_declares_exactly() -> None:
    energy = eqt.Quadratic.diagonal(torch.tensor([0.1, 7.0, 3.0], dtype=torch.float64))
    assert energy.curvature == eqt.Curvature(0.1, 7.0)
    listed = eqt.Quadratic.diagonal([1, 10])  # pyright: ignore[reportArgumentType]
    assert listed.curvature == eqt.Curvature(1.0, 10.0)


def test_spectrum_is_enclosed_closely() -> None:
    spectrum = torch.tensor([[1e-3, 1.0, 100.0], [2.0, 2.0, 5.0]], dtype=torch.float64)
    energy = eqt.Quadratic.with_spectrum(spectrum, seed=3)
    assert torch.allclose(torch.linalg.eigvalsh(energy.A), spectrum, rtol=1e-9)
    curvature = energy.curvature
    assert curvature is not None
    assert isinstance(curvature.mu, torch.Tensor)
    assert 0 <= 1e-3 - curvature.lowest <= 1e-11
    assert 0 <= curvature.highest - 100 <= 1e-11
    assert not torch.equal(energy.A[0], energy.A[1])
    assert torch.equal(energy.A, eqt.Quadratic.with_spectrum(spectrum, seed=3).A)
    assert not torch.equal(energy.A, eqt.Quadratic.with_spectrum(spectrum, seed=4).A)


def test_curvature_is_forgotten_when_precision_changes() -> None:
    energy = eqt.Quadratic.diagonal(torch.tensor([0.1, 1.0], dtype=torch.float64))
    assert energy.curvature == eqt.Curvature(0.1, 1.0)
    single = energy.to(dtype=torch.float32).curvature
    assert single == eqt.Curvature(float(torch.tensor(0.1)), 1.0)


@pytest.mark.parametrize("name", ["A", "b"])
def test_parameters_that_are_not_finite_are_refused(name: str) -> None:
    parameters = {"A": torch.eye(2, dtype=torch.float64), "b": torch.ones(2, dtype=torch.float64)}
    parameters[name].view(-1)[0] = math.nan
    with pytest.raises(eqt.UsageError, match=f"{name} must be finite"):
        eqt.Quadratic(**parameters)


def test_rounding_asymmetry_is_averaged() -> None:
    A = spd(4, 50)
    A[0, 1] *= 1 + 1e-15
    energy = eqt.Quadratic(A)
    assert torch.equal(energy.A, energy.A.mT)


def test_differentiates_in_its_parameters_and_under_vmap() -> None:
    A, b, h = spd(5, D), draw(6, D), draw(7, D)
    slope = torch.func.grad(lambda B: eqt.Quadratic(B, b).value(h))(A)
    assert torch.allclose(slope, 0.5 * torch.outer(h, h))
    table = spd(8, 4, D)
    values = torch.func.vmap(lambda B: eqt.Quadratic(B, b).value(h))(table)
    assert torch.allclose(values, eqt.Quadratic(table, b).value(h.expand(4, D)))


@pytest.mark.parametrize(
    ("A", "b", "message"),
    [
        (torch.tensor([[1.0, 2.0], [0.0, 1.0]]), None, r"A must be symmetric, got \|A - A\^T\| up to 2"),
        (torch.ones(2, 3), None, r"A must have shape \(\.\.\., d, d\)"),
        (torch.ones(3), None, r"A must have shape"),
        (torch.ones(0, 0), None, r"A must have shape"),
        (torch.ones(2, 2, dtype=torch.long), None, "A must be a floating-point tensor, got dtype torch.int64"),
        (torch.eye(2), torch.ones(3), r"b must have shape \(\.\.\., 2\), got \(3,\)"),
        (torch.eye(2), torch.ones(2, dtype=torch.int32), "b must be a floating-point tensor"),
        (torch.eye(2), torch.ones(2, dtype=torch.float64), "b must have the dtype of A"),
        (torch.eye(2), torch.ones(2, device="meta"), "b must be on the device of A"),
        (torch.eye(2).repeat(3, 1, 1), torch.ones(4, 2), "batch dimensions must broadcast, got A: .3,., b: .4,."),
    ],
)
def test_bad_input(A: torch.Tensor, b: torch.Tensor | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        eqt.Quadratic(A, b)
