import pytest
import torch

from eqt_theory.operators.adjoint import adjoint_solution, transposed

D = torch.float64


@pytest.mark.parametrize("d", [1, 7, 140])
def test_solutions_of_the_adjoint(d):
    generator = torch.Generator().manual_seed(d)
    J = torch.randn(d, d, dtype=D, generator=generator) / d**0.5
    v = torch.randn(4, d, dtype=D, generator=generator)
    product = transposed(lambda h: h - 0.8 * torch.tanh(h @ J.T), torch.zeros(4, d, dtype=D))
    w = adjoint_solution(product, v, 1e-11, 2000)
    assert torch.allclose(w @ (torch.eye(d, dtype=D) - 0.8 * J), v, atol=1e-8)


def test_a_singular_system_has_no_number():
    w = adjoint_solution(lambda w: 0 * w, torch.ones(2, 3, dtype=D), 1e-10, 100)
    assert not bool(torch.isfinite(w).any())
