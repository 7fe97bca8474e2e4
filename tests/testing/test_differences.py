import torch

from eqt_theory.testing.differences import directional_derivative


def test_error_estimates_hold_and_are_small():
    h = torch.linspace(-2, 2, 40, dtype=torch.float64).unsqueeze(-1)
    v = torch.ones_like(h)
    found, error = directional_derivative(lambda x: torch.exp(torch.sin(3 * x)).sum(-1), h, v)
    truth = (3 * torch.cos(3 * h) * torch.exp(torch.sin(3 * h))).sum(-1)
    assert bool(((found - truth).abs() <= error).all())
    assert float(error.max()) < 1e-8


def test_a_vector_function():
    h = torch.randn(10, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    v = torch.nn.functional.normalize(torch.ones_like(h), dim=-1)
    found, error = directional_derivative(lambda x: x**3, h, v)
    assert bool(((found - 3 * h**2 * v).abs() <= error + 1e-14).all())


def test_a_kink_shows_in_the_estimate():
    """All widths straddle the kink, so the value is wrong, and the estimate far above what counts as sharp."""
    h, v = torch.tensor([[1e-3]], dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    found, error = directional_derivative(lambda x: x.abs().sum(-1) * (1 + x.sum(-1)), h, v)
    assert abs(float(found) - 1.002) > 0.5
    assert float(error) > 1e-4


def test_nothing_is_known_where_nothing_is_finite():
    h, v = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    _, error = directional_derivative(lambda x: x.sum(-1) / 0.0, h, v)
    assert bool(error.isinf().all())
