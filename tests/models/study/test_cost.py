import pytest
from models.cases import DEVICES, small

from eqt_theory.core.errors import UsageError
from eqt_theory.models.study.cost import corrected_ratio, formula_ratio, measure_costs


def test_the_papers_example():
    assert formula_ratio(10**9, 10**8, 16, 256, 32, 4) == pytest.approx(1.2, abs=1e-4)
    assert corrected_ratio(10**9, 10**8, 16, 256) == pytest.approx(4.2, abs=1e-4)


def test_flops_are_those_of_the_products():
    config = small(vocabulary=3, classes=3)
    costs = list(measure_costs(config, (4, 16), (0, 3), repeats=1, tokens=32))
    assert [(c.model, c.length, c.steps) for c in costs[:5]] == [
        ("standard", 4, 0), ("last layer", 4, 0), ("last layer", 4, 3), ("every layer", 4, 0), ("every layer", 4, 3)
    ]  # fmt: skip
    standard, none, three, _, every = costs[:5]
    # Per token: blocks, both products of attention (whole rows), and the output head.
    assert standard.inference_flops == 2 * (2 * (12 * 64) + 2 * 2 * 4 * 8 + 8 * 3)
    assert none.inference_flops == standard.inference_flops
    # Heads forward and back to the state: both first layers and the output, and the second layers.
    once = 4 * (8 * (12 + 12 + 3) + 12 * (4 * 3 + 3))
    assert three.inference_flops - none.inference_flops == 3 * once
    assert every.inference_flops - none.inference_flops == 2 * 3 * once
    assert costs[5].inference_flops - standard.inference_flops == 2 * 2 * 2 * (16 - 4) * 8
    assert three.training_flops > none.training_flops > standard.training_flops > 2.5 * standard.inference_flops
    assert all(c.inference_seconds > 0 and c.training_seconds > 0 for c in costs)
    assert three.corrected > three.formula > 1 == standard.formula


@pytest.mark.parametrize("device", DEVICES)
def test_every_device(device: str):
    costs = list(measure_costs(small(), (4,), (0, 2), device, repeats=1, tokens=16))
    assert len(costs) == 5 and all(c.inference_seconds > 0 < c.training_flops for c in costs)


@pytest.mark.parametrize(("lengths", "steps"), [((), (0,)), ((0,), (0,)), ((4,), ()), ((4,), (-1,))])
def test_what_is_refused(lengths: tuple, steps: tuple):
    with pytest.raises(UsageError, match="lengths must be positive"):
        list(measure_costs(small(), lengths, steps))
