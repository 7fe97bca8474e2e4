import copy
import math

import pytest
import torch
from models.cases import DEVICES, small

from eqt_theory.core.errors import UsageError
from eqt_theory.models.config import GradientMode
from eqt_theory.models.equilibrium import EquilibriumTransformer
from eqt_theory.models.standard import StandardTransformer
from eqt_theory.models.study.parity import parity_data
from eqt_theory.models.study.training import Recipe, evaluate, train

RECIPE = Recipe(epochs=2, batch=32, learning_rate=1e-2, warm_up=4)


def _weights(model: torch.nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for p in model.parameters()]


@pytest.mark.parametrize("device", DEVICES)
def test_short_parities_are_learned(device: str):
    config = small(width=16, window=3)
    data = parity_data(512, 3, 0).to(device)
    test = parity_data(64, 3, 0, test=True).to(device)
    for model in (StandardTransformer(config), EquilibriumTransformer(config)):
        model = model.to(device)
        record = train(model, data, Recipe(epochs=6, batch=32, learning_rate=1e-2, warm_up=4), seed=0)
        assert record.losses[-1] < 0.05 < 0.3 < record.losses[0]
        assert evaluate(model, test).accuracy[0] > 0.95
        assert not model.training


@pytest.mark.parametrize("mode", list(GradientMode))
def test_same_seed_same_model(mode: GradientMode):
    config, data = small(gradient=mode, gamma=0.3), parity_data(64, 6, 0)
    models = [EquilibriumTransformer(config) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        train(model, data, RECIPE, seed)
    first, second, third = map(_weights, models)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, third, strict=True))
    assert all(bool(torch.isfinite(p).all()) for p in first)


def test_a_control_of_weight_zero_follows_the_standard_model():
    data = parity_data(96, 6, 0)
    zero = small(weight_reverse=0.0, weight_mask=0.0, weight_confidence=0.0)
    standard, control = StandardTransformer(zero).double(), EquilibriumTransformer(zero).double()
    losses = [train(model, data, RECIPE, 0).losses for model in (standard, control)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-9)
    for a, b in zip(_weights(standard), _weights(control.backbone), strict=True):
        assert torch.allclose(a, b, atol=1e-8)
    refined = EquilibriumTransformer(small()).double()
    assert train(refined, data, RECIPE, 0).losses != pytest.approx(losses[0], abs=1e-6)


def test_one_step_is_adam_on_equation_18():
    data = parity_data(16, 5, 0)
    model = EquilibriumTransformer(small()).double()
    by_hand = copy.deepcopy(model).train()
    train(model, data, Recipe(epochs=1, batch=16, learning_rate=1e-3, warm_up=0, clip=0.1), seed=3)
    index = torch.randperm(16, generator=torch.Generator().manual_seed(3))
    output = by_hand(data.bits[index], generator=torch.Generator().manual_seed(4))
    loss = torch.nn.functional.cross_entropy(output.logits.flatten(0, 1), data.parities[index].flatten())
    (loss + 0.3 * output.energy.mean()).backward()
    torch.nn.utils.clip_grad_norm_(by_hand.parameters(), 0.1)
    torch.optim.AdamW(by_hand.parameters(), lr=1e-3, weight_decay=0.01).step()
    for a, b in zip(_weights(model), _weights(by_hand), strict=True):
        assert torch.allclose(a, b, atol=1e-10)


def test_the_learning_rate_warms_up_and_ends_near_zero():
    recipe = Recipe(warm_up=10, learning_rate=1.0)
    rates = [recipe.rate(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == 1.0 == max(rates)
    assert rates[55] == pytest.approx(0.5) and 0 < rates[-1] < 1e-3
    assert Recipe(warm_up=0).rate(0, 10) == 2e-3


def test_steps_are_reported_and_memories_move():
    model = EquilibriumTransformer(small(weight_memory=0.1))
    before, seen = model.heads.memories.clone(), []
    train(model, parity_data(64, 6, 0), RECIPE, 0, lambda done, total: seen.append((done, total)))
    assert seen == [(k, 4) for k in range(1, 5)]
    assert not torch.equal(before, model.heads.memories)


def test_a_gradient_that_is_not_finite_stops_the_training():
    model = StandardTransformer(small())
    with torch.no_grad():
        model.output.bias.fill_(math.nan)
    with pytest.raises(UsageError, match="not finite at step 1"):
        train(model, parity_data(64, 6, 0), RECIPE, 0)


def test_evaluation_counts_flips_and_hits():
    model = EquilibriumTransformer(small(gamma=5.0, step_size=0.5, weight_confidence=0.0), 1).eval()
    test = parity_data(40, 6, 0, test=True)
    found = evaluate(model, test, steps=(0, 3, 40), batch=16)
    with torch.no_grad():
        predicted = [model(test.bits, steps=k).logits.argmax(-1) for k in (0, 3, 40)]
    assert found.accuracy == tuple(float((p == test.parities).double().mean()) for p in predicted)
    assert found.flips == tuple(int((p != predicted[0]).sum()) for p in predicted)
    assert found.flips[2] > 0 and found.positions == 240
    assert list(found.correct) == (predicted[2] == test.parities).sum(-1).tolist()


def test_a_standard_model_has_one_answer():
    found = evaluate(StandardTransformer(small()), parity_data(40, 6, 0))
    assert found.flips == (0, 0, 0, 0) and len(set(found.accuracy)) == 1
    with pytest.raises(UsageError, match="at least one K"):
        evaluate(StandardTransformer(small()), parity_data(4, 6, 0), steps=())


@pytest.mark.parametrize(
    "bad", [{"epochs": 0}, {"batch": 1.5}, {"learning_rate": 0.0}, {"weight_decay": -1.0}, {"warm_up": -1}]
)
def test_recipes_that_are_refused(bad: dict):
    with pytest.raises(UsageError, match=next(iter(bad))):
        Recipe(**bad)
