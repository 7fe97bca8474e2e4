import pytest
import torch
from energies.cases import D, draw
from torch import nn

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_single_state_functions_are_not_mistaken_for_batched_ones() -> None:
    # On a (2, 2) batch this function, called on the whole, returns two numbers: the wrong ones.
    energy = eqt.FunctionEnergy(lambda h: (1 - h[0]) ** 2 + 10 * (h[1] - h[0] ** 2) ** 2)
    h = draw(0, 2, 2)
    assert torch.allclose(energy.value(h), eqt.Rosenbrock(10.0).value(h), rtol=1e-14)
    assert torch.allclose(energy.gradient(h), eqt.Rosenbrock(10.0).gradient(h), rtol=1e-12)


def test_a_total_over_the_batch_cannot_mix_states() -> None:
    energy = eqt.FunctionEnergy(lambda h: h.square().sum())
    h = draw(1, 5, D)
    assert torch.allclose(energy.value(h), h.square().sum(-1))


def test_parameters_for_each_state() -> None:
    scale = draw(2, 5)
    energy = eqt.FunctionEnergy(lambda h: scale * h.square().sum(-1))
    h = draw(3, 5, D)
    assert torch.allclose(energy.value(h), scale * h.square().sum(-1))
    assert torch.allclose(energy.gradient(h), 2 * scale[:, None] * h)


def test_modules_train_through_the_energy() -> None:
    net = nn.Sequential(nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).double()
    energy = eqt.FunctionEnergy(lambda h: net(h).sum(), eqt.Curvature(-1.0, 1.0))
    energy.hessian(draw(4, 2, D)).square().sum().backward()
    assert all(p.grad is not None for p in list(net.parameters())[:3])
    assert energy.curvature == eqt.Curvature(-1.0, 1.0)


def test_module_fixes_the_precision() -> None:
    class Net(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input).square().sum(-1)

    net = Net(D, 2)
    energy = eqt.FunctionEnergy(net)
    with pytest.raises(UsageError, match="dtype"):
        energy.value(draw(5, D))
    copy = energy.to(dtype=torch.float64)
    assert copy.value(draw(5, D)).dtype == torch.float64
    assert net.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.FunctionEnergy(3.0), "fn must be a function"),  # pyright: ignore[reportArgumentType]
        (lambda: eqt.FunctionEnergy(torch.sum, curvature=2.0), "curvature must be"),  # pyright: ignore[reportArgumentType]
        (lambda: eqt.FunctionEnergy(lambda h: 2 * h).value(draw(6, 4, D)), r"one number per state.*got \(4, 3\)"),
        (lambda: eqt.FunctionEnergy(lambda h: 2 * h).value(draw(6, D)), r"one number per state.*got \(3,\)"),
        (lambda: eqt.FunctionEnergy(lambda h: 1.0).value(draw(6, 2, D)), "one number per state.*got float"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
