"""Products with a Hessian at one state, against the Hessian."""

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.products import hessian_products


@pytest.mark.parametrize("shape", [(4,), (1, 4)])
def test_the_gradient_and_columns_of_the_hessian(shape: tuple[int, ...]):
    energy = eqt.FunctionEnergy(lambda h: (h[0] * h[1]).sin() + h.pow(4).sum() / 3 + h[2] * h[3])
    h = torch.tensor([0.3, -1.2, 0.7, 2.0], dtype=torch.float64).reshape(shape)
    gradient, product = hessian_products(energy, h)
    assert torch.equal(gradient, energy.gradient(h))
    columns = [product(e.reshape(shape)).reshape(-1) for e in torch.eye(4, dtype=torch.float64)]
    torch.testing.assert_close(torch.stack(columns, -1), energy.hessian(h.reshape(-1)))
    assert not columns[0].requires_grad


def test_the_graph_is_built_once():
    calls = []

    def value(h: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return h.square().square().sum()

    product = hessian_products(eqt.FunctionEnergy(value), torch.ones(3, dtype=torch.float64))[1]
    for _ in range(5):
        product(torch.ones(3, dtype=torch.float64))
    assert len(calls) == 1


def test_a_gradient_that_is_the_same_everywhere_has_no_curvature():
    product = hessian_products(eqt.FunctionEnergy(lambda h: h.sum()), torch.ones(3, dtype=torch.float64))[1]
    assert torch.equal(product(torch.ones(3, dtype=torch.float64)), torch.zeros(3, dtype=torch.float64))
