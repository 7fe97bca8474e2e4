"""FixedPoint: the problem `h = T(h)` for a user's own map."""

import math
from collections.abc import Callable, Sequence
from typing import Self, final

import torch
from torch import Tensor

from eqt_theory.core.annotated import Count, checked
from eqt_theory.core.domain import Ball, Box, Domain, WholeSpace
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import float_tensor, last_sizes
from eqt_theory.energies.modules import require_initialised
from eqt_theory.energies.norm import norm
from eqt_theory.energies.regions import ball_inside
from eqt_theory.operators.calls import Call
from eqt_theory.operators.problem import MapProblem, sizes
from eqt_theory.operators.slope import slope_at

_SAFETY = 16


@checked
@final
class FixedPoint(MapProblem):
    """The problem `h = T(h)`: a DEQ layer, a denoiser's step, a splitting step, any map of R^d into itself.

    The map takes one state (d,) -> (d,). It is called on single states, or under `torch.func.vmap`, so that it cannot
    mix them, and on copies, so that it cannot change them.

    Args:
        T: the map, or a module; with `inputs` it is called as T(h, x).
        dim: the state dimension, if it is fixed.
        inputs: x, what belongs to each state, shape (..., k), as the injection of a DEQ; None for nothing.
        contraction: a declared q < 1 with |T(h) - T(h')| <= q |h - h'|. An assumption: `Solution.error_bound` rests on
            it, and looks at the slope of T at the final state before it does; `check_contraction` judges it.
        domain: where T is defined, and where the contraction is declared; None is everywhere.

    Raises:
        UsageError: T is not callable, contraction is not in [0, 1), or (on use) T does not return a state of the shape
            and dtype that it was given.
    """

    def __init__(
        self,
        T: Callable[..., Tensor],  # noqa: N803
        dim: Count | None = None,
        *,
        inputs: Tensor | None = None,
        contraction: float | None = None,
        domain: Domain | None = None,
    ) -> None:
        if not callable(T):
            raise UsageError(f"T must be callable, (d,) -> (d,), got {type(T).__name__}")
        if contraction is not None and not 0 <= contraction < 1:
            raise UsageError(f"contraction must lie in [0, 1), got {contraction!r}")
        if isinstance(domain, Ball | Box | WholeSpace) and dim is not None and domain.dim != dim:
            raise UsageError(f"domain must have dimension {dim}, got {domain.dim}")
        require_initialised(T)
        self.T = T
        self.dim = domain.dim if dim is None and domain is not None else dim
        self.inputs = None if inputs is None else last_sizes("inputs", float_tensor("inputs", inputs), [None])
        self.contraction = None if contraction is None else float(contraction)
        self.domain = domain
        self._call = Call(T, "T")

    @property
    def batch_shape(self) -> torch.Size:
        return torch.Size() if self.inputs is None else self.inputs.shape[:-1]

    def expand(self, batch_shape: Sequence[int]) -> Self:
        if self.inputs is None or tuple(batch_shape) == tuple(self.batch_shape):
            return self
        return self._with(self.inputs.expand(*batch_shape, self.inputs.shape[-1]))

    def select(self, index: "Tensor | int") -> Self:
        if self.inputs is None or not self.batch_shape:
            return self
        return self._with(self.inputs.reshape(-1, self.inputs.shape[-1])[index])

    def _with(self, inputs: Tensor) -> Self:
        return type(self)(self.T, self.dim, inputs=inputs, contraction=self.contraction, domain=self.domain)

    def state_bytes(self) -> int:
        return 0 if self.inputs is None else self.inputs.shape[-1] * self.inputs.element_size()

    def reference(self) -> Tensor | None:
        """A parameter of the map, or the inputs, whose dtype and device states must have; None where none is seen."""
        return self.inputs if self._call.reference is None else self._call.reference

    def __call__(self, h: Tensor) -> Tensor:
        """T(h), state by state.

        Args:
            h: states, shape (..., d).

        Returns:
            Their images, shape (..., d).

        Raises:
            UsageError: the map raised, or returned something else than a state.
        """
        h = self.checked(h)
        if self.inputs is None:
            return self._call.many(h)
        return self._call.many(h, self.inputs.expand(*h.shape[:-1], self.inputs.shape[-1]))

    def residual(self, h: Tensor) -> Tensor:
        """`h - T(h)`, zero at the solution and nowhere else; shape (..., d)."""
        return h - self(h)

    def residual_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The sizes of h and T(h), shape (...), to which the rounding of the residual is relative."""
        return sizes(h, self(h))

    def image(self, h: Tensor) -> Tensor:
        """T of one state, shape (d,); what the map raises becomes one UsageError that names it.

        Args:
            h: a state, shape (d,).

        Returns:
            Its image, shape (d,).

        Raises:
            UsageError: the map raised, or returned something else than a state.
        """
        return self._call.one(h) if self.inputs is None else self._call.one(h, self.inputs)

    def rounding(self, h: Tensor) -> Tensor:
        """How far the computed T(h) may be off: what it moves when h moves by units in the last place, and its size.

        Args:
            h: states, shape (..., d).

        Returns:
            Sizes, shape (...); as good as T is smooth at that scale.
        """
        unit, image = torch.finfo(h.dtype).eps, self(h)
        moved = torch.stack([norm(self(h * (1 + sign * unit)) - image) for sign in (1, -1)]).amax(0)
        return _SAFETY * (moved + (h.shape[-1] + 8) * unit * norm(image))

    def error_bound(self, h: Tensor) -> Tensor | None:
        """`(|h - T(h)| + rounding)/(1 - q)` with the declared q (Banach 1922).

        Infinite where the ball of that radius leaves the domain, or where a slope of T at h or between h and T(h) is
        steeper than q: there the declaration is wrong.

        Args:
            h: states, shape (..., d).

        Returns:
            Bounds, shape (...); None where no contraction is declared.
        """
        if self.contraction is None:
            return None
        q = self.contraction
        image = self(h)
        noise = self.rounding(h)
        unit = torch.finfo(h.dtype).eps
        reach = (norm(h - image) + noise + (h.shape[-1] + 8) * unit * norm(h)) / (1 - q) * (1 + 8 * unit)
        reach = reach.nan_to_num(nan=math.inf, posinf=math.inf)
        bound = reach if self.domain is None else torch.where(ball_inside(self.domain, h, reach), reach, torch.inf)
        return torch.where(self._contradicted(h, image, noise), torch.inf, bound)

    def _contradicted(self, h: Tensor, image: Tensor, noise: Tensor) -> Tensor:
        """Where T is seen to be steeper than declared, at h or between h and T(h)."""
        assert self.contraction is not None
        apart, further = norm(h - image), norm(image - self(image))
        steep = further > self.contraction * apart + 2 * noise + self.rounding(image)
        rows = h.reshape(-1, h.shape[-1])
        whole = self.expand(h.shape[:-1]) if self.inputs is not None else self
        slopes = [slope_at(whole.select(torch.tensor([i], device=h.device)), rows[i : i + 1]) for i in range(len(rows))]
        allowed = self.contraction + 1e3 * torch.finfo(h.dtype).eps
        return steep | (torch.tensor(slopes, device=h.device).reshape(h.shape[:-1]) > allowed)
