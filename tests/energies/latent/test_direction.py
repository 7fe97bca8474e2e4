import math

import pytest
import torch
from energies.cases import D, draw

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


@pytest.mark.parametrize("kind", [eqt.EpisodicMemory, eqt.CosineMemory])
def test_radial_identities(kind: type[eqt.EpisodicMemory]) -> None:
    energy, h = kind(draw(0, 4, D)), draw(1, 50, D)
    assert float((h * energy.gradient(h)).sum(-1).abs().max()) <= 1e-13
    curved = (h * energy.hessian_vector(h, h)).sum(-1)
    assert float(curved.abs().max()) <= 1e-12
    assert torch.allclose(energy.value(3 * h), energy.value(h), rtol=1e-13)
    assert energy.curvature is None


BAD = [
    (lambda k: k(torch.tensor([[1.0, 0.0], [0.0, 0.0]])), "memories must be finite and not zero, got 1 zero"),
    (lambda k: k(torch.tensor([[math.nan, 0.0]])), "memories must be finite"),
    (lambda k: k(torch.ones(2, 2, dtype=torch.long)), "memories must be a floating-point tensor"),
    (lambda k: k(torch.ones(0, 2)), "memories must have at least one row"),
    (lambda k: k(torch.ones(2)), "memories must have shape"),
    (lambda k: k(torch.ones(2, 2), relevant=torch.zeros(2, dtype=torch.bool)), "at least one memory.*got none"),
    (lambda k: k(torch.ones(2, 2), relevant=torch.tensor([[True, False], [False, False]])), "for every state"),
    (lambda k: k(torch.ones(2, 2), relevant=torch.ones(2)), "relevant must be a boolean tensor.*float32"),
    (
        lambda k: k(torch.ones(2, 2), relevant=torch.ones(3, dtype=torch.bool)),
        r"relevant must have shape \(\.\.\., 2\)",
    ),
    (lambda k: k(torch.ones(2, 2)).value(torch.zeros(2)), "h must not be zero"),
    (lambda k: k(torch.ones(2, 2)).gradient(torch.tensor([[1.0, 0.0], [0.0, 0.0]])), "h must not be zero"),
    (lambda k: k(torch.ones(2, 2)).hessian(torch.zeros(2)), "h must not be zero"),
    (lambda k: k(torch.ones(2, 2)).curvature_outside(0.0), "radius must be positive"),
]


@pytest.mark.parametrize("kind", [eqt.EpisodicMemory, eqt.CosineMemory])
@pytest.mark.parametrize(("make", "message"), BAD)
def test_bad_input(kind, make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make(kind)


def test_a_state_that_is_nan_stays_alone() -> None:
    h = draw(2, 3, D)
    h[1] = math.nan
    value = eqt.EpisodicMemory(draw(3, 4, D)).value(h)
    assert torch.isnan(value).tolist() == [False, True, False]
