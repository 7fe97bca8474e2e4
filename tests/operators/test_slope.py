import math

import torch

from eqt_theory.operators.slope import products, slope_at

D = torch.float64
A = torch.randn(5, 5, dtype=D, generator=torch.Generator().manual_seed(0))


def test_products_are_those_of_the_jacobian():
    h = torch.linspace(-1, 1, 5, dtype=D)
    jacobian = torch.autograd.functional.jacobian(lambda x: torch.tanh(A @ x), h)
    forward, back = products(lambda x: torch.tanh(A @ x), h)
    v = torch.arange(5, dtype=D)
    assert torch.allclose(forward(v), jacobian @ v) and torch.allclose(back(v), jacobian.T @ v)


def test_constants_kinks_and_closures_that_ignore_the_state():
    h = torch.ones(5, dtype=D)
    for fn in (lambda x: torch.ones(5, dtype=D), lambda x: x.detach(), torch.sign):
        forward, back = products(fn, h)
        assert float(forward(h).norm()) == 0 and float(back(h).norm()) == 0
    forward, _ = products(torch.relu, torch.tensor([1.0, -1.0], dtype=D))
    assert forward(torch.ones(2, dtype=D)).tolist() == [1.0, 0.0]


def test_the_slope_is_a_lower_bound_and_near():
    truth = float(torch.linalg.matrix_norm(A, 2))
    found = slope_at(lambda x: x @ A.T, torch.zeros(1, 5, dtype=D))
    assert 0.9 * truth < found <= truth * (1 + 1e-12)
    assert slope_at(lambda x: 0 * x, torch.zeros(5, dtype=D)) == 0
    assert slope_at(torch.sqrt, torch.zeros(5, dtype=D)) == math.inf
