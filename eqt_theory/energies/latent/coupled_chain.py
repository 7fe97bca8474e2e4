"""CoupledChain: a convex energy of a whole sequence, in which each position is tied to the one before it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import (
    broadcast_batch,
    finite_tensor,
    float_tensor,
    holds_everywhere,
    last_sizes,
    positive_number,
    same_place,
)
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.scan import linear_scan
from eqt_theory.energies.linear import exact
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy


@checked
class CoupledChain(Energy):
    """`sum_t strength/2 |h_t - a_t * h_{t-1}|^2` over t = 1, ..., n, with |a_t| <= 1 entry by entry and h_0 an anchor.

    A state is a whole sequence, (n, d) laid out in one row of n d numbers, position after position: `h.flatten(-2)`
    makes it of (..., n, d), `sequence` turns it back. A batch is one of sequences. So every solver and check sees one
    problem per sequence.

    The Hessian is `strength B^T B` with `(B h)_t = h_t - a_t * h_{t-1}`. Since `(x - a y)^2 <= 2 (x^2 + a^2 y^2)`, it
    lies between 0 and `4 strength`, whatever the couplings are: convex by construction, as is declared.

    Args:
        couplings: a, shape (..., n, d), from -1 to 1.
        anchor: h_0, shape (..., d).
        strength: lambda, positive.

    Raises:
        UsageError: a coupling is outside [-1, 1], a shape, dtype or device does not fit, or strength is not positive.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"couplings": 2, "anchor": 1}

    def __init__(self, couplings: Tensor, anchor: Tensor, strength: float = 1.0) -> None:
        self.couplings: Tensor = last_sizes("couplings", finite_tensor("couplings", couplings), [None, None])
        self.length, self.width = (int(size) for size in self.couplings.shape[-2:])
        if not self.length or not self.width:
            raise UsageError(f"couplings must have shape (..., n, d) with n, d >= 1, got {tuple(couplings.shape)}")
        self.anchor: Tensor = last_sizes("anchor", finite_tensor("anchor", anchor), [self.width])
        same_place("anchor", self.anchor, "couplings", self.couplings)
        broadcast_batch({"couplings": self.couplings.shape[:-2], "anchor": self.anchor.shape[:-1]})
        self.strength = positive_number("strength", strength)
        self.curvature = Curvature(0.0, 4 * self.strength)
        self.dim = self.length * self.width
        self.require_parameters()

    def require_parameters(self) -> None:
        if not holds_everywhere(self.couplings.detach().abs() <= 1):
            worst = float(self.couplings.detach().abs().max())
            raise UsageError(f"couplings must be from -1 to 1, got one of size {worst:.6g}")

    def sequence(self, h: Tensor) -> Tensor:
        """A state as positions, (..., n d) -> (..., n, d)."""
        return self.checked(h).unflatten(-1, (self.length, self.width))

    def residual(self, x: Tensor) -> Tensor:
        """`h_t - a_t * h_{t-1}` of positions, (..., n, d) -> (..., n, d)."""
        first = self.anchor.unsqueeze(-2).expand(*x.shape[:-2], 1, self.width)
        return x - self.couplings * torch.cat([first, x[..., :-1, :]], -2)

    def value(self, h: Tensor) -> Tensor:
        return 0.5 * self.strength * self.residual(self.sequence(h)).square().sum((-2, -1))

    def gradient(self, h: Tensor) -> Tensor:
        return self._adjoint(self.residual(self.sequence(h))).flatten(-2)

    def own_gradient(self, h: Tensor) -> Tensor:
        """What each position sees of its own term alone.

        No gradient of any function: position t descends the term t and takes its predecessor as given, so that
        information flows forwards only.

        Args:
            h: states, shape (..., n d).

        Returns:
            `strength (h_t - a_t * h_{t-1})`, shape (..., n d).
        """
        return (self.strength * self.residual(self.sequence(h))).flatten(-2)

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        x = v.unflatten(-1, (self.length, self.width))
        moved = torch.cat([x[..., :1, :], x[..., 1:, :] - self.couplings[..., 1:, :] * x[..., :-1, :]], -2)
        return self._adjoint(moved).flatten(-2)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of strength |B|^T (|B| |h| + |a_1| |h_0|), of the absolute values entry by entry."""
        x, a = self.sequence(h).abs(), self.couplings.abs()
        first = self.anchor.abs().unsqueeze(-2).expand(*x.shape[:-2], 1, self.width)
        size = x + a * torch.cat([first, x[..., :-1, :]], -2)
        back = torch.cat([(a * size)[..., 1:, :], torch.zeros_like(size[..., :1, :])], -2)
        return norm((self.strength * (size + back)).flatten(-2) + torch.finfo(h.dtype).tiny)

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        d, couplings, before = self.width, exact(self.couplings), exact(self.anchor)
        terms = []
        for t in range(self.length):
            here = list(h[t * d : (t + 1) * d])
            terms += [(x - a * y) ** 2 for x, a, y in zip(here, couplings[t], before, strict=True)]
            before = here
        return sympy.Rational(self.strength) / 2 * sympy.Add(*terms)

    def equilibrium(self, proposal: Tensor, gamma: float = 1.0) -> Tensor:
        """The exact minimiser of `value(h) + |h - f|^2/(2 gamma)`, by elimination; differentiable in all it is made of.

        One tridiagonal system for each coordinate, positive definite, so that no pivot is below 1/gamma.

        Args:
            proposal: f, shape (..., n d).
            gamma: positive.

        Returns:
            h*, shape (..., n d), but for rounding.
        """
        pull, f = 1 / positive_number("gamma", gamma), self.sequence(float_tensor("proposal", proposal))
        a = self.couplings
        reach = torch.cat([a[..., 1:, :].square(), torch.zeros_like(a[..., :1, :])], -2)
        diagonal, right = pull + self.strength * (1 + reach), pull * f
        pivots, sides = [diagonal[..., 0, :]], [right[..., 0, :] + self.strength * a[..., 0, :] * self.anchor]
        for t in range(1, self.length):
            below = self.strength * a[..., t, :] / pivots[-1]
            pivots.append(diagonal[..., t, :] - below * self.strength * a[..., t, :])
            sides.append(right[..., t, :] + below * sides[-1])
        found = [sides[-1] / pivots[-1]]
        for t in range(self.length - 2, -1, -1):
            found.append((sides[t] + self.strength * a[..., t + 1, :] * found[-1]) / pivots[t])
        return torch.stack(found[::-1], -2).flatten(-2)

    def causal_equilibrium(self, proposal: Tensor, gamma: float = 1.0) -> Tensor:
        """Where no position wants to move, each its own term: `h_t = (1 - b) f_t + b a_t * h_{t-1}`, by one scan.

        Args:
            proposal: f, shape (..., n d).
            gamma: positive; b = strength gamma/(1 + strength gamma).

        Returns:
            h*, shape (..., n d), but for rounding.
        """
        weight = self.strength * positive_number("gamma", gamma)
        f = self.sequence(float_tensor("proposal", proposal))
        b = weight / (1 + weight)
        return linear_scan(b * self.couplings, f / (1 + weight), self.anchor).flatten(-2)

    def _adjoint(self, residual: Tensor) -> Tensor:
        r = self.strength * residual
        back = torch.cat([(self.couplings * r)[..., 1:, :], torch.zeros_like(r[..., :1, :])], -2)
        return r - back
