import torch

from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.summed_energy import ReadNorm, Scaled, library_energy

from .cases import small, tokens


def test_scaled_weighs_every_state():
    quadratic = Quadratic(torch.eye(3, dtype=torch.float64))
    scaled = Scaled(quadratic, torch.tensor([0.0, 2.0], dtype=torch.float64))
    h = torch.randn(2, 3, dtype=torch.float64)
    assert torch.equal(scaled.value(h), torch.stack([0 * quadratic.value(h[0]), 2 * quadratic.value(h[1])]))
    assert torch.equal(scaled.gradient(h)[1], 2 * h[1])
    assert torch.equal(scaled.select(torch.tensor([1])).value(h[1:]), scaled.value(h)[1:])


def test_read_norm_is_layer_norm():
    norm = torch.nn.LayerNorm(5, dtype=torch.float64)
    torch.nn.init.normal_(norm.weight, generator=torch.Generator().manual_seed(0))
    x = torch.randn(4, 5, dtype=torch.float64)
    assert torch.allclose(ReadNorm(norm)(x), norm(x), atol=1e-14)
    assert ReadNorm(None)(x) is x


def test_terms_and_weights():
    config = small(weight_predictive=0.25)
    model = EquilibriumTransformer(config).double()
    energy = library_energy(config, model.heads, model.backbone.norm, model.backbone.output, tokens(config))
    assert energy.weights == (1.0, 0.5 * 0.15, 0.2, 0.25)
