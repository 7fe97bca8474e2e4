"""The episodic memory terms of the paper: log-sum-exp of cosines, and their plain sum."""

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor

from eqt_theory.core.annotated import Share, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import positive_number
from eqt_theory.energies.latent.direction import DirectionEnergy, positive_radius
from eqt_theory.energies.linear import exact

if TYPE_CHECKING:
    import sympy


@checked
class EpisodicMemory(DirectionEnergy):
    """`-log sum_i r_i exp(cos(h, z_i)/tau)`, r_i in {0, 1} the relevance of memory i (Eq. 15).

    It can be negative: one aligned memory alone gives -1/tau.

    Args:
        memories: z_i, shape (..., n, d), none of them 0.
        tau: temperature, positive.
        relevant: boolean, shape (..., n), at least one true; all if None.

    Raises:
        UsageError: tau is not positive, a memory is 0, none is relevant, or a shape, type or device does not fit; on
            use, where h = 0.
    """

    def __init__(self, memories: Tensor, tau: float = 1.0, relevant: Tensor | None = None) -> None:
        super().__init__(memories, relevant)
        self.tau = positive_number("tau", tau)

    def cosine_value(self, cosines: Tensor) -> Tensor:
        return -torch.logsumexp(self._scores(cosines), -1)

    def cosine_gradient(self, cosines: Tensor) -> Tensor:
        return -torch.softmax(self._scores(cosines), -1) / self.tau

    def unit_hessian(self, cosines: Tensor) -> Tensor:
        p = torch.softmax(self._scores(cosines), -1)
        mean = self._pull(p)
        second = self.units.mT @ (p.unsqueeze(-1) * self.units)
        return (mean.unsqueeze(-1) * mean.unsqueeze(-2) - second) / self.tau**2

    def curvature_outside(self, radius: float) -> tuple[float, float]:
        """Exact weak convexity and upper curvature over all memories, at all |h| >= radius, rounded outwards.

        For a unit tangent t let c and m be the means of z.u and z.t: the Hessian on span(u, t), times |h|^2, is
        `[[0, -m/tau], [-m/tau, c/tau - var(z.t)/tau^2]]` with `var(z.t) <= 1 - c^2 - m^2`. Its greatest eigenvalue is
        at most `2/(sqrt 3 tau)`, at one memory with c = 1/sqrt 3; its least is at least `-(1/tau^2 + 1/4)` for
        tau <= 2/sqrt 3, and `-2/(sqrt 3 tau)` beyond. Both are attained for d >= 3.

        Args:
            radius: positive.

        Returns:
            The pair (w, upper) with `-w I <= hess <= upper I`.
        """
        square = positive_radius(radius) ** 2
        upper = 2 / (math.sqrt(3) * self.tau * square)
        weak = (1 / self.tau**2 + 0.25) / square if self.tau <= 2 / math.sqrt(3) else upper
        return weak * (1 + 1e-14), upper * (1 + 1e-14)

    @checked
    def updated(self, h: Tensor, beta: Share = 0.3) -> Self:
        """The memory after `z_i <- beta z_i + (1 - beta) h` at `i = argmax_j h . z_j` (Eq. 16).

        The paper chooses i by the dot product although the energy compares by the cosine; so does this.

        Args:
            h: one equilibrium, shape (d,), or several, (k, d), taken one after the other.
            beta: from 0 to 1.

        Returns:
            A new energy; this one is unchanged. Its memories carry no gradient.

        Raises:
            UsageError: beta is out of range, the energy carries a batch of memories, h does not fit, or a memory
                would become zero.
        """
        if self.batch_shape:
            raise UsageError(f"updated needs one memory for all states, got batch shape {tuple(self.batch_shape)}")
        if self.checked(h).ndim > 2:
            raise UsageError(f"h must have shape (d,) or (k, d), got {tuple(h.shape)}")
        memories, beta = self.memories.detach().clone(), float(beta)
        for state in h.detach().reshape(-1, h.shape[-1]):
            i = int((memories @ state).argmax())
            memories[i] = beta * memories[i] + (1 - beta) * state
        twin = copy.copy(self)
        DirectionEnergy.__init__(twin, memories, self.relevant)
        return twin

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        cosines = _symbolic_cosines(self, h)
        return -sympy.log(sympy.Add(*(sympy.exp(c / sympy.Rational(self.tau)) for c in cosines)))

    def _scores(self, cosines: Tensor) -> Tensor:
        return (cosines / self.tau).masked_fill(~self.relevant, -torch.inf)


@checked
class CosineMemory(DirectionEnergy):
    """`-sum_i r_i cos(h, z_i)`, the memory of the paper's first energy (Eq. 4).

    Args:
        memories: z_i, shape (..., n, d), none of them 0.
        relevant: boolean, shape (..., n), at least one true; all if None.
    """

    def cosine_value(self, cosines: Tensor) -> Tensor:
        return -(cosines * self.relevant).sum(-1)

    def cosine_gradient(self, cosines: Tensor) -> Tensor:
        return -self.relevant.to(cosines.dtype).expand(cosines.shape)

    def unit_hessian(self, cosines: Tensor) -> None:
        return None

    def curvature_outside(self, radius: float) -> tuple[float, float]:
        """Weak convexity and upper curvature, both `2 |s|/(sqrt 3 r^2)` with s the sum of the relevant directions."""
        square = positive_radius(radius) ** 2
        sums = (self.units * self.relevant.unsqueeze(-1)).detach().double().sum(-2).norm(dim=-1)
        bound = 2 * float(sums.max()) / (math.sqrt(3) * square) * (1 + 1e-14)
        # The directions are rounded, and their sum with them.
        bound += 4 * self.units.shape[-2] * torch.finfo(self.units.dtype).eps / square
        return bound, bound

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        return -sympy.Add(*_symbolic_cosines(self, h))


def _symbolic_cosines(energy: DirectionEnergy, h: "Sequence[sympy.Symbol]") -> list[Any]:
    """Cosines with the relevant memories, exact in the memories as given."""
    import sympy

    length = sympy.sqrt(sympy.Add(*(x**2 for x in h)))
    rows = [row for row, used in zip(exact(energy.memories), energy.relevant.tolist(), strict=True) if used]
    return [
        sympy.Add(*(a * x for a, x in zip(row, h, strict=True))) / (sympy.sqrt(sum(a**2 for a in row)) * length)
        for row in rows
    ]
