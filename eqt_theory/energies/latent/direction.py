"""DirectionEnergy: energies of the direction h/|h| of the state, for the memory terms."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import broadcast_batch, holds_everywhere
from eqt_theory.energies.base import Energy
from eqt_theory.energies.linear import matvec, nonempty_rows


class DirectionEnergy(Energy):
    """`F(h/|h|; memories)`, undefined at h = 0, with `h . grad = 0` and `h^T hess h = 0` everywhere.

    With u = h/|h|, P = I - u u^T and g = grad F(u), the gradient is `P g/|h|` and the Hessian
    `(P F'' P - (u.g) P - u (P g)^T - (P g) u^T)/|h|^2`. Both blow up at 0, so there is no curvature on the whole space.

    Args:
        memories: z_i, shape (..., n, d), none of them 0.
        relevant: boolean, shape (..., n), at least one true; all if None.

    Raises:
        UsageError: a memory is 0, none is relevant, or a shape, type or device does not fit; on use, where h = 0.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"memories": 2, "units": 2, "relevant": 1}

    def __init__(self, memories: Tensor, relevant: Tensor | None = None) -> None:
        self.memories: Tensor = nonempty_rows("memories", memories)
        n, self.dim = self.memories.shape[-2:]
        lengths = self.memories.norm(dim=-1, keepdim=True)
        if not holds_everywhere((lengths > 0) & torch.isfinite(lengths)):
            bad = int((~((lengths > 0) & torch.isfinite(lengths))).sum())
            raise UsageError(f"memories must be finite and not zero, got {bad} zero or non-finite vectors of {n}")
        self.units: Tensor = self.memories / lengths
        if relevant is None:
            relevant = torch.ones(n, dtype=torch.bool, device=self.memories.device)
        if not isinstance(relevant, Tensor) or relevant.dtype != torch.bool:
            kind = relevant.dtype if isinstance(relevant, Tensor) else type(relevant).__name__
            raise UsageError(f"relevant must be a boolean tensor of shape (..., n), got {kind}")
        if relevant.ndim < 1 or relevant.shape[-1] != n:
            raise UsageError(f"relevant must have shape (..., {n}), got {tuple(relevant.shape)}")
        broadcast_batch({"memories": self.memories.shape[:-2], "relevant": relevant.shape[:-1]})
        if not holds_everywhere(relevant.any(-1)):
            raise UsageError("relevant must hold for at least one memory, for every state, got none")
        self.relevant: Tensor = relevant.to(self.memories.device)

    def require_parameters(self) -> None:
        # The directions are kept; a memory edited in place would leave them behind.
        away = self.memories / self.memories.norm(dim=-1, keepdim=True) - self.units
        if not holds_everywhere(away.abs() <= 4 * torch.finfo(away.dtype).eps) or not holds_everywhere(
            self.relevant.any(-1)
        ):
            raise UsageError("memories, units or relevant were edited after the energy was made; make a new one")

    @abstractmethod
    def cosine_value(self, cosines: Tensor) -> Tensor:
        """F from the cosines with the memories, (..., n) -> (...)."""

    @abstractmethod
    def cosine_gradient(self, cosines: Tensor) -> Tensor:
        """Its gradient in the cosines, (..., n)."""

    @abstractmethod
    def unit_hessian(self, cosines: Tensor) -> Tensor | None:
        """The Hessian F'' in u, (..., d, d), or None where it is zero."""

    @abstractmethod
    def curvature_outside(self, radius: float) -> tuple[float, float]:
        """Weak convexity w and upper curvature at all |h| >= radius: `-w I <= hess <= upper I`, rounded outwards."""

    def value(self, h: Tensor) -> Tensor:
        return self.cosine_value(self._cosines(self._unit(h)[0]))

    def gradient(self, h: Tensor) -> Tensor:
        u, length = self._unit(h)
        g = self._pull(self.cosine_gradient(self._cosines(u)))
        return (g - (u * g).sum(-1, keepdim=True) * u) / length

    def hessian(self, h: Tensor) -> Tensor:
        u, length = self._unit(h)
        cosines = self._cosines(u)
        g = self._pull(self.cosine_gradient(cosines))
        along = (u * g).sum(-1, keepdim=True)
        across = u.unsqueeze(-1) * (g - along * u).unsqueeze(-2)
        P = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device) - u.unsqueeze(-1) * u.unsqueeze(-2)
        total = -along.unsqueeze(-1) * P - across - across.mT
        second = self.unit_hessian(cosines)
        if second is not None:
            total = total + P @ second @ P
        return total / length.square().unsqueeze(-1)

    def _unit(self, h: Tensor) -> tuple[Tensor, Tensor]:
        length = self.checked(h).norm(dim=-1, keepdim=True)
        # A nan is left to flow: it is the solver's to report, state by state.
        if not holds_everywhere(length != 0):
            raise UsageError(
                f"h must not be zero in {type(self).__name__}: the cosine with a memory is undefined there"
            )
        return h / length, length

    def _cosines(self, u: Tensor) -> Tensor:
        return matvec(self.units, u)

    def _pull(self, weights: Tensor) -> Tensor:
        return matvec(self.units.mT, weights)


def positive_radius(radius: float) -> float:
    """The radius, if it is positive and finite.

    Args:
        radius: of the ball left out.

    Returns:
        The radius.

    Raises:
        UsageError: it is not.
    """
    if not (math.isfinite(radius) and radius > 0):
        raise UsageError(f"radius must be positive and finite, got {radius!r}")
    return float(radius)
