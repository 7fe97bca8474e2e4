"""Controls of equal cost: a transformer whose blocks are run several times, and a recurrent network."""

import math

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Count, Seed, checked
from eqt_theory.models.blocks import drawn_linear
from eqt_theory.models.config import ModelConfig
from eqt_theory.models.standard import StandardTransformer, parameter_count, require_tokens


@checked
class LoopedTransformer(nn.Module):
    """A StandardTransformer that runs through its blocks several times, the embeddings added before each repetition.

    Args:
        config: of the transformer.
        seed: of the weights, those of `StandardTransformer(config, seed)`.
        loops: how many times.
    """

    def __init__(self, config: ModelConfig, seed: Seed = 0, loops: Count = 2) -> None:
        super().__init__()
        self.config = config
        self.backbone = StandardTransformer(config, seed)
        self.loops = loops

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, (B, n) -> (B, n, classes)."""
        embedded = self.backbone.embed(tokens)
        x = embedded
        for i in range(self.loops):
            x = x if i == 0 else x + embedded
            for block in self.backbone.blocks:
                x = block(x)
        return self.backbone.read(x)


def units_like(config: ModelConfig) -> int:
    """Units of the two layers of a `GatedRecurrence` with about as many weights as the blocks of a transformer.

    Args:
        config: of the transformer.

    Returns:
        A multiple of 8: h with 3 d h + 9 h^2 nearest to the count; 48 for the miniature.
    """
    blocks = sum(parameter_count(block) for block in StandardTransformer(config).blocks)
    d = config.width
    return max(8, 8 * round((math.sqrt(9 * d**2 + 36 * blocks) - 3 * d) / 18 / 8))


@checked
class GatedRecurrence(nn.Module):
    """Two layers of gated recurrent units (Cho et al. 2014) between an embedding and a linear output head.

    Args:
        config: vocabulary, classes and width of the embedding.
        seed: of the weights.
        hidden: units of a layer; 48 have about as many weights as the two blocks of the miniature.
    """

    def __init__(self, config: ModelConfig, seed: Seed = 0, hidden: Count = 48) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.config = config
        self.embedding = nn.Embedding.from_pretrained(
            torch.randn(config.vocabulary, config.width, generator=generator), freeze=False
        )
        self.recurrence = nn.GRU(config.width, hidden, num_layers=2, batch_first=True, device="meta").to_empty(
            device="cpu"
        )
        with torch.no_grad():
            for weight in self.recurrence.parameters():
                weight.copy_((2 * torch.rand(weight.shape, generator=generator) - 1) / hidden**0.5)
        self.output = drawn_linear(hidden, config.classes, generator)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, (B, n) -> (B, n, classes)."""
        require_tokens(tokens, self.config.vocabulary)
        return self.output(self.recurrence(self.embedding(tokens))[0])
