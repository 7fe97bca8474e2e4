import pytest
import torch

from eqt_theory.models.config import HeadKind
from eqt_theory.models.heads import RefinementHeads, windows

from .cases import small


def test_windows_hold_the_last_tokens_latest_first():
    behind, counts = windows(torch.tensor([[5, 6, 7, 8]]), 3)
    assert behind[0].tolist() == [[5, 0, 0], [6, 5, 0], [7, 6, 5], [8, 7, 6]]
    assert counts.tolist() == [1, 2, 3, 3]


@pytest.mark.parametrize("kind", list(HeadKind))
def test_shapes_and_seed(kind: HeadKind):
    config = small(vocabulary=5, head_kind=kind, weight_memory=0.1)
    heads = RefinementHeads(config, 3)
    x = torch.randn(2, 7, 8)
    assert heads.reverse(x).shape == (2, 7, 4, 5)
    assert heads.mask(x).shape == (2, 7, 5)
    assert heads.memories.shape == (6, 8)
    again = RefinementHeads(config, 3).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in heads.state_dict().items())


def test_no_memory_without_weight():
    assert RefinementHeads(small()).memories is None
