"""The learned heads of the refinement: reverse prediction, masked prediction, and the memories."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.core.annotated import WORD
from eqt_theory.models.blocks import drawn_linear
from eqt_theory.models.config import HeadKind, ModelConfig


class RefinementHeads(nn.Module):
    """What the energy learns beside the transformer.

    The reverse head maps a state at position t to logits of the last W tokens, slot j for the token j places back,
    (..., W, V); the mask head to logits of the token at t itself, (..., V). Neither is shown any token: q(x_i | h),
    the simplest head that Eq. 12 and 13 allow.

    Args:
        config: of the model.
        seed: of the weights and of the first memories.
    """

    memories: Tensor | None

    def __init__(self, config: ModelConfig, seed: int = 0) -> None:
        super().__init__()
        # A stream of its own: the transformer starts from the same weights whatever heads there are.
        generator = torch.Generator().manual_seed((seed + 1) * 1_000_003 % WORD)
        d, slots = config.width, config.window * config.vocabulary
        self.kind = config.head_kind
        self.shape = (config.window, config.vocabulary)
        if self.kind is HeadKind.MLP:
            self.reverse_first = drawn_linear(d, config.head_width, generator)
            self.mask_first = drawn_linear(d, config.head_width, generator)
            d = config.head_width
        self.reverse_out = drawn_linear(d, slots, generator)
        self.mask_out = drawn_linear(d, config.vocabulary, generator)
        memories = None
        if config.weight_memory > 0:
            memories = torch.randn(config.memory_size, config.width, generator=generator)
        self.register_buffer("memories", memories)

    def reverse(self, x: Tensor) -> Tensor:
        """Logits of the last W tokens, (..., d) -> (..., W, V)."""
        if self.kind is HeadKind.MLP:
            x = functional.gelu(self.reverse_first(x))
        return self.reverse_out(x).unflatten(-1, self.shape)

    def mask(self, x: Tensor) -> Tensor:
        """Logits of the own token, (..., d) -> (..., V)."""
        if self.kind is HeadKind.MLP:
            x = functional.gelu(self.mask_first(x))
        return self.mask_out(x)


def windows(tokens: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The tokens up to each position, latest first, and how many of them exist.

    Args:
        tokens: shape (B, n).
        size: W.

    Returns:
        Tokens, (B, n, W), entry j of position t the token at t - j, 0 where there is none; and the counts
        min(t, W), t from 1, shape (n,).
    """
    length = tokens.shape[-1]
    padded = functional.pad(tokens, (size - 1, 0))
    counts = torch.arange(1, length + 1, device=tokens.device).clamp(max=size)
    return padded.unfold(-1, size, 1).flip(-1), counts
