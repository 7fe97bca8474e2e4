import math

import pytest
import torch

from eqt_theory.models.blocks import Attention, Block, drawn_linear, sinusoids
from eqt_theory.models.config import Activation, NormPlace

from .cases import small


def _generator():
    return torch.Generator().manual_seed(0)


def test_drawn_layers_leave_the_global_generator_alone():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    layer = drawn_linear(400, 50, _generator(), scale=2.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(layer.weight, drawn_linear(400, 50, _generator(), scale=2.0).weight)
    assert float(layer.weight.detach().std()) == pytest.approx(0.1, rel=0.02)
    assert not layer.bias.any()
    assert drawn_linear(4, 4, _generator(), bias=False).bias is None


def test_attention_is_causal_and_matches_its_formula():
    config = small()
    attention = Attention(config, _generator(), 1.0)
    x = torch.randn(2, 5, 8, generator=_generator())
    q, k, v = (p.unflatten(-1, (2, 4)).transpose(1, 2) for p in attention.mix(x).chunk(3, -1))
    scores = (q @ k.mT / 2).masked_fill(torch.ones(5, 5, dtype=torch.bool).triu(1), -math.inf)
    by_hand = attention.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(-2))
    assert torch.allclose(attention(x), by_hand, atol=1e-6)


@pytest.mark.parametrize("norm", list(NormPlace))
@pytest.mark.parametrize("activation", list(Activation))
def test_blocks_of_every_kind(norm: NormPlace, activation: Activation):
    block = Block(small(norm=norm, activation=activation), _generator())
    x = 3 + torch.randn(2, 5, 8, generator=_generator())
    y = block(x)
    normalised = torch.allclose(y.mean(-1), torch.zeros(2, 5), atol=1e-5)
    assert y.shape == x.shape and normalised == (norm is NormPlace.POST)


def test_sinusoids():
    places = sinusoids(50, 6, torch.zeros((), dtype=torch.float64))
    assert places.shape == (50, 6)
    assert float(places[7, 0]) == pytest.approx(math.sin(7))
    assert float(places[7, 3]) == pytest.approx(math.cos(7 * 10_000 ** (-2 / 6)))
