"""FixedPoint: the problem `h = T(h)` for a user's own map."""

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import Count, checked
from eqt_theory.core.errors import UsageError


@checked
@final
class FixedPoint:
    """The problem `h = T(h)`: a DEQ layer, a denoiser's step, a splitting step, any map of R^d into itself.

    The map may take one state (d,) -> (d,) or a batch (..., d) -> (..., d). It is called on single states, so that it
    cannot mix them.

    Args:
        T: the map, or a module.
        dim: the state dimension, if it is fixed.

    Raises:
        UsageError: T is not callable, or (on use) does not return a state of the shape that it was given.
    """

    def __init__(self, T: Callable[[Tensor], Tensor], dim: Count | None = None) -> None:  # noqa: N803
        if not callable(T):
            raise UsageError(f"T must be callable, (d,) -> (d,), got {type(T).__name__}")
        self.T = T
        self.dim = dim

    def reference(self) -> Tensor | None:
        """A parameter of the map, whose dtype and device states must have; None where none is visible."""
        return next(self.T.parameters(), None) if isinstance(self.T, nn.Module) else None

    def __call__(self, h: Tensor) -> Tensor:
        """T(h), state by state.

        Args:
            h: states, shape (..., d).

        Returns:
            Their images, shape (..., d).

        Raises:
            UsageError: the map raised, or returned something else than a state.
        """
        if not isinstance(h, Tensor) or h.ndim == 0:
            raise UsageError(f"h must be a tensor of shape (..., d), got {type(h).__name__}")
        if self.dim is not None and h.shape[-1] != self.dim:
            raise UsageError(f"h must have last dimension {self.dim}, got shape {tuple(h.shape)}")
        if h.ndim == 1:
            return self.image(h)
        rows = [self.image(row) for row in h.reshape(-1, h.shape[-1])]
        return torch.stack(rows).reshape(h.shape) if rows else h.clone()

    def residual(self, h: Tensor) -> Tensor:
        """`h - T(h)`, zero at the solution and nowhere else; shape (..., d)."""
        return h - self(h)

    def image(self, h: Tensor) -> Tensor:
        """T of one state, shape (d,); what the map raises becomes one UsageError that names it.

        Args:
            h: a state, shape (d,).

        Returns:
            Its image, shape (d,).

        Raises:
            UsageError: the map raised, or returned something else than a state.
        """
        try:
            found = self.T(h)
        except UsageError:
            raise
        except Exception as error:  # whatever somebody's map raises
            raise UsageError(f"T, {self._name()}, raised {type(error).__name__}: {error}") from error
        if not isinstance(found, Tensor) or found.shape != h.shape:
            got = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
            raise UsageError(f"T, {self._name()}, must return a state of shape {tuple(h.shape)}, got {got}")
        return found

    def _name(self) -> str:
        return getattr(self.T, "__name__", type(self.T).__name__)
