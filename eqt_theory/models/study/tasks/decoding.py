"""Decoding: a Hamming code word seen through noise, then asked for bit by bit; MAP inference is the answer."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.models.study.tasks.sequences import Sequences, Split, Task, stream

CHECKS = ((0, 2, 4, 6), (1, 2, 5, 6), (3, 4, 5, 6))
"""The parity checks of the (7, 4) code: which bits of a word sum to an even number (Hamming 1950)."""
BITS = 7
NOISE = 0.08
"""How likely a received bit is wrong (a binary symmetric channel)."""
ASK = 2
"""The token of a question; the j-th one of a word asks for its j-th bit."""
_SWEEPS = 20


def words() -> Tensor:
    """The 16 code words, shape (16, 7)."""
    every = torch.tensor(list(itertools.product((0, 1), repeat=BITS)))
    good = torch.stack([every[:, list(check)].sum(-1) % 2 == 0 for check in CHECKS]).all(0)
    return every[good]


def draw(count: int, length: int, seed: int, split: Split) -> Sequences:
    """Blocks of 14 tokens: seven received bits, then seven questions; the target is always the bit that was sent.

    Args:
        count: sequences.
        length: a multiple of 14.
        seed: of the run.
        split: what for.

    Returns:
        The sequences.

    Raises:
        UsageError: the length is no multiple of 14.
    """
    if length % (2 * BITS):
        raise UsageError(f"length must be a multiple of {2 * BITS}, got {length}")
    refuse_beyond_memory("the sequences", count, length)
    generator = stream(3, length, seed, split)
    blocks = length // (2 * BITS)
    sent = words()[torch.randint(0, 16, (count, blocks), generator=generator)]
    received = (sent + (torch.rand(sent.shape, generator=generator) < NOISE)) % 2
    tokens = torch.cat([received, torch.full_like(received, ASK)], -1).flatten(-2)
    return Sequences(tokens, torch.cat([sent, sent], -1).flatten(-2))


def _blocks(tokens: Tensor) -> Tensor:
    """The received bits of each block, (N, n) -> (N n/14, 7)."""
    return tokens.reshape(-1, 2 * BITS)[:, :BITS]


def posteriors(tokens: Tensor) -> Tensor:
    """P(bit = 1) given what was received up to each position, over all 16 words, float64.

    Args:
        tokens: shape (N, n).

    Returns:
        Probabilities, shape (N, n), exact but for rounding.
    """
    return _posteriors(tokens, lambda t: min(t + 1, BITS))


def _posteriors(tokens: Tensor, known: Callable[[int], int]) -> Tensor:
    received, code = _blocks(tokens), words()
    agree = (received.unsqueeze(1) == code).double()
    each = agree * (1 - NOISE) + (1 - agree) * NOISE
    found = []
    for t in range(2 * BITS):
        likelihood = each[..., : known(t)].prod(-1)
        found.append((likelihood * code[:, t % BITS]).sum(-1) / likelihood.sum(-1))
    return torch.stack(found, -1).reshape(tokens.shape)


def exact_map(tokens: Tensor) -> Tensor:
    """The likelier bit at each position: no prediction from the tokens up to t is right more often."""
    return (posteriors(tokens) > 0.5).long()


def block_map(tokens: Tensor) -> Tensor:
    """The likelier bit given the whole block: what no prediction that looks ahead is better than."""
    return (_posteriors(tokens, lambda _: BITS) > 0.5).long()


def belief_propagation(tokens: Tensor, sweeps: int = _SWEEPS) -> Tensor:
    """What sum-product on the graph of the checks answers to the questions (Gallager 1963); the code has short cycles.

    Args:
        tokens: shape (N, n).
        sweeps: of messages.

    Returns:
        Bits, shape (N, n); where nothing is asked, those received.
    """
    blocks = _blocks(tokens)
    received, which = torch.unique(blocks, dim=0, return_inverse=True)  # of 7 bits there are but 128 words
    channel = torch.where(received == 0, 1.0, -1.0).double() * float(torch.tensor((1 - NOISE) / NOISE).log())
    edges = torch.zeros(len(CHECKS), BITS, dtype=torch.bool)
    for row, check in zip(edges, CHECKS, strict=True):
        row[list(check)] = True
    to_bit = torch.zeros(len(received), *edges.shape, dtype=torch.float64)
    for _ in range(sweeps):
        to_check = (channel.unsqueeze(1) + to_bit.sum(1, keepdim=True) - to_bit).clamp(-30, 30)
        slopes = torch.where(edges, torch.tanh(to_check / 2), 1.0)
        others = [slopes[..., [i for i in range(BITS) if i != j]].prod(-1) for j in range(BITS)]
        to_bit = torch.where(edges, 2 * torch.atanh(torch.stack(others, -1).clamp(-1 + 1e-12, 1 - 1e-12)), 0.0)
    decided = (channel + to_bit.sum(1) < 0).long()
    return torch.cat([blocks, decided[which]], -1).reshape(tokens.shape)


TASK = Task("decode", 3, 2, 28, (56,), draw, exact_map, "exact MAP", whole=block_map)
