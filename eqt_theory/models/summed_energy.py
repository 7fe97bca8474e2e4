"""The model's energy as a sum of the energies of `energies/`: slower than `HeadEnergy`, and the reference for it."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from eqt_theory.energies.base import Energy, WeightedSum
from eqt_theory.energies.latent.confidence import Confidence
from eqt_theory.energies.latent.heads import LinearHead
from eqt_theory.energies.latent.masked import MaskedPrediction
from eqt_theory.energies.latent.predictive import PredictiveError
from eqt_theory.energies.latent.reverse import ReversePrediction
from eqt_theory.models.config import HeadKind, ModelConfig
from eqt_theory.models.heads import RefinementHeads, windows


class Scaled(Energy):
    """`weight * energy(h)` with a weight of its own for each state.

    Args:
        energy: any energy.
        weight: shape (...), not negative.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"weight": 0}

    def __init__(self, energy: Energy, weight: Tensor) -> None:
        self.energy = energy
        self.weight: Tensor = weight
        self.dim = energy.dim

    def value(self, h: Tensor) -> Tensor:
        return self.weight * self.energy.value(h)

    def gradient(self, h: Tensor) -> Tensor:
        return self.weight.unsqueeze(-1) * self.energy.gradient(h)


class ReadNorm(nn.Module):
    """LayerNorm on the parameters of another, written out so that its derivatives nest under `torch.func`.

    Args:
        norm: the LayerNorm; None passes the state on as it is.
    """

    def __init__(self, norm: nn.LayerNorm | None) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, h: Tensor) -> Tensor:
        """(..., d) -> (..., d)."""
        if self.norm is None:
            return h
        centred = h - h.mean(-1, keepdim=True)
        scaled = centred * (centred.square().mean(-1, keepdim=True) + self.norm.eps).rsqrt()
        return scaled * self.norm.weight + self.norm.bias


class _Window(nn.Module):
    """The reverse head in the form of `ReversePrediction`, which offers tokens too."""

    def __init__(self, read: ReadNorm, heads: RefinementHeads) -> None:
        super().__init__()
        self.read, self.heads = read, heads

    def forward(self, h: Tensor, tokens: Tensor) -> Tensor:
        return self.heads.reverse(self.read(h))


class _Own(nn.Module):
    """The mask head in the form of `MaskedPrediction`, for a sequence of one token."""

    def __init__(self, read: ReadNorm, heads: RefinementHeads) -> None:
        super().__init__()
        self.read, self.heads = read, heads

    def forward(self, h: Tensor, tokens: Tensor, visible: Tensor) -> Tensor:
        return self.heads.mask(self.read(h)).unsqueeze(-2)


def library_energy(
    config: ModelConfig,
    heads: RefinementHeads,
    norm: nn.LayerNorm | None,
    output: nn.Linear,
    tokens: Tensor,
    counted: Tensor | None = None,
) -> WeightedSum:
    """The sum that `HeadEnergy` computes in one pass; the arguments are the same.

    Where the heads are linear and read the state itself, the reverse and mask terms have closed forms and declare
    their curvature.

    Args:
        config: of the model.
        heads: the reverse and mask heads.
        norm: the LayerNorm that the heads read through, or None.
        output: the prediction head.
        tokens: integers, shape (B, n).
        counted: weights of the mask term, shape (B, n), or None.

    Returns:
        The weighted sum of reverse, mask, confidence and predictive terms, in that order.
    """
    read = ReadNorm(norm)
    behind, counts = windows(tokens, config.window)
    closed = config.head_kind is HeadKind.LINEAR and norm is None
    if closed:
        out = heads.reverse_out
        slots = (config.window, config.vocabulary)
        reverse_head: nn.Module = LinearHead(out.weight.unflatten(0, slots), out.bias.unflatten(0, slots))
        mask_head: nn.Module = heads.mask_out
    else:
        reverse_head, mask_head = _Window(read, heads), _Own(read, heads)
    reverse = ReversePrediction(reverse_head, behind, config.window, counts)
    own = tokens.unsqueeze(-1)
    masked: Energy = MaskedPrediction(mask_head, own, torch.ones_like(own, dtype=torch.bool))
    weight = config.weight_mask
    if counted is None:
        weight *= config.mask_fraction
    else:
        masked = Scaled(masked, counted.to(output.weight.dtype))
    predict: nn.Module = output if norm is None else nn.Sequential(read, output)
    return WeightedSum(
        [
            (config.weight_reverse, reverse),
            (weight, masked),
            (config.weight_confidence, Confidence(predict)),
            (config.weight_predictive, PredictiveError(predict)),
        ]
    )
