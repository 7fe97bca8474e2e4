import pytest
import torch

from eqt_theory.energies.norm import norm


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_every_size_of_number(dtype):
    info = torch.finfo(dtype)
    sizes = [info.tiny * info.eps, info.tiny, 1e-25, 1.0, 1e25, info.max / 4]
    for size in sizes:
        x = torch.tensor([3 * size, -4 * size if size < info.max / 4 else size], dtype=dtype)
        expected = torch.linalg.vector_norm((x / x.abs().max()).double()) * float(x.abs().max())
        assert float(norm(x)) == pytest.approx(float(expected), rel=4 * info.eps)
    batch = torch.tensor([[sizes[1], 0.0], [1.0, 0.0], [0.0, 0.0], [sizes[-1], 0.0]], dtype=dtype)
    assert torch.equal(norm(batch), batch[:, 0])


def test_what_is_not_finite_stays_so():
    x = torch.tensor([[torch.inf, 1.0], [torch.nan, 1.0], [1e308, 1e308]], dtype=torch.float64)
    assert torch.isinf(norm(x)[0]) and torch.isnan(norm(x)[1])
    assert float(norm(x)[2]) == pytest.approx(1.4142e308, rel=1e-4)
    assert norm(torch.zeros(3, 0)).tolist() == [0.0, 0.0, 0.0]


def test_ordinary_numbers_are_left_to_the_plain_norm():
    x = torch.randn(50, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert torch.equal(norm(x), torch.linalg.vector_norm(x, dim=-1))
