"""Noisy parity: a hidden bit is flipped by the inputs and by chance, and seen through noise (a hidden Markov model)."""

import torch
from torch import Tensor

from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.models.study.tasks.sequences import Sequences, Split, Task, stream

SLIP, NOISE = 0.02, 0.25
"""How likely the hidden bit slips at a position, and how likely what is seen of it is wrong."""


def draw(count: int, length: int, seed: int, split: Split) -> Sequences:
    """Tokens `2 input + seen` and the hidden bits `s_t = s_{t-1} xor input_t xor slip_t`, s_0 = 0.

    Args:
        count: sequences.
        length: positions of each.
        seed: of the run.
        split: what for.

    Returns:
        The sequences.
    """
    refuse_beyond_memory("the sequences", count, length)
    generator = stream(2, length, seed, split)
    inputs = torch.randint(0, 2, (count, length), generator=generator)
    slips, errors = (torch.rand(count, length, generator=generator) < p for p in (SLIP, NOISE))
    hidden = (inputs + slips).cumsum(-1) % 2
    return Sequences(2 * inputs + (hidden + errors) % 2, hidden)


def filtered(tokens: Tensor) -> Tensor:
    """P(s_t = 1) given all tokens up to t, by the Bayes filter, float64.

    Args:
        tokens: shape (N, n).

    Returns:
        Probabilities, shape (N, n), exact but for rounding.
    """
    one, found = torch.zeros(len(tokens), dtype=torch.float64), []
    for token in tokens.T:
        turned = torch.where(token >= 2, 1 - one, one)
        before = turned * (1 - SLIP) + (1 - turned) * SLIP
        seen = token % 2
        if_one = torch.where(seen == 1, 1 - NOISE, NOISE) * before
        if_zero = torch.where(seen == 1, NOISE, 1 - NOISE) * (1 - before)
        one = if_one / (if_one + if_zero)
        found.append(one)
    return torch.stack(found, -1)


def bayes(tokens: Tensor) -> Tensor:
    """The likelier hidden bit: no prediction from the tokens up to t is right more often."""
    return (filtered(tokens) > 0.5).long()


def smoothed(tokens: Tensor) -> Tensor:
    """P(s_t = 1) given all tokens of a sequence, by the filter and a pass backwards, float64.

    Args:
        tokens: shape (N, n).

    Returns:
        Probabilities, shape (N, n), exact but for rounding.
    """
    forward, turns, seen = filtered(tokens), tokens >= 2, tokens % 2
    one, zero = torch.ones(2, len(tokens), dtype=torch.float64)
    found = []
    for t in reversed(range(tokens.shape[-1])):
        p = forward[:, t] * one
        found.append(p / (p + (1 - forward[:, t]) * zero))
        one = one * torch.where(seen[:, t] == 1, 1 - NOISE, NOISE)
        zero = zero * torch.where(seen[:, t] == 1, NOISE, 1 - NOISE)
        one, zero = (1 - SLIP) * one + SLIP * zero, (1 - SLIP) * zero + SLIP * one
        one, zero = torch.where(turns[:, t], zero, one), torch.where(turns[:, t], one, zero)
        one, zero = one / (one + zero), zero / (one + zero)
    return torch.stack(found[::-1], -1)


def smoother(tokens: Tensor) -> Tensor:
    """The likelier hidden bit given the whole sequence: what no prediction that looks ahead is better than."""
    return (smoothed(tokens) > 0.5).long()


TASK = Task("noisy-parity", 4, 2, 32, (64,), draw, bayes, "the Bayes filter", whole=smoother)
