"""Minimisers of Phi by SciPy in float64: an oracle that shares no code with the solvers."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, cg
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.core.errors import NoSecondDerivative, UsageError
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.kinks import descend
from eqt_theory.evidence.lanczos import NotConverged, NotFinite, extreme_pairs
from eqt_theory.evidence.products import hessian_products

_DENSE = 256  # up to this dimension with the Hessian itself
_KINKED = 64  # up to this dimension descents that end at a kink go on there
_SLOPE = 1e-6  # of the slope a unit away: a gradient above this is none of a stationary point
_LONGEST, _LEAST = 0.3, 1e-8  # radii within which gradients are looked at there, in units
_POLISH = 12
_ROUNDINGS = 4
_PORTION, _ENTRIES = 1 << 16, 1 << 22


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


class Landscape:
    """Phi of one state as NumPy functions, in float64 where the energy can be moved there.

    Args:
        objective: Phi of one state; a batch of one is taken too.

    Attributes:
        dtype: float64 where the energy could be moved there.
    """

    def __init__(self, objective: Objective) -> None:
        if objective.batch_shape.numel() != 1:
            raise UsageError(f"expected one objective, got a batch of shape {tuple(objective.batch_shape)}")
        double = objective.to(device="cpu", dtype=torch.float64)
        self._lead = (1,) * len(objective.batch_shape)
        self.start = double.proposal.detach().reshape(-1)
        try:
            double.value(self.start.reshape(*self._lead, -1))
            self._objective, self.dtype = double, torch.float64
        except (UsageError, RuntimeError):
            # A function that closes over tensors of another precision or device.
            self._objective, self.dtype = objective, objective.proposal.dtype
        self.gamma = float(double.gamma) if not isinstance(double.gamma, Tensor) else float(double.gamma.detach().max())
        self.d = self.start.numel()

    def _state(self, x: np.ndarray) -> Tensor:
        look()
        like = self._objective.proposal
        return torch.as_tensor(np.asarray(x, dtype=np.float64)).to(like.device, self.dtype).reshape(*self._lead, -1)

    def value(self, x: np.ndarray) -> float:
        """Phi, shape (d,) -> ()."""
        with torch.no_grad():
            return float(self._objective.value(self._state(x)).detach().reshape(()))

    def values(self, x: np.ndarray) -> np.ndarray:
        """Phi at many states, (n, d) -> (n,)."""
        with torch.no_grad():
            parts = [self._objective.value(s).detach().double().cpu().numpy().reshape(-1) for s in self._states(x)]
            return np.concatenate(parts)

    def gradients(self, x: np.ndarray) -> np.ndarray:
        """Grad Phi at many states, (n, d) -> (n, d)."""
        with self._unrecorded():
            parts = [self._objective.gradient(s).detach().double().cpu().numpy() for s in self._states(x)]
        return np.concatenate(parts).reshape(-1, self.d)

    def hessians(self, x: np.ndarray) -> np.ndarray:
        """Hess Phi at many states, (n, d) -> (n, d, d), symmetrised."""
        parts = [self._objective.hessian(s).detach().double().cpu().numpy() for s in self._states(x)]
        hessians = np.concatenate(parts).reshape(-1, self.d, self.d)
        return (hessians + hessians.swapaxes(1, 2)) / 2

    def _states(self, x: np.ndarray) -> Iterator[Tensor]:
        """Many states in portions, so that memory stays bounded."""
        states = torch.as_tensor(np.asarray(x, dtype=np.float64)).to(self._objective.proposal.device, self.dtype)
        for portion in states.reshape(-1, *self._lead, self.d).split(max(1, min(_PORTION, _ENTRIES // self.d))):
            look()
            yield portion

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """Grad Phi, (d,) -> (d,)."""
        with self._unrecorded():
            return self._objective.gradient(self._state(x)).detach().double().cpu().numpy().reshape(-1)

    def _unrecorded(self) -> AbstractContextManager[object]:
        """Gradients take less time where autograd records nothing; a formula of somebody's own may want it to."""
        return nullcontext() if self._objective.energy.closed_form else torch.no_grad()

    def hessian(self, x: np.ndarray) -> np.ndarray:
        """Hess Phi, (d,) -> (d, d), symmetrised."""
        hessian = self._objective.hessian(self._state(x)).detach().double().cpu().numpy().reshape(self.d, self.d)
        return (hessian + hessian.T) / 2

    def product(self, x: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Hess Phi times v, (d,), (d,) -> (d,)."""
        return (
            self._objective.hessian_vector(self._state(x), self._state(v)).detach().double().cpu().numpy().reshape(-1)
        )

    def curvature(self, x: np.ndarray) -> tuple[float, float]:
        """The extreme eigenvalues of hess Phi(x), measured; nan where they cannot be."""
        if self.d <= _DENSE:
            hessian = self.hessian(x)
            spectrum = np.linalg.eigvalsh(hessian) if np.isfinite(hessian).all() else np.array([np.nan])
            return float(spectrum[0]), float(spectrum[-1])
        at = self._state(x)
        times = hessian_products(self._objective, at)[1]

        def product(v: np.ndarray) -> np.ndarray:
            return times(self._state(v)).double().cpu().numpy().reshape(-1)

        try:
            ends = extreme_pairs(product, self.d, 1e-3, unit=float(torch.finfo(self.dtype).eps))
        except (NotFinite, NotConverged):
            return float("nan"), float("nan")
        return ends.low.value, ends.high.value

    def rounding(self, x: np.ndarray, top: float) -> float:
        """How far the computed gradient may be off, a few roundings of its terms; `top` is the largest curvature."""
        terms = top * float(np.linalg.norm(x)) + float(self.start.norm()) / self.gamma
        return float(_ROUNDINGS * torch.finfo(self.dtype).eps * terms)


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


def past_kinks(land: Landscape, found: Minimum) -> Minimum:
    """Where descent leads from a state at which the gradient alone says nothing.

    Args:
        land: Phi.
        found: where descent by gradients ended.

    Returns:
        The state itself where it is stationary, or the dimension is too large to go on.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if land.d > _KINKED or is_stationary(land, found):
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


def _trust_region(land: Landscape, start: np.ndarray) -> np.ndarray | None:
    tight = {"gtol": 1e-13, "maxiter": 1000}
    try:
        if land.d <= _DENSE:
            found = minimize(
                land.value, start, jac=land.gradient, hess=land.hessian, method="trust-exact", options=tight
            )
        else:
            found = minimize(
                land.value, start, jac=land.gradient, hessp=land.product, method="trust-ncg", options=tight
            )
    except NoSecondDerivative:
        raise
    except (ValueError, np.linalg.LinAlgError, UnboundLocalError):  # SciPy's, where what it is given is extreme
        return None
    return np.asarray(found.x, dtype=np.float64)


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
    if land.d <= _DENSE:
        # A Hessian that eigenvalues call positive may still be singular to a factorisation.
        return np.linalg.lstsq(land.hessian(x), land.gradient(x))[0]
    operator = LinearOperator((land.d, land.d), matvec=lambda v: land.product(x, np.ravel(v)), dtype=np.float64)
    return cg(operator, land.gradient(x), rtol=1e-6, maxiter=4 * land.d)[0]
