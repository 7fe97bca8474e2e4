import pytest
import torch
from energies.cases import HEAD, TOKENS, WINDOW_HEAD, D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_window_reaches_back_w_tokens() -> None:
    assert eqt.ReversePrediction(HEAD, TOKENS, 2, position=5).counted.tolist() == [False] * 3 + [True] * 2 + [False]


def test_short_contexts_average_over_what_exists() -> None:
    # t = 2 < W = 32: the two tokens there are, and not 2/32 of them.
    h = draw(0, D)
    energy = eqt.ReversePrediction(WINDOW_HEAD, TOKENS, position=2)
    log_p = torch.log_softmax(WINDOW_HEAD(h), -1)
    assert torch.allclose(energy.value(h), -(log_p[0, TOKENS[0]] + log_p[1, TOKENS[1]]) / 2, rtol=1e-13)
    table = eqt.ReversePrediction(WINDOW_HEAD, TOKENS, 3, torch.tensor([1, 2, 6]))
    assert table.counted.sum(-1).tolist() == [1, 2, 3]


def test_later_tokens_do_not_count() -> None:
    h = draw(1, D)
    other = TOKENS.clone()
    other[4:] = 0
    for head in (HEAD, eqt.ReverseTransformer(5, D, 6, width=8)):
        a = eqt.ReversePrediction(head, TOKENS, position=4).value(h)
        assert torch.equal(a, eqt.ReversePrediction(head, other, position=4).value(h))
        assert not torch.equal(a, eqt.ReversePrediction(head, TOKENS, position=6).value(h))


@pytest.mark.parametrize("window", [0, -1, 2.0, True])
def test_bad_window(window) -> None:
    with pytest.raises(UsageError, match="window must be an? "):
        eqt.ReversePrediction(HEAD, TOKENS, window)
