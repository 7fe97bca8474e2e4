"""Heads: maps from a state to logits. A linear head allows closed forms; any module or function will do."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.core.annotated import Count, Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.memory import refuse_beyond_memory
from eqt_theory.energies.arguments import FloatType, float_tensor, last_sizes, same_place


@checked
class LinearHead(nn.Module):
    """The logits `weight h + bias`: one row for each of V classes, or V rows for each of n positions.

    The tensors are held as they are given, so a head made from a model's parameters trains with the model.

    Args:
        weight: shape (V, d), or (n, V, d) with a matrix for each position.
        bias: shape (V,) or (n, V); zero if None.

    Raises:
        UsageError: a shape, dtype or device does not fit.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        super().__init__()
        weight = last_sizes("weight", float_tensor("weight", weight), [None, None])
        if weight.ndim > 3 or 0 in weight.shape:
            raise UsageError(f"weight must have shape (V, d) or (n, V, d), none of them 0, got {tuple(weight.shape)}")
        if bias is not None:
            bias = float_tensor("bias", bias)
            if bias.shape != weight.shape[:-1]:
                raise UsageError(f"bias must have shape {tuple(weight.shape[:-1])}, got {tuple(bias.shape)}")
            same_place("bias", bias, "weight", weight)
        self._hold("weight", weight)
        self._hold("bias", bias)

    def _hold(self, name: str, tensor: Tensor | None) -> None:
        if isinstance(tensor, nn.Parameter):
            self.register_parameter(name, tensor)
        else:
            self.register_buffer(name, tensor)

    @property
    def rows(self) -> Tensor:
        """All rows of the weight, shape (V, d) or (n V, d)."""
        return self.weight.reshape(-1, self.weight.shape[-1])

    def forward(self, h: Tensor) -> Tensor:
        """Logits, (..., d) -> (..., V) or (..., n, V)."""
        logits = h @ self.rows.mT
        if self.weight.ndim == 3:
            logits = logits.unflatten(-1, self.weight.shape[:2])
        return logits if self.bias is None else logits + self.bias


@checked
class MLPHead(nn.Module):
    """The logits `B gelu(A h + a) + b`, a two-layer head.

    Args:
        dim: d.
        width: hidden width.
        classes: V.
        seed: of the weights, normal with variance 1/fan-in; biases start at 0.
        dtype: precision.
    """

    def __init__(self, dim: Count, width: Count, classes: Count, seed: Seed, dtype: FloatType = torch.float64) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.first = seeded_linear(dim, width, generator, dtype)
        self.second = seeded_linear(width, classes, generator, dtype)

    def forward(self, h: Tensor) -> Tensor:
        """Logits, (..., d) -> (..., V)."""
        return self.second(functional.gelu(self.first(h)))


def seeded_linear(inputs: int, outputs: int, generator: torch.Generator, dtype: torch.dtype) -> nn.Linear:
    """A linear layer with normal weights of variance 1/inputs and zero bias, drawn from the generator."""
    refuse_beyond_memory("a layer", inputs, outputs)
    # A Linear made the usual way would draw from the global generator first.
    layer = nn.Linear(inputs, outputs, device="meta", dtype=dtype).to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.randn(outputs, inputs, generator=generator, dtype=torch.float64) / inputs**0.5)
        layer.bias.zero_()
    return layer


Head = Callable[[Tensor], Tensor]


def as_head(head: Head) -> Head:
    """The head, with `nn.Linear` turned into a `LinearHead` on the same parameters.

    Args:
        head: a LinearHead, a module or a function.

    Returns:
        The head.

    Raises:
        UsageError: it cannot be called.
    """
    if isinstance(head, nn.Linear):
        return LinearHead(head.weight, head.bias)
    if not callable(head):
        raise UsageError(f"head must be a LinearHead, a module or a function, got {type(head).__name__}")
    return head


def logits_of(head: Head, h: Tensor) -> Tensor:
    """Logits, (..., d) -> (..., V). A module is given the whole batch, a plain function one state at a time.

    Args:
        head: the head.
        h: states, shape (..., d).

    Returns:
        The logits.

    Raises:
        UsageError: the head does not return one vector of logits per state.
    """
    batch = h.shape[:-1]
    if isinstance(head, nn.Module) or not batch:
        logits = head(h)
    else:
        flat = torch.func.vmap(head)(h.reshape(-1, h.shape[-1]))
        logits = flat.reshape(*batch, *flat.shape[1:])
    if logits.shape[:-1] != batch or logits.ndim != h.ndim:
        raise UsageError(
            f"head must return logits of shape (..., V) for h of shape (..., d), "
            f"got {tuple(logits.shape)} for {tuple(h.shape)}"
        )
    return logits
