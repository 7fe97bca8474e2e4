import pytest
import torch
from energies.cases import draw
from torch import nn

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.latent.heads import LinearHead, as_head, logits_of


def test_linear_heads_are_one_matrix_or_one_per_position() -> None:
    h, w, b = draw(0, 7, 3), draw(1, 2, 5, 3), draw(2, 2, 5)
    assert torch.allclose(eqt.LinearHead(w[0], b[0])(h), h @ w[0].T + b[0])
    assert torch.allclose(eqt.LinearHead(w, b)(h), torch.einsum("nvd,bd->bnv", w, h) + b)
    assert torch.allclose(eqt.LinearHead(w[0])(h), h @ w[0].T)


def test_a_model_s_layer_keeps_its_parameters() -> None:
    layer = nn.Linear(3, 5).double()
    head = as_head(layer)
    assert isinstance(head, LinearHead)
    assert torch.equal(head.weight, layer.weight)
    assert next(head.parameters()) is layer.weight
    eqt.Confidence(layer, 0).value(draw(3, 3)).backward()
    assert layer.weight.grad is not None


def test_plain_functions_see_one_state_at_a_time() -> None:
    h = draw(4, 6, 3)
    assert torch.equal(logits_of(lambda x: x * x.sum(), h), h * h.sum(-1, keepdim=True))


def test_mlp_head_is_seeded_and_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    a, b, c = (eqt.MLPHead(3, 4, 5, seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    h = draw(5, 2, 3)
    assert torch.equal(a(h), b(h))
    assert not torch.equal(a(h), c(h))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.LinearHead(torch.ones(3)), "weight must have shape"),
        (lambda: eqt.LinearHead(torch.ones(2, 2, 2, 2)), "weight must have shape"),
        (lambda: eqt.LinearHead(torch.ones(2, 2, dtype=torch.long)), "weight must be a floating-point"),
        (lambda: eqt.LinearHead(torch.ones(2, 3), torch.ones(3)), r"bias must have shape \(2,\)"),
        (lambda: eqt.LinearHead(torch.ones(2, 3), torch.ones(2).double()), "bias must have the dtype of weight"),
        (lambda: as_head(3), "head must be"),  # pyright: ignore[reportArgumentType]
        (lambda: logits_of(lambda x: x.sum(), draw(6, 4, 3)), "head must return logits"),
        (lambda: logits_of(eqt.LinearHead(draw(7, 2, 5, 3)), draw(6, 4, 3)), "head must return logits"),
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()
