import pytest
import torch
from energies.cases import TOKENS, D, draw
from torch import nn

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


@pytest.mark.parametrize("layers", [1, 2])
def test_causal_and_driven_by_the_state(layers: int) -> None:
    net = eqt.ReverseTransformer(5, D, 6, width=8, layers=layers)
    h = draw(0, D)
    logits = net(h, TOKENS)
    for i in range(6):
        changed = TOKENS.clone()
        changed[i] = (changed[i] + 1) % 5
        moved = (net(h, changed) - logits).abs().amax(-1)
        assert float(moved[: i + 1].max().detach()) == 0.0, "a token must not see itself or later ones"
        assert i == 5 or float(moved[i + 1 :].min().detach()) > 0.0, "later tokens must see it"
    assert float((net(h + 1, TOKENS) - logits).abs().amin().detach()) > 0


def test_embedding_can_be_shared() -> None:
    embedding = nn.Embedding(5, 12).double()
    net = eqt.ReverseTransformer(5, D, 6, heads=3, embedding=embedding)
    assert net.embedding is embedding
    net(draw(1, D), TOKENS).sum().backward()
    assert embedding.weight.grad is not None


def test_seeded_without_the_global_generator() -> None:
    before = torch.random.get_rng_state()
    a, b, c = (eqt.ReverseTransformer(5, D, 6, seed=s)(draw(2, D), TOKENS) for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="multiple of heads"):
        eqt.ReverseTransformer(5, D, 6, width=9)
    with pytest.raises(UsageError, match="5 rows"):
        eqt.ReverseTransformer(5, D, 6, embedding=nn.Embedding(4, 8))
    with pytest.raises(UsageError, match="at most 4"):
        eqt.ReverseTransformer(5, D, 4)(draw(3, D), TOKENS)
