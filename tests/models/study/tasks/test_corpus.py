"""Bytes: windows with the next byte as target, parts that share nothing, counts against sums by hand."""

import math

import pytest
import torch

from eqt_theory.models.study.tasks.corpus import BYTES, Corpus, bits_by_counts, byte_task, counted, windows
from eqt_theory.models.study.tasks.sequences import Sequences, Split

CORPUS = Corpus(b"abcdefgh" * 40, b"ABCDEFGH" * 20, b"01234567" * 20)


def test_targets_are_the_next_bytes_of_the_part() -> None:
    for split, letters in ((Split.TRAINING, b"abcdefgh"), (Split.VALIDATION, b"ABCDEFGH"), (Split.TEST, b"01234567")):
        data = windows(CORPUS, 99, 30, 12, 5, split)
        assert data.tokens.shape == data.targets.shape == (30, 12)
        assert torch.equal(data.tokens[:, 1:], data.targets[:, :-1])
        assert set(data.tokens.unique().tolist()) == set(letters)
    assert not torch.equal(windows(CORPUS, 99, 30, 12, 6, Split.TEST).tokens, data.tokens)


def test_counts_by_hand() -> None:
    counts = counted(b"aab", order=1)
    row = Sequences(torch.tensor([[97, 97]]), torch.tensor([[97, 98]]))
    # No context: a twice, b once, two kinds; then after a: a and b once each, two kinds.
    a, b = (2 + 2 / BYTES) / 5, (1 + 2 / BYTES) / 5
    expected = -(math.log2((1 + 2 * a) / 4) + math.log2((1 + 2 * b) / 4)) / 2
    assert bits_by_counts(counts, row) == pytest.approx(expected)


def test_what_was_learned_is_told_and_what_was_not_costs() -> None:
    counts = counted(CORPUS.training)
    same = bits_by_counts(counts, windows(CORPUS, 99, 20, 32, 0, Split.TRAINING))
    other = bits_by_counts(counts, windows(CORPUS, 99, 20, 32, 0, Split.TEST))
    assert same < 0.5 and other > 8


def test_a_task_names_its_bytes() -> None:
    task = byte_task("invented", 99, lambda: CORPUS)
    other = byte_task("invented", 99, lambda: Corpus(CORPUS.training + b"!", CORPUS.validation, CORPUS.test))
    assert task.data is not None and other.data is not None and task.data() != other.data()
    assert task.ahead and task.unit == "bits per byte" and task.reference is None
    data = task.draw(4, 16, 1, Split.TEST)
    logits = torch.zeros(4, 16, BYTES)
    assert torch.allclose(task.score(logits, data), torch.full((4, 16), 8.0, dtype=torch.float64))
    assert task.peers is not None and task.peers(data).keys() == {"counts of up to 4 bytes"}
