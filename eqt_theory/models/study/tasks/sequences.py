"""Sequences with a class at every position, how they are split, and what a task is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor

from eqt_theory.core.annotated import WORD


class Split(Enum):
    """What sequences are for; each has a stream of its own. Choices are made on validation sequences only."""

    TRAINING = 0
    TEST = 1
    VALIDATION = 2


@dataclass(frozen=True)
class Sequences:
    """Tokens and classes.

    Args:
        tokens: int64, shape (N, n).
        targets: int64, shape (N, n).
    """

    tokens: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.tokens)

    def to(self, device: torch.device | str) -> "Sequences":
        """The same data on another device."""
        return Sequences(self.tokens.to(device), self.targets.to(device))


@dataclass(frozen=True)
class Task:
    """A task.

    Args:
        name: on the command line and in files.
        vocabulary: of the tokens.
        classes: of the targets.
        length: of the sequences in training.
        longer: lengths beyond training at which the models are tested too.
        draw: (count, length, seed, split) -> Sequences.
        reference: the best predictions that the tokens up to a position allow, (tokens) -> classes, (N, n) -> (N, n).
        reference_name: what it is.
    """

    name: str
    vocabulary: int
    classes: int
    length: int
    longer: tuple[int, ...]
    draw: Callable[[int, int, int, Split], Sequences]
    reference: Callable[[Tensor], Tensor]
    reference_name: str


def stream(task: int, length: int, seed: int, split: Split) -> torch.Generator:
    """A generator of its own for each task, length, seed and split.

    Args:
        task: a number of the task's own.
        length: of the sequences.
        seed: of the run.
        split: what for.

    Returns:
        The generator.
    """
    return torch.Generator().manual_seed((((seed * 100_003 + length) * 3 + split.value) * 101 + task) % WORD)
