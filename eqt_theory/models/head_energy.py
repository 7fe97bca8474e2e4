"""HeadEnergy: the reverse, mask, confidence and predictive terms in one pass, with their gradient in closed form."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.energies.base import Energy
from eqt_theory.energies.latent.argmax_energy import indicator, picked
from eqt_theory.energies.latent.confidence import Confidence
from eqt_theory.models.config import HeadKind, ModelConfig
from eqt_theory.models.heads import RefinementHeads, windows

_SMALL = 1e-5
_CONFIDENCE = Confidence(nn.Identity())
"""For its formulas in the logits."""


class HeadEnergy(Energy):
    """The weighted sum of the terms that a head reads from the state, (Eq. 11) without the memory.

    The same function as the sum of the library's energies (`energies.ReversePrediction` and so on); the rows of all
    heads are stacked, so that one product gives every first layer and one product the whole gradient. LayerNorm's
    scale and shift are folded into the rows. With two classes only the difference of the logits is formed.

    Args:
        config: weights, window, kind of heads, normalisation.
        heads: the reverse and mask heads.
        norm: the LayerNorm that the heads read through; None where they read the state.
        output: the prediction head.
        tokens: integers, shape (B, n); the states are (B, n, d).
        counted: how much each position's mask term counts, shape (B, n); None is `mask_fraction` everywhere.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"targets": 1, "shares": 1, "own": 0, "counted": 0}

    def __init__(
        self,
        config: ModelConfig,
        heads: RefinementHeads,
        norm: nn.LayerNorm | None,
        output: nn.Linear,
        tokens: Tensor,
        counted: Tensor | None = None,
    ) -> None:
        self.dim = config.width
        self.normalised = norm is not None
        self.layered = config.head_kind is HeadKind.MLP
        self.binary, self.two_classes = config.vocabulary == 2, config.classes == 2
        self.slots = (config.window, config.vocabulary)
        self.reverse, self.mask = config.weight_reverse, config.weight_mask
        self.confidence, self.predictive = config.weight_confidence, config.weight_predictive
        places = output.weight.new_empty(0)
        stacked: list[tuple[Tensor, Tensor]] = []
        self.second: tuple[Tensor, ...] = ()
        reverse_out = _pairs(heads.reverse_out, config.window, self.binary)
        mask_out = _pairs(heads.mask_out, 1, self.binary)
        if self.reverse > 0:
            stacked.append((heads.reverse_first.weight, heads.reverse_first.bias) if self.layered else reverse_out)
            self.second += reverse_out if self.layered else ()
        if self.mask > 0:
            stacked.append((heads.mask_first.weight, heads.mask_first.bias) if self.layered else mask_out)
            self.second += mask_out if self.layered else ()
        if self.confidence > 0 or self.predictive > 0:
            stacked.append(_pairs(output, 1, self.two_classes))
        self.sizes = [len(weight) for weight, _ in stacked]
        rows = torch.cat([weight for weight, _ in stacked]) if stacked else places.reshape(0, self.dim)
        offset = torch.cat([bias for _, bias in stacked]) if stacked else places
        if norm is not None:
            rows, offset = rows * norm.weight, offset + rows @ norm.bias
        self.rows: Tensor = rows
        self.offset: Tensor = offset
        kept = tokens.to(rows.dtype) if self.binary else tokens
        behind, counts = windows(kept, config.window)
        exists = torch.arange(config.window, device=tokens.device) < counts.unsqueeze(-1)
        self.shares: Tensor = exists.to(rows.dtype) / counts.unsqueeze(-1).to(rows.dtype)
        self.targets: Tensor = behind
        self.own: Tensor = kept
        self.counted: Tensor = tokens.new_full(tokens.shape, config.mask_fraction, dtype=rows.dtype)
        if counted is not None:
            self.counted = counted.to(rows.dtype)

    def part(self, sequences: slice) -> "HeadEnergy":
        """The energy of some sequences of the batch, without copying."""
        twin = object.__new__(HeadEnergy)
        vars(twin).update(vars(self))
        twin.targets, twin.own, twin.counted = (x[sequences] for x in (self.targets, self.own, self.counted))
        return twin

    def value(self, h: Tensor) -> Tensor:
        terms = self.terms(h)
        return sum(terms.values(), start=h.new_zeros(h.shape[:-1]))

    def terms(self, h: Tensor) -> dict[str, Tensor]:
        """Each weighted term by name, shape (...); terms of weight 0 are left out."""
        z = functional.linear(self._read(self.checked(h))[0], self.rows, self.offset).split(self.sizes, -1)
        found, at, second = {}, 0, self.second
        if self.reverse > 0:
            s, at, second = self._second(z[at], second), at + 1, second[2:]
            loss = self._surprise(s, self.targets, self.slots)
            found["reverse"] = self.reverse * (self.shares * loss).sum(-1)
        if self.mask > 0:
            s, at, second = self._second(z[at], second), at + 1, second[2:]
            loss = self._surprise(s, self.own.unsqueeze(-1), (1, self.slots[1])).squeeze(-1)
            found["mask"] = self.mask * self.counted * loss
        if at < len(z):
            log_p = _log_probabilities(z[at], self.two_classes)
            chosen = log_p.detach().argmax(-1)
            if self.confidence > 0:
                found["confidence"] = self.confidence * _CONFIDENCE.logit_value(log_p, chosen)
            if self.predictive > 0:
                found["predictive"] = -self.predictive * picked(log_p, chosen)
        return found

    def gradient(self, h: Tensor) -> Tensor:
        if not self.sizes:
            return torch.zeros_like(h)
        x, mean, scale = self._read(h)
        z = functional.linear(x, self.rows, self.offset).split(self.sizes, -1)
        slopes, at, second = [], 0, self.second
        if self.reverse > 0:
            shares = self.reverse * self.shares
            slopes.append(self._slope(z[at], second, self.targets, shares, self.slots))
            at, second = at + 1, second[2:]
        if self.mask > 0:
            share = (self.mask * self.counted).unsqueeze(-1)
            slopes.append(self._slope(z[at], second, self.own.unsqueeze(-1), share, (1, self.slots[1])))
            at += 1
        if at < len(z):
            slopes.append(self._output_slope(z[at]))
        pulled = (torch.cat(slopes, -1) if len(slopes) > 1 else slopes[0]) @ self.rows
        if mean is None or scale is None:
            return pulled
        if torch.is_grad_enabled():
            along = (pulled * x).mean(-1, keepdim=True)
            return scale * (pulled - pulled.mean(-1, keepdim=True) - x * along)
        mask = [True, False, False]
        return torch.ops.aten.native_layer_norm_backward(pulled, h, [self.dim], mean, scale, None, None, mask)[0]

    def _read(self, h: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """What the heads read, and the mean and inverse deviation that LayerNorm took out."""
        if not self.normalised:
            return h, None, None
        if not torch.is_grad_enabled():
            return torch.ops.aten.native_layer_norm(h, [self.dim], None, None, _SMALL)
        # Written out: second derivatives of the built-in one do not nest under `torch.func.vmap`.
        mean = h.mean(-1, keepdim=True)
        centred = h - mean
        scale = (centred.square().mean(-1, keepdim=True) + _SMALL).rsqrt()
        return centred * scale, mean, scale

    def _second(self, z: Tensor, layer: tuple[Tensor, ...]) -> Tensor:
        return functional.linear(functional.gelu(z), layer[0], layer[1]) if self.layered else z

    def _surprise(self, s: Tensor, targets: Tensor, slots: tuple[int, int]) -> Tensor:
        """`-log q(target)` of every slot, (..., W)."""
        if self.binary:
            return functional.softplus((1 - 2 * targets) * s)
        log_p = torch.log_softmax(s.unflatten(-1, slots), -1)
        return -picked(log_p, targets.expand(log_p.shape[:-1]))

    def _slope(
        self, z: Tensor, layer: tuple[Tensor, ...], targets: Tensor, shares: Tensor, slots: tuple[int, int]
    ) -> Tensor:
        """Derivative of `shares * surprise` in the stacked rows' products z."""
        s = self._second(z, layer)
        if self.binary:
            residual = (torch.sigmoid(s) - targets) * shares
        else:
            log_p = torch.log_softmax(s.unflatten(-1, slots), -1)
            residual = ((log_p.exp() - indicator(log_p, targets)) * shares.unsqueeze(-1)).flatten(-2)
        if not self.layered:
            return residual
        return torch.ops.aten.gelu_backward(residual @ layer[0], z)

    def _output_slope(self, z: Tensor) -> Tensor:
        """Derivative of the confidence and predictive terms in the prediction's logits."""
        both = self.confidence + self.predictive
        if self.two_classes:
            # s the difference of the logits, p = sigmoid(s): H' = -p (1 - p) s, and the surprise at the argmax.
            p = torch.sigmoid(z)
            return both * torch.where(z > 0, p - 1, p) - self.confidence * p * (1 - p) * z
        log_p = torch.log_softmax(z, -1)
        chosen = log_p.detach().argmax(-1)
        slope = self.confidence * _CONFIDENCE.logit_gradient(log_p, chosen)
        return slope + self.predictive * (log_p.exp() - indicator(log_p, chosen))


def _pairs(layer: nn.Linear, slots: int, binary: bool) -> tuple[Tensor, Tensor]:
    """A head's weight and bias; with two classes, those of the difference between the second and the first logit."""
    if not binary:
        return layer.weight, layer.bias
    weight, bias = layer.weight.unflatten(0, (slots, 2)), layer.bias.unflatten(0, (slots, 2))
    return weight[:, 1] - weight[:, 0], bias[:, 1] - bias[:, 0]


def _log_probabilities(z: Tensor, two_classes: bool) -> Tensor:
    """Log-probabilities, (..., C), from logits or from the difference of two."""
    if two_classes:
        return torch.cat([functional.logsigmoid(-z), functional.logsigmoid(z)], -1)
    return torch.log_softmax(z, -1)
