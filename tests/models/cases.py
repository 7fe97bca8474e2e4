"""Small models and tokens, and the devices at hand."""

import pytest
import torch
from torch import Tensor

from eqt_theory.models.config import ModelConfig

_NO_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, _NO_CUDA])]


def small(**changes) -> ModelConfig:
    """A model of one or two thousand weights."""
    values = dict(width=8, layers=2, heads=2, window=4, head_width=12, memory_size=6)
    return ModelConfig(**{**values, **changes})


def tokens(config: ModelConfig, batch: int = 3, length: int = 7, seed: int = 0) -> Tensor:
    return torch.randint(0, config.vocabulary, (batch, length), generator=torch.Generator().manual_seed(seed))
