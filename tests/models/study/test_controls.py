"""The controls: causal, as large as they are said to be, the same from the same seed."""

import pytest
import torch

from eqt_theory.models.config import ModelConfig
from eqt_theory.models.standard import StandardTransformer, parameter_count
from eqt_theory.models.study.controls import GatedRecurrence, LoopedTransformer, units_like

MAKERS = {
    "loop2": lambda: LoopedTransformer(ModelConfig(), 1, 2),
    "loop4": lambda: LoopedTransformer(ModelConfig(), 1, 4),
    "gru": lambda: GatedRecurrence(ModelConfig(), 1),
}
TOKENS = torch.randint(0, 2, (3, 9), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", MAKERS)
def test_causal_and_reproducible(name: str) -> None:
    one, other = MAKERS[name](), MAKERS[name]()
    changed = TOKENS.clone()
    changed[:, -1] = 1 - changed[:, -1]
    with torch.no_grad():
        assert torch.equal(one(TOKENS), other(TOKENS))
        assert one(TOKENS).shape == (3, 9, 2)
        assert torch.allclose(one(TOKENS)[:, :-1], one(changed)[:, :-1], atol=1e-6)
        assert not torch.allclose(one(TOKENS)[:, -1], one(changed)[:, -1], atol=1e-3)


def test_one_loop_is_the_standard_model_and_more_are_not() -> None:
    standard = StandardTransformer(ModelConfig(), 1)
    with torch.no_grad():
        assert torch.equal(LoopedTransformer(ModelConfig(), 1, 1)(TOKENS), standard(TOKENS))
        assert not torch.allclose(MAKERS["loop2"]()(TOKENS), standard(TOKENS), atol=1e-2)


def test_sizes() -> None:
    assert units_like(ModelConfig()) == 48
    wide = ModelConfig(width=64, layers=4)
    assert 0.9 < parameter_count(GatedRecurrence(wide, 0, units_like(wide))) / parameter_count(
        StandardTransformer(wide)) < 1.1  # fmt: skip
    counts = {name: parameter_count(make()) for name, make in MAKERS.items()}
    standard = parameter_count(StandardTransformer(ModelConfig()))
    assert counts["loop2"] == counts["loop4"] == standard
    assert 0.9 * standard < counts["gru"] < 1.1 * standard
