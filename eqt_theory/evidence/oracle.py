"""Minimisers of Phi by SciPy in float64: an oracle that shares no code with the solvers."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import OptimizeResult, minimize
from scipy.sparse.linalg import LinearOperator, cg
from torch import Tensor

from eqt_theory.core.errors import NoSecondDerivative
from eqt_theory.evidence.kinks import descend
from eqt_theory.evidence.landscape import Landscape

_HELD = 1024  # up to this dimension with the Hessian itself where products would be many
_PRODUCTS = 200
_GRADIENTS, _MEMORY = 5000, 20  # of a first descent by gradients alone, where products take long
_KINKED = 64  # up to this dimension descents that end at a kink go on there, unless told otherwise
_SLOPE = 1e-6  # of the slope a unit away: a gradient above this is none of a stationary point
_LONGEST, _LEAST = 0.3, 1e-8  # radii within which gradients are looked at there, in units
_POLISH = 12
_WINDOW, _SLOWED = 20, 1e-6  # iterations, and how little Phi falls in them, against all it fell, where a descent ends


@dataclass(frozen=True, eq=False)
class Minimum:
    """A local minimiser, found from one start.

    Args:
        h: float64, shape (d,), on the CPU.
        value: Phi(h).
        residual: |grad Phi(h)|; at a kink the shortest vector in the hull of the gradients close by.
        curvature: the smallest eigenvalue of the Hessian there, measured; nan where it cannot be.
        top: the largest, likewise.
        rounding: how far the computed gradient may be off, a few roundings of its terms.
    """

    h: Tensor
    value: float
    residual: float
    curvature: float
    top: float
    rounding: float

    @property
    def error(self) -> float:
        """How far the stationary point may be, by a Newton step with a factor 2; infinite where Phi is not curved."""
        size = float(self.h.norm()) * np.finfo(float).eps
        return 2 * (self.residual + self.rounding) / self.curvature + size if self.curvature > 0 else float("inf")


def minimise(land: Landscape, start: np.ndarray, *, kinks: bool = True) -> Minimum | None:
    """The local minimiser that a trust-region method reaches, polished by Newton steps; at a kink, descent goes on.

    Args:
        land: Phi.
        start: where from, shape (d,).
        kinks: whether descent goes on where it has ended at a kink, which takes longer.

    Returns:
        The minimiser, as far as it was reached; None where Phi is not finite on the way. What goes by a gradient that
        is not that of Phi may end above the start.
    """
    if not (np.isfinite(land.value(start)) and np.isfinite(land.gradient(start)).all()):
        return None
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is turned down below
        x = _trust_region(land, start)
    if x is None or not (np.isfinite(x).all() and np.isfinite(land.value(x))):
        return None
    found = _polished(land, x)
    return past_kinks(land, found) if kinks else found


def is_stationary(land: Landscape, found: Minimum) -> bool:
    """Whether the gradient at a state is next to nothing: against its rounding, or against the slope a unit away."""
    if found.error <= _SLOPE * (math.sqrt(land.gamma) + float(found.h.norm())):
        return True
    slope = float(np.linalg.norm(land.gradient(_unit_away(land, found))))
    return found.residual <= _SLOPE * slope or found.residual <= _blur(land, found)


def _unit_away(land: Landscape, found: Minimum) -> np.ndarray:
    return found.h.numpy() + math.sqrt(land.gamma / land.d)


def _blur(land: Landscape, found: Minimum) -> float:
    """The rounding of the gradient, where next to a kink the Hessian has no part in it, however large it is there."""
    away = land.curvature(_unit_away(land, found))[1]
    return float(np.fmin(found.rounding, land.rounding(found.h.numpy(), away)))


def past_kinks(land: Landscape, found: Minimum, most: int = _KINKED) -> Minimum:
    """Where descent leads from a state at which the gradient alone says nothing.

    Args:
        land: Phi.
        found: where descent by gradients ended.
        most: the dimension up to which descent goes on.

    Returns:
        The state itself where it is stationary, or the dimension is too large to go on.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if land.d > most or is_stationary(land, found):
            return found
        further = _descended(land, found)
        # Where Phi falls for ever there is nothing to come to.
        return further if np.isfinite([further.value, further.curvature, further.top]).all() else found


