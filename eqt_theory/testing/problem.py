"""Problem: a small objective whose solution is known from scalar equations that share no code with any solver."""

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from eqt_theory.energies.analytic.piecewise import PiecewiseCurvature
from eqt_theory.energies.analytic.pseudo_huber import PseudoHuber
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.analytic.softplus import SoftplusSum
from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.testing.log_cosh import LogCosh, function_of_one

Array = np.ndarray


class Shape(Enum):
    """What bends along each axis, beside a parabola. The value is its formula."""

    QUADRATIC = "0"
    SOFTPLUS = "log(1 + exp(2 t))"
    PSEUDO_HUBER = "sqrt(1 + t^2) - 1"
    LOG_COSH = "log cosh t"
    KINKED = "pieces of parabolas"


_SLOPE: dict[Shape, Callable[[Array], Array]] = {
    Shape.QUADRATIC: np.zeros_like,
    Shape.SOFTPLUS: lambda t: 1 + np.tanh(t),
    Shape.PSEUDO_HUBER: lambda t: t / np.sqrt(1 + t * t),
    Shape.LOG_COSH: np.tanh,
}
"""First derivatives; the second ones fill (0, 1]."""
_PROFILE: dict[Shape, Callable[[Array], Array]] = {
    Shape.QUADRATIC: np.zeros_like,
    Shape.SOFTPLUS: lambda t: np.logaddexp(0.0, 2 * t),
    Shape.PSEUDO_HUBER: lambda t: t * t / (np.sqrt(1 + t * t) + 1),
    Shape.LOG_COSH: lambda t: np.logaddexp(t, -t) - math.log(2),
}
_FAR = 1e300
"""An end of the axis, for pieces that have none; finite, so that its multiples by 0 are 0."""


