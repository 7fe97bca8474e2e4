import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.base import Energy
from eqt_theory.models.config import (
    Activation,
    GradientMode,
    ModelConfig,
    NormPlace,
    RefineAt,
    RefinementNorm,
    SolverName,
    Stopping,
)
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer
from eqt_theory.solvers.newton import Newton
from eqt_theory.solvers.stopping import SmallStep

from .cases import DEVICES, small, tokens

VARIANTS = {
    "paper": small(),
    "every layer": small(refine_at=RefineAt.EVERY),
    "before": small(refinement_norm=RefinementNorm.BEFORE),
    "every layer, before": small(refine_at=RefineAt.EVERY, refinement_norm=RefinementNorm.BEFORE),
    "memory": small(weight_memory=0.5),
    "stopping": small(stopping=Stopping.RELATIVE_STEP, stop_threshold=1e-2),
    "stopping by entropy": small(stopping=Stopping.ENTROPY, stop_threshold=0.6),
    "post-norm, SwiGLU": small(norm=NormPlace.POST, activation=Activation.SWIGLU),
}


def _leak(model: EquilibriumTransformer, place: int = 4) -> float:
    """How much outputs before a place change with the token at that place; inf if those after it do not."""
    x = tokens(model.config)
    y = x.clone()
    y[:, place] = 1 - y[:, place]
    with torch.no_grad():
        a, b = model(x, steps=6), model(y, steps=6)
    if torch.equal(a.logits[:, place:], b.logits[:, place:]):
        return float("inf")
    return max(float((p - q)[:, :place].abs().max()) for p, q in ((a.logits, b.logits), (a.h, b.h)))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", VARIANTS)
def test_a_change_at_t_leaves_earlier_outputs_alone(name: str, device: str):
    model = EquilibriumTransformer(VARIANTS[name], 2).double().eval()
    if device == "cpu":
        assert _leak(model) < 1e-13
        return
    x = tokens(VARIANTS[name])
    with torch.no_grad():
        here, there = model(x).h, model.to(device)(x.to(device)).h.cpu()
    assert float((here - there).abs().max()) < 1e-10


@pytest.mark.parametrize("solver", list(SolverName))
def test_every_solver_is_causal(solver: SolverName):
    assert _leak(EquilibriumTransformer(small(solver=solver, gamma=0.2), 2).double().eval()) < 1e-10


@pytest.mark.parametrize("mode", list(GradientMode))
def test_training_is_causal_too(mode: GradientMode):
    model = EquilibriumTransformer(small(gradient=mode, gamma=0.2), 2).double().train()
    embedded = []
    model.backbone.embedding.register_forward_hook(lambda module, inputs, out: embedded.append(out))
    output = model(tokens(model.config), generator=torch.Generator().manual_seed(0))
    (slope,) = torch.autograd.grad(output.logits[:, 3].sum() + output.energy[:, 3].sum(), embedded[0])
    assert not slope[:, 4:].any()
    assert bool(slope[:, 3].any())


def test_an_energy_that_looks_ahead_is_caught():
    class Ahead(Energy):
        def __init__(self, tokens: torch.Tensor) -> None:
            self.coming = tokens.roll(-1, -1).double()

        def value(self, h: torch.Tensor) -> torch.Tensor:
            return self.coming * h[..., 0]

    model = EquilibriumTransformer(small(), energy=lambda model, x: Ahead(x)).double().eval()
    assert _leak(model) > 1e-3


def test_without_steps_or_weights_it_is_the_standard_model():
    config = small()
    standard = StandardTransformer(config, 3).eval()
    equilibrium = EquilibriumTransformer(config, 3).eval()
    x = tokens(config)
    with torch.no_grad():
        assert torch.equal(equilibrium(x, steps=0).logits, standard(x))
        assert not torch.equal(equilibrium(x, steps=8).logits, standard(x))
        nothing = config.replace(weight_reverse=0.0, weight_mask=0.0, weight_confidence=0.0)
        assert torch.allclose(EquilibriumTransformer(nothing, 3).eval()(x, steps=8).logits, standard(x), atol=1e-6)


