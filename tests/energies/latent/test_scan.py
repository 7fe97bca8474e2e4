import pytest
import torch

from eqt_theory.energies.latent.scan import linear_scan

from ..cases import draw


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 13])
def test_agrees_with_the_loop(n: int) -> None:
    factors, inputs, start = draw(1, 4, n, 3).tanh(), draw(2, 4, n, 3), draw(3, 3)
    h, loop = start, []
    for t in range(n):
        h = factors[:, t] * h + inputs[:, t]
        loop.append(h)
    assert torch.allclose(linear_scan(factors, inputs, start), torch.stack(loop, 1), rtol=0, atol=1e-14)


def test_factors_that_all_sequences_share() -> None:
    factors, inputs, start = draw(4, 5, 2).tanh(), draw(5, 3, 5, 2), draw(6, 2)
    alone = linear_scan(factors.expand(3, 5, 2), inputs, start)
    assert torch.equal(linear_scan(factors, inputs, start), alone)


def test_derivatives_flow() -> None:
    args = tuple(x.requires_grad_() for x in (draw(7, 2, 5, 2).tanh(), draw(8, 2, 5, 2), draw(9, 2)))
    assert torch.autograd.gradcheck(linear_scan, args)
