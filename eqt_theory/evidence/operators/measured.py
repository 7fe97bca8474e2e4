"""What `measure_jacobian` is made of: measured numbers, and products that are counted and watched."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.budget import tick
from eqt_theory.core.errors import UsageError, describe
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.slope import products

Array = np.ndarray
Operator = Callable[[Array], Array]


class Measured(float):
    """A measured number: a float with the interval in which it lies as far as the computation shows.

    `low` and `high` allow for residuals and rounding; `exact` says whether the whole spectrum was computed, so that no
    part of it can have been missed. Without it the side that a missed eigenvalue would move is a measurement.
    """

    low: float
    high: float
    exact: bool

    def __new__(cls, value: float, low: float, high: float, exact: bool) -> "Measured":
        self = super().__new__(cls, value)
        self.low, self.high, self.exact = min(low, value), max(high, value), exact
        return self

    def __repr__(self) -> str:
        return f"{float(self):.10g} in [{self.low:.10g}, {self.high:.10g}]"


class Counted:
    """Products with J and J^T as NumPy arrays, counted; what torch raises is one UsageError."""

    def __init__(self, map_: FixedPoint, at: Tensor) -> None:
        self.forward, self.back = (self._as_numpy(p, at) for p in products(map_.image, at))
        self.used = 0
        self.largest, self.lowest = 0.0, math.inf
        """The largest |J v| and the least <v, J v> seen over unit vectors v, rounding taken into account."""
        self._off = roundings(len(at), float(torch.finfo(at.dtype).eps))

    def _as_numpy(self, product: Callable[[Tensor], Tensor], like: Tensor) -> Operator:
        def times(v: Array) -> Array:
            self.used += 1
            tick()
            try:
                found = product(torch.as_tensor(np.ascontiguousarray(v)).to(like))
            except UsageError:
                raise
            except Exception as error:  # an operation without a derivative
                raise UsageError(
                    f"T must be differentiable for products with its Jacobian: {describe(error)}"
                ) from None
            return self._seen(v, found.double().cpu().numpy())

        return times

    def _seen(self, v: Array, image: Array) -> Array:
        with np.errstate(all="ignore"):  # what is not finite is told by whoever asked
            square = float(v @ v)
            size, inner = float(np.linalg.norm(image)), float(v @ image)
            if square > 0 and math.isfinite(size) and math.isfinite(inner):
                self.largest = max(self.largest, size / math.sqrt(square) * (1 - self._off))
                self.lowest = min(self.lowest, (inner + self._off * size * math.sqrt(square)) / square)
        return image


def roundings(d: int, unit: float) -> float:
    """The share of the size of an image by which a product may be off."""
    return 4 * math.sqrt(d) * unit