@pytest.mark.parametrize("name", VARIANTS)
def test_states_are_those_of_the_forward_pass(name: str):
    model = EquilibriumTransformer(VARIANTS[name]).double().eval()
    x = tokens(model.config)
    states = model.states(x)
    with torch.no_grad():
        output = model(x)
        assert torch.equal(states.refined, output.h)
        assert torch.equal(states.predict(states.refined), output.logits)
    assert output.energy is None
    assert states.objective.gamma == 1.0 and states.steps == 8 and states.step_size == 0.1
    fell = states.objective.value(states.proposal) - states.objective.value(states.refined)
    assert bool((fell.detach() > 0).all())


def test_layers():
    model = EquilibriumTransformer(small(refine_at=RefineAt.EVERY)).eval()
    x = tokens(model.config)
    assert not torch.equal(model.states(x, layer=0).proposal, model.states(x, layer=1).proposal)
    assert torch.equal(model.states(x, layer=-1).refined, model.states(x, layer=1).refined)
    with pytest.raises(UsageError, match="layer must be one of the 2 refinements, got 2"):
        model.states(x, layer=2)


@pytest.mark.parametrize("name", ["paper", "every layer", "before"])
def test_no_steps_are_those_of_a_step_of_nothing(name: str, monkeypatch: pytest.MonkeyPatch):
    model = EquilibriumTransformer(VARIANTS[name]).double().eval()
    x = tokens(model.config)
    with torch.no_grad():
        states, still = model.states(x, steps=0), EquilibriumTransformer(VARIANTS[name].replace(step_size=1e-300))
        nothing = still.double().eval()(x, steps=1)
        monkeypatch.setattr(model, "energy", lambda *given: pytest.fail("nobody pays for an energy that is not used"))
        output = model(x, steps=0)
    assert torch.equal(output.h, states.refined) and torch.equal(output.h, nothing.h) and output.energy is None
    assert torch.equal(output.logits, nothing.logits)


def test_masks_are_drawn_by_the_generator_and_evaluation_draws_none():
    model = EquilibriumTransformer(small()).train()
    x = tokens(model.config)
    draws = [model(x, generator=torch.Generator().manual_seed(s)).energy for s in (0, 0, 1)]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])
    assert torch.equal(model.eval()(x).logits, model(x).logits)


def test_the_memory_moves_as_equation_16_says():
    model = EquilibriumTransformer(small(weight_memory=0.5)).double()
    before = model.heads.memories.clone()
    h = torch.randn(1, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    chosen = int((before @ h[0]).argmax())
    model.update_memory(h)
    expected = before.clone()
    expected[chosen] = 0.3 * before[chosen] + 0.7 * h[0]
    assert torch.allclose(model.heads.memories, expected)
    with pytest.raises(UsageError, match="weight_memory"):
        EquilibriumTransformer(small()).update_memory(h)


def test_an_energy_and_a_solver_of_ones_own():
    config = small(gamma=1.0)
    matrix = 3.0 * torch.eye(8, dtype=torch.float64)
    model = EquilibriumTransformer(config, energy=lambda m, x: 0.5 * Quadratic(matrix), solver=Newton()).double().eval()
    states = model.states(tokens(config), steps=3)
    assert torch.allclose(states.refined, states.proposal / 2.5, atol=1e-12)


def test_adaptive_stopping_changes_the_result():
    model = EquilibriumTransformer(small()).double().eval()
    x = tokens(model.config)
    stopped = model.states(x, steps=50, stop=SmallStep(1e-2, relative=True)).refined
    assert float((stopped - model.states(x, steps=50).refined).abs().max()) > 1e-3


@pytest.mark.parametrize("steps", [-1, 1.5, True])
def test_steps_that_are_refused(steps: object):
    with pytest.raises(UsageError, match="steps must be an integer of at least 0"):
        EquilibriumTransformer(small())(tokens(small()), steps=steps)


def test_evaluation_with_gradients_tracked_gives_the_same_numbers():
    model = EquilibriumTransformer(ModelConfig(width=8, heads=2, head_width=8)).double().eval()
    x = tokens(model.config)
    tracked = model(x).logits
    with torch.no_grad():
        assert torch.allclose(tracked, model(x).logits, atol=1e-12)
    assert tracked.requires_grad
