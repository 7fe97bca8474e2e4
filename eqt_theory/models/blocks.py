"""The parts of a transformer: causal attention, feed-forward networks, blocks, sinusoidal positions (Eq. 5)."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.models.config import Activation, ModelConfig, NormPlace


def drawn_linear(
    inputs: int, outputs: int, generator: torch.Generator, *, bias: bool = True, scale: float = 1.0
) -> nn.Linear:
    """A linear layer with normal weights of standard deviation `scale / sqrt(inputs)` and zero bias.

    Args:
        inputs: size of what it reads.
        outputs: size of what it returns.
        generator: that the weights are drawn from, and nothing else.
        bias: whether it has one.
        scale: of the weights.

    Returns:
        The layer, float32.
    """
    # A Linear made the usual way would draw from the global generator.
    layer = nn.Linear(inputs, outputs, bias=bias, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.randn(outputs, inputs, generator=generator) * (scale / math.sqrt(inputs)))
        if bias:
            layer.bias.zero_()
    return layer


class Attention(nn.Module):
    """Causal multi-head self-attention: position t reads positions up to t.

    Args:
        config: width, heads and bias.
        generator: of the weights.
        scale: of the output projection's weights.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator, scale: float) -> None:
        super().__init__()
        d = config.width
        self.heads = config.heads
        self.mix = drawn_linear(d, 3 * d, generator, bias=config.bias)
        self.out = drawn_linear(d, d, generator, bias=config.bias, scale=scale)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n, d) -> (B, n, d)."""
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.mix(x).chunk(3, -1))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).flatten(-2))


class FeedForward(nn.Module):
    """A position-wise network, with GELU or SwiGLU.

    Args:
        config: width, hidden width, activation and bias.
        generator: of the weights.
        scale: of the output layer's weights.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator, scale: float) -> None:
        super().__init__()
        self.gated = config.activation is Activation.SWIGLU
        columns = 2 * config.hidden if self.gated else config.hidden
        self.up = drawn_linear(config.width, columns, generator, bias=config.bias)
        self.down = drawn_linear(config.hidden, config.width, generator, bias=config.bias, scale=scale)

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) -> (..., d)."""
        if self.gated:
            gate, value = self.up(x).chunk(2, -1)
            return self.down(functional.silu(gate) * value)
        return self.down(functional.gelu(self.up(x)))


class Block(nn.Module):
    """Attention and feed-forward network, each with its skip connection.

    Args:
        config: of the model.
        generator: of the weights.
    """

    def __init__(self, config: ModelConfig, generator: torch.Generator) -> None:
        super().__init__()
        # Residual branches start small, so that depth does not blow up the stream.
        scale = 1 / math.sqrt(2 * config.layers)
        self.pre = config.norm is NormPlace.PRE
        self.first_norm = nn.LayerNorm(config.width)
        self.attention = Attention(config, generator, scale)
        self.second_norm = nn.LayerNorm(config.width)
        self.feed_forward = FeedForward(config, generator, scale)

    def forward(self, x: Tensor) -> Tensor:
        """(B, n, d) -> (B, n, d)."""
        if self.pre:
            x = x + self.attention(self.first_norm(x))
            return x + self.feed_forward(self.second_norm(x))
        x = self.first_norm(x + self.attention(x))
        return self.second_norm(x + self.feed_forward(x))


def sinusoids(length: int, width: int, like: Tensor) -> Tensor:
    """Sinusoidal positions (Vaswani et al. 2017, Sec. 3.5), (length, width), in dtype and device of `like`."""
    rates = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(10_000.0) / width))
    angles = torch.arange(length, dtype=torch.float64).unsqueeze(-1) * rates
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2).to(like)
