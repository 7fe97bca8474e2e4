"""Cumulative parity of fair bits; counting the ones gives it without an error."""

from torch import Tensor

from eqt_theory.models.study.parity import parity_data
from eqt_theory.models.study.tasks.sequences import Sequences, Split, Task

_VALIDATION = 1_000_003
"""Added to the seed: the streams of training and test are those of `parity_data`."""


def draw(count: int, length: int, seed: int, split: Split) -> Sequences:
    """Bits and their running parities.

    Args:
        count: sequences.
        length: bits of each.
        seed: of the run.
        split: what for.

    Returns:
        The sequences.
    """
    held = split is Split.VALIDATION
    data = parity_data(count, length, seed + _VALIDATION * held, test=split is not Split.TRAINING)
    return Sequences(data.bits, data.parities)


def running_parity(tokens: Tensor) -> Tensor:
    """Exact, (N, n) -> (N, n)."""
    return tokens.cumsum(-1) % 2


TASK = Task("parity", 2, 2, 16, (32, 64), draw, running_parity, "counting")
