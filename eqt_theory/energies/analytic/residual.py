"""Residual energies `|h - g(h)|^2`: fixed points, denoisers, and bidirectional consistency."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Count, Weight, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import float_tensor, holds_everywhere
from eqt_theory.energies.base import Energy

Map = Callable[[Tensor], Tensor]


@checked
class FixedPointResidual(Energy):
    """`|h - fn(h)|^2`, zero exactly at the fixed points of fn: a deep equilibrium model as an energy (Prop. 9.2).

    Its other stationary points, where `(I - J)^T (h - fn(h)) = 0`, are no fixed points.

    Args:
        fn: maps (d,) -> (d,), or a module (..., d) -> (..., d).
        dim: the state dimension, if it is fixed.

    Raises:
        UsageError: fn cannot be called, or (on use) does not keep the shape of the state.
    """

    def __init__(self, fn: Map, dim: Count | None = None) -> None:
        self.fn = checked_map("fn", fn)
        self.dim = dim

    def value(self, h: Tensor) -> Tensor:
        return (self.checked(h) - apply_map("fn", self.fn, h)).square().sum(-1)


@checked
class DenoiserResidual(Energy):
    """`|h - denoiser(h + sigma noise)|^2` for one fixed draw of the noise (Prop. 9.3).

    Args:
        denoiser: maps (d,) -> (d,), or a module (..., d) -> (..., d).
        noise: epsilon, shape (..., d): one for all states or one per state.
        sigma: not negative.

    Raises:
        UsageError: the denoiser cannot be called, the noise is not a finite float tensor, or sigma is out of range.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"noise": 1}

    def __init__(self, denoiser: Map, noise: Tensor, sigma: Weight) -> None:
        self.denoiser = checked_map("denoiser", denoiser)
        self.noise = float_tensor("noise", noise)
        if self.noise.ndim < 1 or not holds_everywhere(torch.isfinite(self.noise)):
            raise UsageError(f"noise must be finite and have shape (..., d), got shape {tuple(self.noise.shape)}")
        self.sigma = float(sigma)
        self.dim = self.noise.shape[-1]

    def value(self, h: Tensor) -> Tensor:
        noisy = self.checked(h) + self.sigma * self.noise
        return (h - apply_map("denoiser", self.denoiser, noisy)).square().sum(-1)


@checked
class Consistency(Energy):
    """`|h - inverse(forward(h))|^2`, the bidirectional consistency of the paper's first energy (Eq. 4).

    Args:
        forward: the model's map from a state to its output, (d,) -> (e,), or a module (..., d) -> (..., e).
        inverse: the learned inverse model, (e,) -> (d,), or a module (..., e) -> (..., d).
        dim: the state dimension, if it is fixed.

    Raises:
        UsageError: a map cannot be called, or (on use) the two do not lead back to the shape of the state.
    """

    def __init__(self, forward: Map, inverse: Map, dim: Count | None = None) -> None:
        self.forward = checked_map("forward", forward)
        self.inverse = checked_map("inverse", inverse)
        self.dim = dim

    def value(self, h: Tensor) -> Tensor:
        there = apply_map("forward", self.forward, self.checked(h), keep=False)
        back = apply_map("inverse", self.inverse, there, keep=False)
        if back.shape != h.shape:
            raise UsageError(f"inverse must return to the shape of h, {tuple(h.shape)}, got {tuple(back.shape)}")
        return (h - back).square().sum(-1)


def checked_map(name: str, fn: Map) -> Map:
    """The map, if it can be called."""
    if not callable(fn):
        raise UsageError(f"{name} must be a function or a module, got {type(fn).__name__}")
    return fn


def apply_map(name: str, fn: Map, h: Tensor, keep: bool = True) -> Tensor:
    """The map on each state; a module is given the whole batch, a plain function one state at a time.

    Args:
        name: of the map, for the error.
        fn: the map.
        h: shape (..., d).
        keep: whether the result must have the shape of h.

    Returns:
        The result, shape (..., e).

    Raises:
        UsageError: the result has a wrong shape.
    """
    if isinstance(fn, nn.Module) or h.ndim == 1:
        result = fn(h)
    elif h.shape[:-1].numel() == 0:
        return h
    else:
        flat = torch.func.vmap(fn)(h.reshape(-1, h.shape[-1]))
        result = flat.reshape(*h.shape[:-1], *flat.shape[1:])
    if keep and result.shape != h.shape:
        raise UsageError(f"{name} must keep the shape of the state, {tuple(h.shape)}, got {tuple(result.shape)}")
    return result
