"""Noisy parity: the rates of slips and noise, and the filter against sums over all hidden paths."""

import itertools

import pytest
import torch

from eqt_theory.models.study.tasks.noisy_parity import NOISE, SLIP, bayes, draw, filtered, smoothed, smoother
from eqt_theory.models.study.tasks.sequences import Split


def test_the_data_are_what_they_say() -> None:
    data = draw(4000, 8, 1, Split.TEST)
    inputs, seen = data.tokens // 2, data.tokens % 2
    before = torch.cat([torch.zeros_like(data.targets[:, :1]), data.targets[:, :-1]], -1)
    slips = (before + inputs) % 2 != data.targets
    assert abs(float(slips.double().mean()) - SLIP) < 0.003
    assert abs(float((seen != data.targets).double().mean()) - NOISE) < 0.01
    assert torch.equal(draw(5, 8, 1, Split.TEST).tokens, draw(5, 8, 1, Split.TEST).tokens)
    assert not torch.equal(draw(5, 8, 1, Split.TEST).tokens, draw(5, 8, 1, Split.TRAINING).tokens)


def by_paths(tokens: list[int], place: int = -1) -> float:
    """P(hidden bit = 1) at a place, over all paths."""
    total, one = 0.0, 0.0
    for path in itertools.product((0, 1), repeat=len(tokens)):
        p, before = 1.0, 0
        for token, here in zip(tokens, path, strict=True):
            p *= SLIP if (before + token // 2) % 2 != here else 1 - SLIP
            p *= NOISE if token % 2 != here else 1 - NOISE
            before = here
        total += p
        one += p * path[place]
    return one / total


def test_the_filter_is_the_sum_over_all_paths() -> None:
    tokens = draw(6, 7, 2, Split.TEST).tokens
    found = filtered(tokens)
    for row, probabilities in zip(tokens.tolist(), found.tolist(), strict=True):
        for t in range(7):
            assert probabilities[t] == pytest.approx(by_paths(row[: t + 1]), rel=1e-12)


def test_the_smoother_is_the_sum_over_all_paths() -> None:
    tokens = draw(4, 7, 3, Split.TEST).tokens
    for row, probabilities in zip(tokens.tolist(), smoothed(tokens).tolist(), strict=True):
        for t in range(7):
            assert probabilities[t] == pytest.approx(by_paths(row, t), rel=1e-12)


def test_looking_ahead_knows_more() -> None:
    data = draw(1000, 32, 0, Split.TEST)
    known, ahead = ((f(data.tokens) == data.targets).double().mean(0) for f in (bayes, smoother))
    assert float(ahead.mean() - known.mean()) > 0.02 and torch.equal(known[-1:], ahead[-1:])


def test_no_simpler_answer_is_as_good() -> None:
    data = draw(2000, 32, 0, Split.TEST)
    best = float((bayes(data.tokens) == data.targets).double().mean())
    seen = float((data.tokens % 2 == data.targets).double().mean())
    counted = float(((data.tokens // 2).cumsum(-1) % 2 == data.targets).double().mean())
    assert 0.89 < best < 0.93
    assert best > max(seen, counted) + 0.05
