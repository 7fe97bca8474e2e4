"""Inclusion: the problem `0 in F(h) + A(h)`, A given by its resolvent; constrained and composite problems are such."""

import math
from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from eqt_theory.core.annotated import Count, Positive, checked
from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.modules import require_initialised
from eqt_theory.energies.norm import norm
from eqt_theory.energies.regions import project
from eqt_theory.operators.calls import Call
from eqt_theory.operators.problem import MapProblem, sizes

_SAFETY = 16

Prox = Callable[[Tensor, float], Tensor] | Ball | Box
"""`prox(v, step)`, the resolvent of `step A` at v; or a set, whose projection it is."""


@checked
@final
class Inclusion(MapProblem):
    """The problem `0 in F(h) + A(h)`, F an operator with values, A maximal monotone, through its resolvent.

    For A the subdifferential of a convex function r, the resolvent is its proximal map. For the normals of a closed
    convex set it is the projection: `Inclusion(F, Box(low, high))` is the variational inequality of F on the box, and
    with F the gradient of an energy its constrained minimisation.

    The residual is the natural map `h - prox(h - F(h), 1)`, zero at the solutions and nowhere else.

    Args:
        F: the operator, one state (d,) -> (d,); or a module.
        prox: the resolvent `(I + step A)^{-1}` as `prox(v, step)`, step a float, (d,) -> (d,); or a Ball or Box.
        dim: the state dimension, if it is fixed.
        resolvent: the resolvent `(I + step F)^{-1}` of F itself, as `resolvent(v, step)`; the splittings of Peaceman
            and Rachford and of Douglas and Rachford need it.
        mu: declared strong monotonicity of F, `<F(h) - F(h'), h - h'> >= mu |h - h'|^2`, positive.
        lipschitz: declared Lipschitz constant of F. With mu it gives `Solution.error_bound`.
        domain: where F is defined; None is everywhere.

    Raises:
        UsageError: F, prox or resolvent is not callable, mu exceeds lipschitz, dimensions differ, or (on use) one of
            them does not return a state of the shape and dtype that it was given.
    """

    def __init__(
        self,
        F: Callable[[Tensor], Tensor],  # noqa: N803
        prox: Prox,
        dim: Count | None = None,
        *,
        resolvent: Callable[[Tensor, float], Tensor] | None = None,
        mu: Positive | None = None,
        lipschitz: Positive | None = None,
        domain: Domain | None = None,
    ) -> None:
        for name, fn in (("F", F), ("resolvent", resolvent)):
            if not callable(fn) and not (name == "resolvent" and fn is None):
                raise UsageError(f"{name} must be callable, (d,) -> (d,), got {type(fn).__name__}")
        if not callable(prox) and not isinstance(prox, Ball | Box):
            raise UsageError(f"prox must be a function (v, step) -> state, a Ball or a Box, got {type(prox).__name__}")
        if mu is not None and lipschitz is not None and mu > lipschitz:
            raise UsageError(f"mu must not exceed lipschitz, got mu={mu!r} and lipschitz={lipschitz!r}")
        dims = {d.dim for d in (prox, domain) if isinstance(d, Ball | Box)} | ({dim} if dim is not None else set())
        if len(dims) > 1:
            raise UsageError(f"dim, prox and domain must have one dimension, got {sorted(dims)}")
        require_initialised(F, prox, resolvent)
        self.F, self.prox, self.resolvent = F, prox, resolvent
        self.dim = dims.pop() if dims else None
        self.mu, self.lipschitz, self.domain = mu, lipschitz, domain
        self._operator = Call(F, "F")
        self._prox = None if isinstance(prox, Ball | Box) else Call(prox, "prox")
        self._resolvent = None if resolvent is None else Call(resolvent, "resolvent")

    def reference(self) -> Tensor | None:
        """A parameter of F, whose dtype and device states must have; None where none is visible."""
        return self._operator.reference

    def operator(self, h: Tensor) -> Tensor:
        """F(h), state by state, shape (..., d)."""
        return self._operator.many(self.checked(h))

    def backward(self, v: Tensor, step: float) -> Tensor:
        """`(I + step A)^{-1} v`, state by state, shape (..., d)."""
        return project(self.prox, v) if isinstance(self.prox, Ball | Box) else self._backward(v, step)

    def _backward(self, v: Tensor, step: float) -> Tensor:
        assert self._prox is not None
        return self._prox.many(v, float(step))

    def resolved(self, v: Tensor, step: float) -> Tensor:
        """`(I + step F)^{-1} v`, state by state, shape (..., d).

        Args:
            v: points, shape (..., d).
            step: positive.

        Returns:
            The values of the resolvent of F.

        Raises:
            UsageError: the problem was given none.
        """
        if self._resolvent is None:
            raise UsageError("this solver needs the resolvent of F: Inclusion(F, prox, resolvent=fn), fn(v, step)")
        return self._resolvent.many(v, float(step))

    def residual(self, h: Tensor) -> Tensor:
        """`h - prox(h - F(h), 1)`, zero at the solutions and nowhere else; shape (..., d)."""
        return self.residual_from(h, self.operator(h))

    def residual_from(self, h: Tensor, image: Tensor) -> Tensor:
        """The residual where F(h) is known; shape (..., d)."""
        return h - self.backward(h - image, 1.0)

    def residual_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The sizes of h and F(h), shape (...), to which the rounding of the residual is relative."""
        image = self.operator(h)
        return sizes(2 * h, 2 * image, self.backward(h - image, 1.0))

    def error_bound(self, h: Tensor) -> Tensor | None:
        """`(1 + L)/mu (|r(h)| + rounding)`, r the residual, with the declared constants (Pang 1987).

        Infinite where F, between h and h - r(h), is steeper or less monotone than declared.

        Args:
            h: states, shape (..., d).

        Returns:
            Bounds, shape (...), infinite where the residual is not finite; None where mu or lipschitz is not declared.
        """
        if self.mu is None or self.lipschitz is None or self.domain is not None:
            return None
        unit, residual = torch.finfo(h.dtype).eps, self.residual(h)
        size = norm(residual) + (h.shape[-1] + 8) * unit * self.residual_terms(h)
        bound = (1 + self.lipschitz) / self.mu * (1 + 8 * unit) * size
        return torch.where(self._contradicted(h, residual), torch.inf, bound.nan_to_num(nan=math.inf, posinf=math.inf))

    def _contradicted(self, h: Tensor, residual: Tensor) -> Tensor:
        """Where F is seen to break its declared constants, between h and h - r(h), beyond rounding."""
        assert self.mu is not None and self.lipschitz is not None
        a, b = self.operator(h), self.operator(h - residual)
        slack = _SAFETY * (h.shape[-1] + 8) * torch.finfo(h.dtype).eps * (norm(a) + norm(b) + self.lipschitz * norm(h))
        apart = norm(residual)
        steep = norm(a - b) > self.lipschitz * apart + slack
        return steep | (((a - b) * residual).sum(-1) < (self.mu * apart - slack) * apart)
