"""Windows of bytes out of a corpus that comes with Python, and counts of bytes as a peer that learns no network."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.models.study.tasks.sequences import Sequences, Split, Task, stream

BYTES = 256
LENGTH = 64
ORDER = 4
"""How many bytes before it the counts look at."""
STRENGTHS = (0.25, 1.0, 4.0, 16.0)
Order = tuple[dict[bytes, Counter[int]], ...]


@dataclass(frozen=True)
class Corpus:
    """Bytes in three parts that do not overlap; what the text itself says twice may stand in two of them.

    Args:
        training: what models and counts learn from.
        validation: what lambda gamma is chosen by.
        test: what is looked at last.
    """

    training: bytes
    validation: bytes
    test: bytes

    def of(self, split: Split) -> bytes:
        """The part for a purpose."""
        return {Split.TRAINING: self.training, Split.VALIDATION: self.validation, Split.TEST: self.test}[split]

    def name(self) -> str:
        """A short name of these bytes; another version of Python brings others."""
        parts = (hashlib.sha256(part).digest() for part in (self.training, self.validation, self.test))
        return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def windows(corpus: Corpus, number: int, count: int, length: int, seed: int, split: Split) -> Sequences:
    """Windows from anywhere in a part; the target of each byte is the next one.

    Args:
        corpus: the bytes.
        number: of the task.
        count: windows.
        length: bytes of each.
        seed: of the run.
        split: what for.

    Returns:
        The sequences.

    Raises:
        UsageError: the part is shorter than a window.
    """
    part = np.frombuffer(corpus.of(split), np.uint8)
    if length >= len(part):
        raise UsageError(f"length must be below {len(part)}, the bytes of the {split.name.lower()} part, got {length}")
    refuse_beyond_memory("the sequences", count, length)
    starts = torch.randint(0, len(part) - length, (count, 1), generator=stream(number, length, seed, split))
    found = torch.from_numpy(part[(starts + torch.arange(length + 1)).numpy()].astype(np.int64))
    return Sequences(found[:, :-1], found[:, 1:])


def counted(part: bytes, order: int = ORDER) -> Order:
    """Which byte followed which bytes how often, for contexts of 0 to `order` bytes."""
    found: Order = tuple(defaultdict(Counter) for _ in range(order + 1))
    for k, table in enumerate(found):
        for t in range(k, len(part)):
            table[part[t - k : t]][part[t]] += 1
    return found


def bits_by_counts(counts: Order, data: Sequences) -> float:
    """Bits per byte of counts, each context mixed with the shorter one (Witten and Bell 1991), from within windows.

    Args:
        counts: of the training part.
        data: the windows; the first byte of each is context only, as for the models.

    Returns:
        The mean over all targets.
    """
    total = 0.0
    for row, last in zip(data.tokens.tolist(), data.targets[:, -1:].tolist(), strict=True):
        text = bytes(row + last)
        for t in range(1, len(text)):
            p = 1 / BYTES
            for k, table in enumerate(counts):
                seen = table.get(text[t - k : t]) if k <= t else None
                if seen is None:
                    break
                kinds = len(seen)
                p = (seen[text[t]] + kinds * p) / (seen.total() + kinds)
            total -= np.log2(p)
    return float(total / data.targets.numel())


def byte_task(name: str, number: int, read: Callable[[], Corpus]) -> Task:
    """The task of predicting each next byte of a corpus.

    Args:
        name: of the task.
        number: its own, for its streams.
        read: gives the corpus.

    Returns:
        The Task; the corpus is read when it is first asked for.
    """

    @cache
    def counts() -> Order:
        return counted(read().training)

    def peers(data: Sequences) -> Mapping[str, float]:
        return {f"counts of up to {ORDER} bytes": bits_by_counts(counts(), data)}

    def draw(count: int, length: int, seed: int, split: Split) -> Sequences:
        return windows(read(), number, count, length, seed, split)

    return Task(
        name, BYTES, BYTES, LENGTH, (), draw, None, "", ahead=True, unit="bits per byte", peers=peers,
        strengths=STRENGTHS, data=lambda: read().name(),
    )  # fmt: skip
