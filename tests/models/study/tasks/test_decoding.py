"""Decoding: the code, the channel, exact MAP against the nearest word, belief propagation close to it."""

import pytest
import torch

from eqt_theory.models.study.tasks.decoding import (
    ASK,
    BITS,
    NOISE,
    belief_propagation,
    block_map,
    draw,
    exact_map,
    posteriors,
    words,
)
from eqt_theory.models.study.tasks.sequences import Split


def test_the_code_has_sixteen_words_three_apart() -> None:
    code = words()
    assert code.shape == (16, 7)
    distances = (code.unsqueeze(0) != code.unsqueeze(1)).sum(-1)
    assert int(distances[~torch.eye(16, dtype=torch.bool)].min()) == 3


def test_the_data_are_what_they_say() -> None:
    data = draw(3000, 28, 1, Split.TEST)
    blocks = data.tokens.reshape(-1, 14)
    sent = data.targets.reshape(-1, 14)
    assert bool((blocks[:, BITS:] == ASK).all())
    assert torch.equal(sent[:, :BITS], sent[:, BITS:])
    assert abs(float((blocks[:, :BITS] != sent[:, :BITS]).double().mean()) - NOISE) < 0.005
    with pytest.raises(ValueError, match="multiple of 14"):
        draw(1, 15, 0, Split.TEST)


def test_map_corrects_one_error_and_counts_only_what_was_received() -> None:
    word = words()[9]
    received = word.clone()
    received[4] = 1 - received[4]
    tokens = torch.cat([received, torch.full((BITS,), ASK)]).unsqueeze(0)
    assert torch.equal(exact_map(tokens)[0, BITS:], word)
    assert torch.equal(belief_propagation(tokens)[0, BITS:], word)
    # The first bit is believed as it was received: the code says nothing yet.
    assert float(posteriors(tokens)[0, 0]) == pytest.approx(1 - NOISE if received[0] else NOISE)


def test_the_whole_block_is_known_before_it_is_asked() -> None:
    tokens = draw(200, 28, 2, Split.TEST).tokens
    whole, causal = (f(tokens).reshape(-1, 2, BITS) for f in (block_map, exact_map))
    assert torch.equal(whole[:, 0], whole[:, 1]) and torch.equal(whole[:, 1], causal[:, 1])
    assert not torch.equal(whole[:, 0], causal[:, 0]) and torch.equal(whole[:, 0, -1], causal[:, 0, -1])


def test_no_answer_is_better_than_map() -> None:
    data = draw(2000, 14, 0, Split.TEST)
    asked, sent = data.tokens[:, :BITS], data.targets[:, BITS:]
    right = {
        "map": exact_map(data.tokens)[:, BITS:] == sent,
        "belief": belief_propagation(data.tokens)[:, BITS:] == sent,
        "nearest": words()[(asked.unsqueeze(1) != words()).sum(-1).argmin(-1)] == sent,
        "as received": asked == sent,
    }
    share = {name: float(hits.double().mean()) for name, hits in right.items()}
    assert share["map"] >= max(share.values()) - 0.004
    assert share["map"] > share["as received"] + 0.02
    assert share["belief"] > share["as received"]
