"""Sequences with a class at every position, how they are split, and what a task is."""

import dataclasses
import math
from collections.abc import Callable, Mapping
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
        values: what the classes stand for, float64, shape (N, n), in tasks that forecast numbers; nan where no forecast
            counts.
    """

    tokens: Tensor
    targets: Tensor
    values: Tensor | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def part(self, where: slice) -> "Sequences":
        """Some of the sequences."""
        values = None if self.values is None else self.values[where]
        return Sequences(self.tokens[where], self.targets[where], values)

    def to(self, device: torch.device | str) -> "Sequences":
        """The same data on another device."""
        values = None if self.values is None else self.values.to(device)
        return Sequences(self.tokens.to(device), self.targets.to(device), values)


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
        reference: the best predictions that the tokens up to a position allow, (tokens) -> classes, (N, n) -> (N, n);
            None where nobody knows them.
        reference_name: what it is.
        whole: the best predictions that all tokens of a sequence allow, where that is more; what an arm whose states
            look ahead is held to.
        ahead: whether the targets are later tokens, which an arm that looks ahead would simply read.
        unit: of the score that decides, of which less is better; "" where accuracy decides.
        centres: the number that each class stands for, where numbers are forecast.
        peers: test data -> scores of methods that learn no network, by name.
        strengths: the values of lambda gamma to choose from.
        most: training sequences at most.
        data: a name of the data that are not drawn but read, so that runs on others are never mixed.
    """

    name: str
    vocabulary: int
    classes: int
    length: int
    longer: tuple[int, ...]
    draw: Callable[[int, int, int, Split], Sequences]
    reference: Callable[[Tensor], Tensor] | None
    reference_name: str
    whole: Callable[[Tensor], Tensor] | None = None
    ahead: bool = False
    unit: str = ""
    centres: Callable[[], Tensor] | None = None
    peers: Callable[[Sequences], Mapping[str, float]] | None = None
    strengths: tuple[float, ...] = (4.0, 16.0, 64.0)
    most: int | None = None
    data: Callable[[], str] | None = None

    def at(self, length: int) -> "Task":
        """The same task trained at another length, and tested at those of its longer ones that are longer still."""
        return dataclasses.replace(self, length=length, longer=tuple(n for n in self.longer if n > length))

    def best(self, tokens: Tensor, *, looks_ahead: bool) -> Tensor | None:
        """The best predictions from the tokens up to each position, or from all of them; None where nobody knows."""
        known = self.whole if looks_ahead and self.whole is not None else self.reference
        return None if known is None else known(tokens)

    def score(self, logits: Tensor, data: Sequences) -> Tensor:
        """How bad a prediction is, at each position: cross-entropy in bits, or the error of the mean forecast.

        Args:
            logits: shape (N, n, classes).
            data: what is predicted.

        Returns:
            Scores, shape (N, n), float64; nan where no forecast counts.
        """
        logits = logits.double()
        if self.centres is None or data.values is None:
            chosen = logits.gather(-1, data.targets.unsqueeze(-1)).squeeze(-1)
            return (logits.logsumexp(-1) - chosen) / math.log(2)
        return (logits.softmax(-1) @ self.centres().to(logits) - data.values).abs()


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
