import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.parity import parity_data


def test_every_label_is_the_exclusive_or_of_the_bits_so_far():
    data = parity_data(50, 9, seed=3)
    for bits, parities in zip(data.bits.tolist(), data.parities.tolist(), strict=True):
        running = 0
        for bit, label in zip(bits, parities, strict=True):
            running ^= bit
            assert label == running
    assert set(data.bits.unique().tolist()) == {0, 1} and len(data) == 50


def test_seeds_lengths_and_splits_have_streams_of_their_own():
    def bits(length: int = 8, seed: int = 0, **more: bool) -> torch.Tensor:
        return parity_data(64, length, seed, **more).bits

    assert torch.equal(bits(), bits())
    assert not torch.equal(bits(), bits(seed=1))
    assert not torch.equal(bits(), bits(test=True))
    assert not torch.equal(bits(), bits(length=9)[:, :8])
    assert 0.4 < float(bits().double().mean()) < 0.6


@pytest.mark.parametrize(("arguments", "said"), [((0, 8, 0), "count"), ((8, 0, 0), "length"), ((8, 8, -1), "seed")])
def test_what_is_refused(arguments: tuple, said: str):
    with pytest.raises(UsageError, match=said):
        parity_data(*arguments)
