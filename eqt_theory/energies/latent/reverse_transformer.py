"""A small causal transformer that reads the state first and then predicts the tokens one after the other."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.core.annotated import Count, Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.arguments import FloatType
from eqt_theory.energies.latent.heads import seeded_linear


@checked
class ReverseTransformer(nn.Module):
    """`q(x_i | h, x_<i)`: the state, then the tokens before i, through causal attention (Eq. 12).

    The state takes the place of the start symbol; logits are products with the token embedding, which may be shared
    with the model's.

    Args:
        vocabulary: V.
        dim: d, of the states.
        length: the most tokens it can read.
        width: of the hidden vectors; that of the embedding if one is given.
        layers: number of blocks.
        heads: attention heads; divides the width.
        seed: of the weights.
        embedding: a token embedding to share, (V, width).
        dtype: precision.

    Raises:
        UsageError: the width is no multiple of the number of heads, or the embedding has another vocabulary.
    """

    def __init__(
        self,
        vocabulary: Count,
        dim: Count,
        length: Count,
        width: Count = 32,
        layers: Count = 1,
        heads: Count = 2,
        seed: Seed = 0,
        embedding: nn.Embedding | None = None,
        dtype: FloatType = torch.float64,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.embedding = embedding or seeded_embedding(vocabulary, width, generator, dtype)
        width = self.embedding.embedding_dim
        if self.embedding.num_embeddings != vocabulary:
            raise UsageError(f"embedding must have {vocabulary} rows, got {self.embedding.num_embeddings}")
        if width % heads:
            raise UsageError(f"width must be a multiple of heads, got {width} and {heads}")
        self.length = length
        self.state = seeded_linear(dim, width, generator, dtype)
        self.places = seeded_embedding(length, width, generator, dtype)
        self.blocks = nn.ModuleList(_Block(width, heads, generator, dtype) for _ in range(layers))
        self.norm = _Norm(width, dtype)

    def forward(self, h: Tensor, tokens: Tensor) -> Tensor:
        """Logits of every token given the state and the tokens before it.

        Args:
            h: states, shape (..., d).
            tokens: integers, shape (..., T) with the same batch dimensions.

        Returns:
            Logits, shape (..., T, V).

        Raises:
            UsageError: there are more tokens than it can read.
        """
        size = tokens.shape[-1]
        if size > self.length:
            raise UsageError(f"tokens must be at most {self.length} for this ReverseTransformer, got {size}")
        x = torch.cat([self.state(h).unsqueeze(-2), self.embedding(tokens[..., :-1])], -2)
        x = x + self.places.weight[:size]
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.mT


class _Norm(nn.Module):
    """Layer normalisation, written out: second derivatives of the built-in one do not nest under `torch.func.vmap`."""

    def __init__(self, width: int, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(width, dtype=dtype))

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred * (centred.square().mean(-1, keepdim=True) + 1e-5).rsqrt() * self.weight + self.bias


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, generator: torch.Generator, dtype: torch.dtype) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = _Norm(width, dtype)
        self.mix = seeded_linear(width, 3 * width, generator, dtype)
        self.out = seeded_linear(width, width, generator, dtype)
        self.before_layers = _Norm(width, dtype)
        self.up = seeded_linear(width, 4 * width, generator, dtype)
        self.down = seeded_linear(4 * width, width, generator, dtype)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self._attend(self.before_attention(x))
        return x + self.down(functional.gelu(self.up(self.before_layers(x))))

    def _attend(self, x: Tensor) -> Tensor:
        # Written out: the fused kernels lack second derivatives on some devices.
        size, width = x.shape[-2:]
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(-3, -2) for part in self.mix(x).chunk(3, -1))
        scores = q @ k.mT / (width // self.heads) ** 0.5
        future = torch.ones(size, size, dtype=torch.bool, device=x.device).triu(1)
        weights = torch.softmax(scores.masked_fill(future, -torch.inf), -1)
        return self.out((weights @ v).transpose(-3, -2).flatten(-2))


def seeded_embedding(rows: int, width: int, generator: torch.Generator, dtype: torch.dtype) -> nn.Embedding:
    """An embedding with normal entries of variance 1/width, drawn from the generator."""
    refuse_beyond_memory("an embedding", rows, width)
    values = torch.randn(rows, width, generator=generator, dtype=torch.float64) / width**0.5
    return nn.Embedding.from_pretrained(values.to(dtype), freeze=False)
