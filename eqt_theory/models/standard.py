"""StandardTransformer: the causal transformer that the equilibrium transformer is compared with."""

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.models.blocks import Block, drawn_linear, sinusoids
from eqt_theory.models.config import ModelConfig


@checked
class StandardTransformer(nn.Module):
    """Embedding, sinusoidal positions, causal blocks, LayerNorm and a linear output head.

    Args:
        config: its first group of settings; the others play no part.
        seed: of the weights. An `EquilibriumTransformer` of the same seed starts from the same weights.
    """

    def __init__(self, config: ModelConfig, seed: Seed = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.config = config
        self.embedding = nn.Embedding.from_pretrained(
            torch.randn(config.vocabulary, config.width, generator=generator), freeze=False
        )
        self.blocks = nn.ModuleList(Block(config, generator) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.output = drawn_linear(config.width, config.classes, generator)
        self._places: Tensor | None = None

    def embed(self, tokens: Tensor) -> Tensor:
        """Token embeddings plus positions, (B, n) -> (B, n, d).

        Args:
            tokens: integers from 0 to V - 1.

        Returns:
            The sums.

        Raises:
            UsageError: tokens are not integers of shape (B, n).
        """
        require_tokens(tokens, self.config.vocabulary)
        length = tokens.shape[-1]
        weight = self.embedding.weight
        places = self._places
        if places is None or len(places) < length or places.dtype != weight.dtype or places.device != weight.device:
            self._places = places = sinusoids(length, self.config.width, weight.detach())
        return self.embedding(tokens) + places[:length]

    def read(self, h: Tensor) -> Tensor:
        """Logits of the prediction from the state after the last block, (..., d) -> (..., classes)."""
        return self.output(self.norm(h))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, (B, n) -> (B, n, classes)."""
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.read(x)


def require_tokens(tokens: Tensor, vocabulary: int) -> None:
    """Refuse what are no tokens; their range is looked at on the CPU only, since elsewhere every look waits.

    Args:
        tokens: what was given.
        vocabulary: V.

    Raises:
        UsageError: not integers of shape (B, n), or one is not from 0 to V - 1.
    """
    whole = isinstance(tokens, Tensor) and tokens.layout == torch.strided and tokens.dtype in (torch.int64, torch.int32)
    if not whole or tokens.ndim != 2 or tokens.is_meta:
        got = f"{tokens.dtype} of shape {tuple(tokens.shape)}" if isinstance(tokens, Tensor) else type(tokens).__name__
        raise UsageError(f"tokens must be int64 or int32 of shape (batch, length), got {got}")
    if tokens.device.type == "cpu" and tokens.numel() > 0:
        low, high = (int(x) for x in tokens.aminmax())
        if low < 0 or high >= vocabulary:
            raise UsageError(f"tokens must be from 0 to {vocabulary - 1}, got values from {low} to {high}")


def parameter_count(model: nn.Module) -> int:
    """How many numbers the model learns."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