@dataclass(frozen=True)
class Problem:
    """Phi and a start in axes y of its own, and how these axes lie in space: h = R y + shift.

    Phi(y) = sum_i (least_i - 1/gamma)/2 y_i^2 + b_i y_i + w profile(s_i y_i) + |y - proposal|^2/(2 gamma) with
    w = max(most) and s_i = sqrt((most_i - least_i)/w), so that its second derivative along axis i fills
    (least_i, most_i], and the solution is that of d scalar equations.

    Args:
        least: smallest curvature of Phi along each axis, positive.
        most: largest curvature along each axis.
        b: linear term.
        proposal: f.
        start: where a solver starts.
        gamma: the damping.
        shape: what bends where `most` exceeds `least`.
        rotation: seed of R; 0 is the identity.
        shift: every entry of the shift.
        kinks: of a KINKED profile, where its second derivative changes; increasing.
        bends: of a KINKED profile, its second derivative before, between and after them, each in [0, 1].
    """

    least: tuple[float, ...]
    most: tuple[float, ...]
    b: tuple[float, ...]
    proposal: tuple[float, ...]
    start: tuple[float, ...]
    gamma: float
    shape: Shape = Shape.QUADRATIC
    rotation: int = 0
    shift: float = 0.0
    kinks: tuple[float, ...] = (1.0, 2.0)
    bends: tuple[float, ...] = (1.0, 0.0, 1.0)

    def __str__(self) -> str:
        if self.shape is Shape.QUADRATIC:
            kind = f"quadratic Phi, curvature {_row(self.most)}"
        else:
            kind = f"Phi with {self.shape.value}, curvature {_row(self.least)} to {_row(self.most)}"
            if self.shape is Shape.KINKED:
                kind += f" in shares {_row(self.bends)} with kinks at {_row(self.kinks)} along the stretched axes"
        parts = [f"{kind}, b {_row(self.b)}, proposal {_row(self.proposal)}, gamma {self.gamma:.6g}"]
        parts.append(f"start {_row(self.start)}")
        if self.rotation:
            parts.append(f"axes rotated by seed {self.rotation}")
        if self.shift:
            parts.append(f"shifted by {self.shift:g}")
        return ", ".join(parts)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.most)

    @property
    def m(self) -> float:
        """Strong convexity of Phi."""
        return min(self.least)

    @property
    def M(self) -> float:
        """Lipschitz constant of grad Phi."""
        return max(self.most)

    @cached_property
    def size(self) -> float:
        """The largest length that occurs: of the solution, the proposal, b over M, the start, the shift, or 1."""
        lengths = [np.linalg.norm(v) for v in (self.solution, self.proposal, self.start)]
        return float(max(1.0, *lengths, np.linalg.norm(self.b) / self.M, abs(self.shift) * math.sqrt(self.dim)))

    @cached_property
    def axes(self) -> Array:
        """R, shape (d, d), whose columns are the axes."""
        if self.rotation == 0:
            return np.eye(self.dim)
        q, r = np.linalg.qr(np.random.default_rng(self.rotation).standard_normal((self.dim, self.dim)))
        return q * np.where(np.diag(r) < 0, -1.0, 1.0)

    @cached_property
    def solution(self) -> Array:
        """y*, by bisection of the derivative along each axis, which grows; shape (d,)."""
        least = np.array(self.least)
        middle = (np.array(self.proposal) / self.gamma - np.array(self.b)) / least
        # Slopes of profiles are at most 2; that of the kinked one grows, but no faster than t.
        slope = np.abs(self._stretch * middle) if self.shape is Shape.KINKED else 2.0
        away = self.M * self._stretch * slope / least
        low, high = middle - away, middle + away
        if self.shape is Shape.QUADRATIC:
            return middle
        for _ in range(200):
            y = (low + high) / 2
            if np.all((y == low) | (y == high)):
                break  # no number lies between them
            below = self.slopes(y) < 0
            low, high = np.where(below, y, low), np.where(below, high, y)
        return (low + high) / 2

    @cached_property
    def _stretch(self) -> Array:
        return np.sqrt((np.array(self.most) - np.array(self.least)) / self.M)

    def slopes(self, y: Array) -> Array:
        """The gradient of Phi in its own axes, shape (..., d)."""
        stretch = self._stretch
        bent = self.M * stretch * self._slope(stretch * y)
        flat = (np.array(self.least) - 1 / self.gamma) * y + np.array(self.b)
        return flat + bent + (y - np.array(self.proposal)) / self.gamma

    def value(self, y: Array) -> Array:
        """Phi in its own axes, shape (...)."""
        parabola = (np.array(self.least) - 1 / self.gamma) / 2 * y * y + np.array(self.b) * y
        bent = self.M * self._profile(self._stretch * y)
        return (parabola + bent + (y - np.array(self.proposal)) ** 2 / (2 * self.gamma)).sum(-1)

    def gap(self, y: Array) -> Array:
        """Phi(y) - Phi(y*), written so that the parabola's part does not cancel; shape (...)."""
        stretch, best = self._stretch, self.solution
        bent = self._profile(stretch * y) - self._profile(stretch * best)
        bent = self.M * (bent - stretch * self._slope(stretch * best) * (y - best))
        return (np.array(self.least) / 2 * (y - best) ** 2 + bent).sum(-1)

    def _slope(self, t: Array) -> Array:
        """The profile's first derivative, 0 at 0."""
        if self.shape is not Shape.KINKED:
            return _SLOPE[self.shape](t)
        return sum((c * (np.clip(t, a, b) - np.clip(0.0, a, b)) for a, b, c in self._pieces()), np.zeros_like(t))

    def _profile(self, t: Array) -> Array:
        """The profile, 0 at 0."""
        if self.shape is not Shape.KINKED:
            return _PROFILE[self.shape](t)

        def area(x: Array, a: float, b: float) -> Array:  # under the clipped line
            return np.clip(x, a, b) ** 2 / 2 + a * np.minimum(x - a, 0.0) + b * np.maximum(x - b, 0.0)

        zero = np.zeros_like(t)
        parts = (c * (area(t, a, b) - area(zero, a, b) - np.clip(0.0, a, b) * t) for a, b, c in self._pieces())
        return sum(parts, zero)

    def _pieces(self) -> Iterator[tuple[float, float, float]]:
        """The ends and the second derivative of each piece."""
        return zip((-_FAR, *self.kinks), (*self.kinks, _FAR), self.bends, strict=True)

    def own(self, h: Array) -> Array:
        """States in space put into the problem's axes, shape (..., d)."""
        return (h - self.shift) @ self.axes

    def place(self, y: Array) -> Array:
        """The reverse of `own`."""
        return y @ self.axes.T + self.shift

    def distance(self, h: Array) -> float:
        """|h - h*| of one state in space, shape (d,); quick, for every step of a run."""
        return math.dist(h.tolist(), self._there)

    @cached_property
    def _there(self) -> list[float]:
        return self.place(self.solution).tolist()

    def moved(self, rotation: int, shift: float) -> "Problem":
        """The same problem elsewhere in space."""
        return replace(self, rotation=rotation, shift=shift)

    def objective(self, dtype: torch.dtype = torch.float64, device: str = "cpu") -> Objective:
        """Phi in space, as the package writes it; made once, and handed out with tensors of its own each time."""
        made = vars(self).setdefault("_made", {})
        if (dtype, device) not in made:
            made[dtype, device] = self._objective(dtype, device)
        return _twin(made[dtype, device])

    def _objective(self, dtype: torch.dtype, device: str) -> Objective:
        def tensor(x: Array) -> Tensor:
            return torch.as_tensor(np.asarray(x, dtype=np.float64).copy(), device=device).to(dtype)

        flat = np.array(self.least) - 1 / self.gamma
        A = (self.axes * flat) @ self.axes.T
        here = np.full(self.dim, self.shift)
        energy: Energy = Quadratic(tensor((A + A.T) / 2), tensor(self.axes @ np.array(self.b) - A @ here))
        if self.shape is not Shape.QUADRATIC:
            rows = self._stretch[:, None] * self.axes.T
            energy = energy + self.M * self._bent(tensor(rows), tensor(-rows @ here))
        return Objective(energy, tensor(self.place(np.array(self.proposal))), self.gamma)

    def starting_point(self, dtype: torch.dtype = torch.float64, device: str = "cpu") -> Tensor:
        """The start in space, shape (d,)."""
        return torch.as_tensor(self.place(np.array(self.start)), device=device).to(dtype)

    def _bent(self, rows: Tensor, offset: Tensor) -> Energy:
        if self.shape is Shape.PSEUDO_HUBER:
            return PseudoHuber(rows, offset)
        if self.shape is Shape.KINKED:
            return PiecewiseCurvature(self.kinks, self.bends, rows, offset)
        if self.shape is Shape.SOFTPLUS:
            # SoftplusSum divides by its sharpness.
            return 2 * SoftplusSum(rows, offset, sharpness=2.0)
        if self.dim > 1:
            return LogCosh(rows, offset, 0.0)
        return function_of_one(rows, offset, float(np.max(self._stretch)))


def _twin(item: Any) -> Any:
    """A copy of an energy, or of what it is made of, with tensors of its own."""
    if isinstance(item, Tensor):
        return item.clone()
    if isinstance(item, tuple):
        return tuple(map(_twin, item))
    if not isinstance(item, Energy):
        return item
    twin = copy.copy(item)
    vars(twin).update({name: _twin(part) for name, part in vars(item).items()})
    return twin


def _row(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{v:.6g}" for v in values) + ")"
