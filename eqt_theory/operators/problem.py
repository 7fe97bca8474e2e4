"""What problems that are given by maps have in common: states, batches, and no energy."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NoReturn, Self

import torch
from torch import Tensor

from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import broadcast_batch, float_tensor, same_place
from eqt_theory.energies.norm import norm
from eqt_theory.energies.regions import inside

_OF_ENERGIES = (
    "M", "curvature", "energy", "gamma", "gradient", "gradient_terms", "hessian", "hessian_vector", "m", "proposal",
    "state_M", "state_m", "symbolic", "value", "value_and_gradient",
)  # fmt: skip


class NoEnergy(UsageError, AttributeError):
    """Something of an energy was asked of a problem that has none."""


class MapProblem(ABC):
    """A problem whose solution is where a residual vanishes, and which need not be the gradient of anything.

    Attributes:
        dim: the state dimension, or None where any is accepted.
        domain: where the problem is defined, or None for everywhere.
    """

    dim: int | None
    domain: Domain | None

    @abstractmethod
    def residual(self, h: Tensor) -> Tensor:
        """What is zero at the solution and nowhere else, (..., d) -> (..., d)."""

    @abstractmethod
    def residual_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The size of the terms that a computed residual is made of, (..., d) -> (...), positive."""

    @abstractmethod
    def error_bound(self, h: Tensor) -> Tensor | None:
        """An upper bound on |h - h*|, shape (...), infinite where none can be given; None where nothing is declared."""

    @abstractmethod
    def reference(self) -> Tensor | None:
        """A tensor whose dtype and device states must have; None where none is visible."""

    @property
    def batch_shape(self) -> torch.Size:
        """The batch dimensions of what belongs to each state; empty where all states share the same maps."""
        return torch.Size()

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """The same problem for a batch of that shape."""
        return self

    def select(self, index: "Tensor | int") -> Self:
        """The problem of some states of the flattened batch only; of one, no batch, where index is one position."""
        return self

    def state_bytes(self) -> int:
        """Bytes of what belongs to one state alone."""
        return 0

    @property
    def initial(self) -> Tensor:
        """Where a run starts unless told: the origin.

        Raises:
            UsageError: the dimension is not known.
        """
        if self.dim is None:
            raise UsageError(f"start must be given, as this {type(self).__name__} has no dim")
        reference = self.reference()
        like = torch.empty(0, dtype=torch.float64) if reference is None else reference.detach()
        return torch.zeros(*self.batch_shape, self.dim, dtype=like.dtype, device=like.device)

    def defined(self, h: Tensor) -> Tensor:
        """Where the residual is finite, bool, (..., d) -> (...)."""
        return torch.isfinite(self.residual(h)).all(-1)

    def within(self, h: Tensor) -> Tensor:
        """Which states lie where the problem is defined: bool, (..., d) -> (...)."""
        return torch.ones_like(h[..., 0], dtype=torch.bool) if self.domain is None else inside(self.domain, h)

    def checked(self, h: Tensor, name: str = "h") -> Tensor:
        """The states, if the maps can take them.

        Args:
            h: states, shape (..., d).
            name: what the error calls them.

        Returns:
            h itself.

        Raises:
            UsageError: no floating-point tensor, a wrong dimension, dtype, device or batch.
        """
        if not isinstance(h, Tensor) or h.ndim == 0:
            raise UsageError(f"{name} must be a tensor of shape (..., d), got {type(h).__name__}")
        float_tensor(name, h)
        if self.dim is not None and h.shape[-1] != self.dim:
            raise UsageError(f"{name} must have last dimension {self.dim}, got shape {tuple(h.shape)}")
        reference = self.reference()
        if reference is not None:
            same_place(name, h, f"the parameters of the {type(self).__name__}", reference)
        own, batch = self.batch_shape, h.shape[:-1]
        if own and (len(own) > len(batch) or broadcast_batch({name: batch, "problem": own}) != batch):
            raise UsageError(f"{name} must carry the batch dimensions {tuple(own)} first, got shape {tuple(h.shape)}")
        return h

    def __getattr__(self, name: str) -> NoReturn:
        if name in _OF_ENERGIES:
            kind = type(self).__name__
            raise NoEnergy(f"a {kind} has no {name}: it need not be the gradient of an energy; it has residual(h)")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def sizes(*parts: Tensor) -> Tensor:
    """The norm of the sum of absolute values, (..., d) -> (...), never zero."""
    total: Any = sum(part.abs() for part in parts)
    return norm(total + torch.finfo(total.dtype).tiny)
