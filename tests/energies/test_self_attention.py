"""Self-attention as an energy: its gradient is attention both ways, and its arguments are held to their shapes."""

import math

import pytest
import torch

import eqt_theory as eqt
from energies.cases import draw


def test_the_gradient_is_attention_both_ways():
    W, x = draw(1, 1, 2, 2), draw(2, 3, 2)
    energy = eqt.SelfAttention(W, 3, beta=0.7, ridge=0.4)
    p = torch.softmax(0.7 * x @ W[0] @ x.mT, -1)
    by_hand = 0.4 * x - p @ x @ W[0].mT - p.mT @ x @ W[0]
    torch.testing.assert_close(energy.gradient(x.flatten()), by_hand.flatten())


def test_heads_add_up_and_tokens_may_be_permuted():
    W, x = draw(1, 2, 2, 2), draw(2, 3, 2)
    whole = eqt.SelfAttention(W, 3, ridge=0.0)
    parts = [eqt.SelfAttention(w.unsqueeze(0), 3, ridge=0.0) for w in W]
    torch.testing.assert_close(whole.value(x.flatten()), sum(e.value(x.flatten()) for e in parts))
    torch.testing.assert_close(whole.value(x.flatten()), whole.value(x[[2, 0, 1]].flatten()))


def test_one_key_makes_a_quadratic():
    W, x = draw(1, 1, 3, 3), draw(2, 3)
    energy = eqt.SelfAttention(W, 1, ridge=1.0)
    torch.testing.assert_close(energy.value(x), x @ x / 2 - x @ W[0] @ x)


def test_curvature_beyond_the_range_of_floats_is_no_less_than_the_truth():
    W = torch.ones(1, 2, 2, dtype=torch.float64)
    far, steep = eqt.SelfAttention(W, 2, radius=1e200).curvature, eqt.SelfAttention(1e200 * W, 2).curvature
    assert far.mu == steep.mu == -math.inf and steep.lipschitz == math.inf
    flat = eqt.SelfAttention(1e-200 * W, 1, ridge=0.0)
    assert flat.curvature.mu < float(torch.linalg.eigvalsh(flat.hessian(torch.zeros(2, dtype=torch.float64)))[0]) < 0


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"weights": draw(1, 2, 3)}, "weights"),
        ({"weights": draw(1, 1, 2, 3)}, "weights"),
        ({"weights": draw(1, 0, 2, 2)}, "weights"),
        ({"tokens": 0}, "tokens"),
        ({"beta": 0.0}, "beta"),
        ({"ridge": -1.0}, "ridge"),
        ({"radius": 0.0}, "radius"),
    ],
)
def test_unusable_arguments(arguments, name):
    with pytest.raises(eqt.UsageError, match=name):
        eqt.SelfAttention(**{"weights": draw(1, 1, 2, 2), "tokens": 2} | arguments)
