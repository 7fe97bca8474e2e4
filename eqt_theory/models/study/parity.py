"""Cumulative parity, the task of the paper's experiment: y_t = b_1 xor ... xor b_t at every position (Eq. 44)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.core.annotated import WORD, Count, Seed, checked
from eqt_theory.core.memory import refuse_beyond_memory


@dataclass(frozen=True)
class ParityData:
    """Bits and their parities.

    Args:
        bits: int64, shape (N, n).
        parities: int64, shape (N, n).
    """

    bits: Tensor
    parities: Tensor

    def __len__(self) -> int:
        return len(self.bits)

    @property
    def tokens(self) -> Tensor:
        """What a model reads."""
        return self.bits

    @property
    def targets(self) -> Tensor:
        """What it predicts."""
        return self.parities

    def to(self, device: torch.device | str) -> "ParityData":
        """The same data on another device."""
        return ParityData(self.bits.to(device), self.parities.to(device))


@checked
def parity_data(count: Count, length: Count, seed: Seed, *, test: bool = False) -> ParityData:
    """Independent fair bits and their running parities.

    Args:
        count: N, sequences.
        length: n, bits of each.
        seed: of the bits; each seed, length and split has a stream of its own.
        test: whether these are the test sequences.

    Returns:
        The data.

    Raises:
        UsageError: count or length is not a positive integer, or the seed is negative.
    """
    refuse_beyond_memory("the sequences", count, length)
    generator = torch.Generator().manual_seed(((seed * 100_003 + length) * 2 + int(test)) % WORD)
    bits = torch.randint(0, 2, (count, length), generator=generator)
    return ParityData(bits, bits.cumsum(-1) % 2)