def _descended(land: Landscape, found: Minimum) -> Minimum:
    unit = math.sqrt(land.gamma) + float(found.h.norm())
    blur = _blur(land, found)
    small = max(blur, _LEAST * found.residual)
    x, residual = descend(
        land.value, land.gradient, found.h.numpy(), _LONGEST * unit, _LEAST * unit, small, 1 / land.gamma
    )
    low, high = land.curvature(x)
    return Minimum(torch.from_numpy(x.copy()), land.value(x), residual, low, high, blur)


def _by_gradients(land: Landscape, start: np.ndarray) -> np.ndarray:
    """Where L-BFGS leads: in many dimensions a small part of what Newton steps take to come so far."""
    options = {"maxiter": _GRADIENTS, "maxfun": _GRADIENTS, "maxcor": _MEMORY, "ftol": 0.0, "gtol": 0.0}
    way = {"jac": land.gradient, "method": "L-BFGS-B", "options": options, "callback": _Course()}
    found = minimize(land.value, start, **way).x
    return found if np.isfinite(found).all() and land.value(found) < land.value(start) else start


def _trust_region(land: Landscape, start: np.ndarray) -> np.ndarray | None:
    try:
        start = start if land.held else _by_gradients(land, start)
        if not land.held:
            try:
                return _scipy(land, start, "trust-ncg", hessp=_Products(land))
            except _Many as many:
                start, land.held = many.x, True
        return _scipy(land, start, "trust-exact", hess=land.hessian)
    except NoSecondDerivative:
        raise
    except (ValueError, np.linalg.LinAlgError, UnboundLocalError):  # SciPy's, where what it is given is extreme
        return None


def _scipy(land: Landscape, start: np.ndarray, method: str, **derivative: Any) -> np.ndarray:
    # Below the rounding of the gradient nothing is gained.
    slope = land.gradient(start)
    size = float(np.linalg.norm(slope))
    top = float(np.linalg.norm(land.product(start, slope / size))) if size > 0 else 0.0
    least = max(1e-13, land.rounding(start, top)) if np.isfinite(top) else 1e-13
    options = {"gtol": least, "maxiter": 1000}
    found = minimize(
        land.value, start, jac=land.gradient, method=method, options=options, callback=_Course(), **derivative
    )
    return np.asarray(found.x, dtype=np.float64)


class _Course:
    """Ends a descent in which Phi hardly falls any more, as at a kink."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def __call__(self, intermediate_result: OptimizeResult) -> None:
        self.values.append(intermediate_result.fun)
        first, last = self.values[0], self.values[-1]
        if len(self.values) > _WINDOW and self.values[-1 - _WINDOW] - last <= _SLOWED * min(first - last, 1.0):
            raise StopIteration


class _Many(Exception):
    """So many products that the Hessian itself takes less.

    Args:
        x: where the descent is.
    """

    def __init__(self, x: np.ndarray) -> None:
        super().__init__("too many products")
        self.x = x


class _Products:
    """Hess Phi times vectors, counted."""

    def __init__(self, land: Landscape) -> None:
        self.land, self.count = land, 0

    def __call__(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        self.count += 1
        if self.count > _PRODUCTS and self.land.d <= _HELD:
            raise _Many(np.array(x))
        return self.land.product(x, v)


def _polished(land: Landscape, x: np.ndarray) -> Minimum:
    residual = float(np.linalg.norm(land.gradient(x)))
    low, high = land.curvature(x)
    for _ in range(_POLISH):
        if not low > 0 or residual == 0:
            break
        nearer = x - _newton_step(land, x)
        norm = float(np.linalg.norm(land.gradient(nearer)))
        if not (norm < residual and np.isfinite(land.value(nearer))):
            break
        x, residual = nearer, norm
    low, high = land.curvature(x)
    return Minimum(torch.from_numpy(x.copy()), land.value(x), residual, low, high, land.rounding(x, high))


def _newton_step(land: Landscape, x: np.ndarray) -> np.ndarray:
    slope = land.gradient(x)
    if not land.held:
        operator = LinearOperator((land.d, land.d), matvec=lambda v: land.product(x, np.ravel(v)), dtype=np.float64)
        few = land.d <= _HELD
        step, unfinished = cg(operator, slope, rtol=1e-6, maxiter=_PRODUCTS if few else 4 * land.d)
        if not (few and unfinished):
            return step
        land.held = True
    # A Hessian that eigenvalues call positive may still be singular to a factorisation.
    return np.linalg.lstsq(land.hessian(x), slope)[0]
