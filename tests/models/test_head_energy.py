"""HeadEnergy is the library's sum in one pass: values and derivatives must agree with it, and batches with singles."""

import pytest
import torch

from eqt_theory.energies.base import Energy
from eqt_theory.models.config import HeadKind, ModelConfig, RefinementNorm
from eqt_theory.models.equilibrium import EquilibriumTransformer

from .cases import DEVICES, small, tokens

CONFIGS = {
    "paper": small(),
    "linear": small(head_kind=HeadKind.LINEAR),
    "before": small(refinement_norm=RefinementNorm.BEFORE),
    "linear before": small(head_kind=HeadKind.LINEAR, refinement_norm=RefinementNorm.BEFORE),
    "five tokens": small(vocabulary=5, classes=4, weight_predictive=0.3),
    "five tokens, linear": small(vocabulary=5, classes=3, head_kind=HeadKind.LINEAR),
    "two classes of five tokens": small(vocabulary=5, weight_predictive=0.7),
    "reverse only": small(weight_mask=0.0, weight_confidence=0.0),
    "mask only": small(weight_reverse=0.0, weight_confidence=0.0),
    "confidence only": small(weight_reverse=0.0, weight_mask=0.0),
}


def _case(config: ModelConfig, device: str = "cpu"):
    model = EquilibriumTransformer(config, 1).double().to(device).eval()
    with torch.no_grad():
        # A norm that does something: otherwise folding it in could be wrong unnoticed.
        model.backbone.norm.weight.add_(torch.linspace(-0.5, 0.5, config.width, device=device))
        model.backbone.norm.bias.add_(torch.linspace(-0.3, 0.4, config.width, device=device))
    x = tokens(config).to(device)
    f = model.states(x, steps=0).proposal
    noise = torch.randn(f.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64).to(device)
    return model, x, f + 0.3 * noise


def _worst(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).detach().abs().max())


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", CONFIGS)
def test_it_is_the_librarys_sum(name: str, device: str):
    model, x, h = _case(CONFIGS[name], device)
    counted = (torch.arange(7, device=device) % 2).expand(3, 7).double()
    for weights in (None, counted):
        fused, plain = model.energy(x, weights), model.energy(x, weights, fused=False)
        assert fused.batch_shape == (3, 7)
        with torch.no_grad():
            assert _worst(fused.value(h), plain.value(h)) < 1e-12
            assert _worst(fused.gradient(h), plain.gradient(h)) < 1e-12
        # With gradients tracked, other code computes the normalisation.
        assert _worst(fused.gradient(h), plain.gradient(h)) < 1e-12


@pytest.mark.parametrize("name", ["paper", "five tokens", "linear before"])
def test_second_derivatives(name: str):
    model, x, h = _case(CONFIGS[name])
    fused, plain = model.energy(x), model.energy(x, fused=False)
    assert _worst(fused.hessian(h), plain.hessian(h)) < 1e-11
    v = torch.randn(h.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    by_hand = (fused.hessian(h) @ v.unsqueeze(-1)).squeeze(-1)
    assert _worst(fused.hessian_vector(h, v), by_hand) < 1e-11
    with torch.no_grad():
        assert _worst(fused.hessian(h), plain.hessian(h)) < 1e-11


def test_gradients_reach_every_head():
    config = small()
    model, x, h = _case(config)
    found = {}
    for fused in (True, False):
        model.zero_grad()
        model.energy(x, fused=fused).gradient(h).square().sum().backward()
        found[fused] = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    # The plain sum reaches the two logits' weights one by one, so the same parameters get the same gradients.
    assert found[True].keys() == found[False].keys()
    assert {name.split(".")[0] for name in found[True]} == {"backbone", "heads"}
    assert all(_worst(value, found[False][name]) < 1e-11 for name, value in found[True].items())


@pytest.mark.parametrize("name", ["paper", "five tokens, linear"])
def test_parts_and_selections(name: str):
    model, x, h = _case(CONFIGS[name])
    energy = model.energy(x)
    whole = energy.value(h).detach()
    assert _worst(energy.part(slice(1, 3)).value(h[1:3]), whole[1:3]) < 1e-14
    index = torch.tensor([4, 20, 9])
    assert _worst(energy.select(index).value(h.reshape(-1, 8)[index]), whole.flatten()[index]) < 1e-14
    assert energy.to(dtype=torch.float32).value(h.float()).dtype == torch.float32


def test_terms_add_up_and_carry_their_weights():
    config = small(weight_predictive=0.4)
    model, x, h = _case(config)
    terms = model.energy(x).terms(h)
    assert list(terms) == ["reverse", "mask", "confidence", "predictive"]
    assert _worst(sum(terms.values()), model.energy(x).value(h)) < 1e-14
    double = EquilibriumTransformer(config.replace(weight_confidence=0.4), 1).double()
    double.load_state_dict(model.state_dict())
    assert _worst(double.energy(x).terms(h)["confidence"], 2 * terms["confidence"]) < 1e-14


def test_without_weights_it_is_zero():
    config = small(weight_reverse=0.0, weight_mask=0.0, weight_confidence=0.0)
    model, x, h = _case(config)
    assert not model.energy(x).value(h).any() and not model.energy(x).gradient(h).any()


def test_heads_behind_a_layer_norm_see_no_common_shift():
    model, x, h = _case(small())
    hessian = model.energy(x).hessian(h).detach()
    assert float((hessian @ torch.ones(8, dtype=torch.float64)).abs().max()) < 1e-12
    before, x, h = _case(small(refinement_norm=RefinementNorm.BEFORE))
    assert float((before.energy(x).hessian(h).detach() @ torch.ones(8, dtype=torch.float64)).abs().max()) > 1e-3


def test_linear_heads_on_the_state_declare_curvature():
    model, x, _ = _case(small(head_kind=HeadKind.LINEAR, refinement_norm=RefinementNorm.BEFORE, weight_confidence=0.0))
    assert model.energy(x, fused=False).curvature is not None
    model, x, _ = _case(small(head_kind=HeadKind.LINEAR, weight_confidence=0.0))
    assert model.energy(x, fused=False).curvature is None


def test_the_comparison_would_notice_a_wrong_gradient():
    model, x, h = _case(small())

    class Wrong(Energy):
        def value(self, h: torch.Tensor) -> torch.Tensor:
            return model.energy(x).value(h) + 1e-6 * h[..., 0]

    with torch.no_grad():
        assert _worst(Wrong().gradient(h), model.energy(x, fused=False).gradient(h)) > 1e-7
