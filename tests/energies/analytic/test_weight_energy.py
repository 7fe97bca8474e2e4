import pytest
import torch
from energies.cases import draw
from torch import nn

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_linear_regression_over_weights() -> None:
    x, y = draw(0, 8, 2), draw(1, 8, 1)
    net = nn.Linear(2, 1).double()
    energy = eqt.WeightEnergy(net, lambda f: (f(x) - y).square().sum())
    assert energy.dim == 3
    table = torch.stack([energy.weights(), draw(2, 3)])
    by_hand = (x @ table[:, :2].T + table[:, 2] - y).square().sum(0)
    assert torch.allclose(energy.value(table), by_hand)
    design = torch.cat([x, torch.ones(8, 1, dtype=torch.float64)], -1)
    assert torch.allclose(energy.hessian(table), (2 * design.T @ design).expand(2, 3, 3))
    solution = torch.linalg.lstsq(design, y).solution[:, 0]
    assert float(energy.gradient(solution).abs().max()) <= 1e-12


def test_the_module_is_left_as_it_was() -> None:
    net = nn.Linear(2, 1).double()
    before = [p.detach().clone() for p in net.parameters()]
    energy = eqt.WeightEnergy(net, lambda f: f(torch.ones(1, 2, dtype=torch.float64)).sum())
    energy.gradient(draw(3, 4, 3))
    assert all(torch.equal(p, q) for p, q in zip(net.parameters(), before, strict=True))
    assert all(p.grad is None for p in net.parameters())


@pytest.mark.parametrize(
    ("module", "loss", "message"),
    [
        (nn.ReLU(), torch.sum, "module must have parameters"),
        (nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1).double()), torch.sum, "one dtype on one device"),
        (nn.Linear(1, 1), 3, "loss must be a function"),
        (nn.Linear(1, 1), lambda f: f(torch.ones(2, 1)), r"loss must return one number.*got \(2, 1\)"),
    ],
)
def test_bad_input(module: nn.Module, loss, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        energy = eqt.WeightEnergy(module, loss)
        energy.value(energy.weights())
