import pytest
import torch
from energies.cases import HEAD, TOKENS, WINDOW_HEAD, D, draw
from torch.nn import functional

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_linear_heads_give_mean_cross_entropy() -> None:
    h = draw(0, D)
    for head, z in ((HEAD, HEAD(h).expand(6, 5)), (WINDOW_HEAD, WINDOW_HEAD(h))):
        reference = functional.cross_entropy(z[1:5], TOKENS[1:5])
        energy = eqt.ReversePrediction(head, TOKENS, window=4, position=5)
        assert torch.allclose(energy.value(h), reference, rtol=1e-13)


def test_declared_curvature_covers_every_position() -> None:
    weight = draw(1, 3, 4, D)
    weight[2] *= 10
    few = eqt.ReversePrediction(eqt.LinearHead(weight), torch.tensor([0, 1, 2]), window=1)
    assert few.curvature is not None
    assert few.curvature.highest >= float(torch.linalg.eigvalsh(few.hessian(0.01 * draw(2, 100, D))).max())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.ReversePrediction(HEAD, TOKENS.double()), "tokens must be a tensor of integers, got dtype"),
        (lambda: eqt.ReversePrediction(HEAD, TOKENS + 1), "tokens must be classes from 0 to 4, got values from 1 to 5"),
        (lambda: eqt.ReversePrediction(HEAD, TOKENS - 1), "tokens must be classes"),
        (lambda: eqt.ReversePrediction(HEAD, TOKENS[:0]), "position must be from 1"),
        (lambda: eqt.ReversePrediction(HEAD, TOKENS, position=0), "position must be from 1 to the number of tokens, 6"),
        (lambda: eqt.ReversePrediction(HEAD, TOKENS, position=7), "position must be from 1"),
        (lambda: eqt.ReversePrediction(HEAD, TOKENS, position=torch.tensor([1.0])), "position must be a tensor of"),
        (lambda: eqt.ReversePrediction(WINDOW_HEAD, TOKENS[:4]), "one weight for each of 4 tokens"),
        (lambda: eqt.ReversePrediction(3, TOKENS), "head must be"),  # pyright: ignore[reportArgumentType]
        (
            lambda: eqt.ReversePrediction(HEAD, TOKENS.expand(2, 6), position=torch.tensor([1, 2, 3])),
            "batch dimensions must broadcast, got tokens: .2,., position: .3,.",
        ),
        (
            lambda: eqt.ReversePrediction(lambda h, x: h, TOKENS).value(draw(3, D)),
            r"head must return logits of shape \(\.\.\., 6, V\)",
        ),
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
