import pytest
import torch
from energies.cases import D, Tanh, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_zero_exactly_at_fixed_points() -> None:
    energy = eqt.FixedPointResidual(Tanh(0))
    h = draw(1, 5, D)
    for _ in range(200):
        h = energy.fn(h).detach()
    assert float(energy.value(h).max().detach()) <= 1e-28
    assert float(energy.value(h + 0.1).min().detach()) > 1e-4


def test_stationary_points_that_are_no_fixed_points() -> None:
    # Residual r = h^3 - 3h + 3: descent stops at h = 1, where r' = 0 and r = 1.
    energy = eqt.FixedPointResidual(lambda h: h - (h**3 - 3 * h + 3))
    one = torch.ones(1, dtype=torch.float64)
    assert float(energy.gradient(one)) == 0.0
    assert float(energy.value(one)) == 1.0


def test_denoiser_sees_the_noisy_state() -> None:
    noise, h = draw(2, 4, D), draw(3, 4, D)
    energy = eqt.DenoiserResidual(lambda x: 0.5 * x, noise, 0.2)
    assert torch.allclose(energy.value(h), (h - 0.5 * (h + 0.2 * noise)).square().sum(-1))


def test_consistency_goes_there_and_back() -> None:
    A = draw(4, 2, D)
    h = draw(5, 4, D)
    energy = eqt.Consistency(lambda x: A @ x, lambda y: torch.linalg.pinv(A) @ y)
    null = h - (torch.linalg.pinv(A) @ A @ h.T).T
    assert torch.allclose(energy.value(h), null.square().sum(-1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.FixedPointResidual(1), "fn must be a function"),  # pyright: ignore[reportArgumentType]
        (lambda: eqt.FixedPointResidual(lambda h: h[:1]).value(draw(6, 2, D)), "fn must keep the shape"),
        (lambda: eqt.DenoiserResidual(torch.sin, torch.ones(3), -1.0), "sigma must be"),
        (lambda: eqt.DenoiserResidual(torch.sin, torch.tensor([torch.nan]), 1.0), "noise must be finite"),
        (lambda: eqt.DenoiserResidual(torch.sin, torch.ones(3, dtype=torch.long), 1.0), "noise must be a floating"),
        (lambda: eqt.Consistency(torch.sin, None), "inverse must be a function"),  # pyright: ignore[reportArgumentType]
        (lambda: eqt.Consistency(torch.sin, lambda y: y[:1]).value(draw(6, 2, D)), "inverse must return to the shape"),
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
