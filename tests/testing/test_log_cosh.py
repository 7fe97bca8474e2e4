import pytest
import torch

from eqt_theory.energies.base import Energy
from eqt_theory.testing.log_cosh import LogCosh, function_of_one


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_function_of_one_number_has_the_derivatives_that_torch_func_finds_to_the_bit(dtype: torch.dtype):
    energy = function_of_one(torch.tensor([[0.9]], dtype=dtype), torch.tensor([-0.4], dtype=dtype), 0.9)
    for number in (-40.0, -0.7, 0.0, 0.3, 2.0, 1e5):
        h, v = torch.tensor([number], dtype=dtype), torch.tensor([-0.3], dtype=dtype)
        with torch.no_grad():
            found = (*energy.value_and_gradient(h), energy.gradient(h), energy.hessian_vector(h, v), energy.hessian(h))
        slope = torch.func.grad(energy.value)(h)
        bend = torch.func.vjp(torch.func.grad(energy.value), h)[1](v)[0]
        assert all(map(torch.equal, found, (energy.value(h), slope, slope, bend, Energy.hessian(energy, h))))
        assert not any(x.requires_grad for x in found)


def test_both_are_log_cosh():
    rows, offset = torch.tensor([[0.9]], dtype=torch.float64), torch.tensor([-0.4], dtype=torch.float64)
    for number in (-700.0, -1.0, 0.0, 0.5, 30.0):
        h = torch.tensor([number], dtype=torch.float64)
        for energy in (LogCosh(rows, offset, 0.0), function_of_one(rows, offset, 0.9)):
            assert torch.allclose(energy.gradient(h), 0.9 * torch.tanh(0.9 * h - 0.4), rtol=1e-13, atol=1e-15)
            assert float(energy.value(h)) == pytest.approx(abs(0.9 * number - 0.4), abs=0.7)


def test_its_gradient_can_be_differentiated_again():
    energy = function_of_one(torch.tensor([[0.9]]).double(), torch.tensor([-0.4]).double(), 0.9)
    h = torch.tensor([0.7], dtype=torch.float64)
    start = h.clone().requires_grad_()
    slope = energy.gradient(2 * start)  # no leaf
    (bend,) = torch.autograd.grad(slope, start)
    assert torch.equal(slope.detach(), torch.func.grad(energy.value)(2 * h))
    assert torch.equal(bend, torch.func.grad(lambda x: torch.func.grad(energy.value)(2 * x).sum())(h))
    assert not energy.gradient(h).requires_grad
