"""Extreme Hessian eigenvalues at given states: dense, by Lanczos on Hessian-vector products, or for a batch."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.annotated import Positive, Seed, checked, shown
from eqt_theory.core.budget import Budget, OverBudget, Told, budget, look, stage
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.lanczos import NotConverged, NotFinite, NotSymmetric, extreme_pairs
from eqt_theory.evidence.products import hessian_products, require_derivative
from eqt_theory.evidence.slopes import slope_differs_at

_DENSE_LIMIT = 256  # below this the whole spectrum costs less than a Lanczos run
_LARGEST = 2000  # above this no Hessian is formed
_BATCH_ENTRIES = 2**24  # Hessian entries held at once
_SKEW = 1e5  # units of rounding, relative to its size, that the antisymmetric part of a Hessian may have
_TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-5}


class Eigenvalue(float):
    """A measured eigenvalue: a float with the interval that its residual allows.

    `residual` is `|H v - theta v|` for the unit vector `direction` v and the value theta, plus the rounding error of
    its evaluation; an eigenvalue of H lies in `[low, high] = theta -+ residual`, for certain up to rounding in H
    itself. Whether it is the extreme one is a measurement where the estimate comes from Lanczos.
    """

    residual: float
    direction: Tensor

    def __new__(cls, value: float, residual: float, direction: Tensor) -> "Eigenvalue":
        self = super().__new__(cls, value)
        self.residual, self.direction = residual, direction
        return self

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return float(self) - self.residual

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return float(self) + self.residual

    def __repr__(self) -> str:
        return f"{float(self):.10g} +- {self.residual:.1e}"


@dataclass(frozen=True)
class Eigenvalues:
    """Measured eigenvalues of a batch of Hessians.

    Args:
        values: shape (...).
        residuals: half-widths of the intervals that hold an eigenvalue each, shape (...).
    """

    values: Tensor
    residuals: Tensor

    @property
    def low(self) -> Tensor:
        """The lower ends of the intervals, shape (...)."""
        return self.values - self.residuals

    @property
    def high(self) -> Tensor:
        """The upper ends of the intervals, shape (...)."""
        return self.values + self.residuals


@checked
@dataclass(frozen=True)
class CurvatureEstimate:
    """Extreme eigenvalues of the Hessian at a state, or at each state of a batch. A measurement, not a bound.

    Args:
        lambda_min: the smallest: an Eigenvalue at one state, Eigenvalues for a batch.
        lambda_max: the largest, likewise.
        method: "dense" or "lanczos", and whether its seconds were over.
        products: Hessian-vector products used; 0 for dense.
    """

    lambda_min: Eigenvalue | Eigenvalues
    lambda_max: Eigenvalue | Eigenvalues
    method: str
    products: int = 0

    def _repr_html_(self) -> str:
        """For notebooks."""
        used = f"{self.method}, {self.products} Hessian-vector products" if self.products else self.method
        return table(
            {
                "smallest eigenvalue": str(self.lambda_min),
                "largest eigenvalue": str(self.lambda_max),
                "measured by": used,
            }
        )


@checked
@in_standard_torch
def measure_curvature(
    objective: Energy,
    at: Tensor,
    *,
    method: str | None = None,
    tolerance: float | None = None,
    seed: Seed = 0,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> CurvatureEstimate:
    """Measure the smallest and largest eigenvalue of the Hessian.

    Dense for small d and for batches up to d = 2000; Lanczos (both ends in one run) on Hessian-vector products
    otherwise: vector-Jacobian products of the gradient, which is evaluated once.

    Args:
        objective: an Energy or Objective.
        at: a state, shape (d,), or a batch, shape (..., d).
        method: "dense", up to d = 2000, or "lanczos", for one state; by size if None.
        tolerance: residual at which Lanczos stops, relative to the norm of the Hessian; 1e-9, or 1e-5 in float32, if
            None.
        seed: of the Lanczos start vector.
        seconds: after which Lanczos gives up, and both ends are the most extreme seen, with an infinite residual; None
            is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        The estimate.

    Raises:
        UsageError: the state does not fit, is not finite, the method is unknown or dense in too many dimensions, or
            the Hessian is not finite or not symmetric: then `gradient` is the gradient of no function; or, at one
            state, gradient and value disagree.
        RuntimeError: Lanczos did not come near the residual asked for.
    """
    at = objective.checked(at, "at").detach()
    objective.require_parameters()
    if at.shape[-1] == 0:
        raise UsageError(f"at must have shape (..., d) with d at least 1, got {tuple(at.shape)}")
    if not bool(torch.isfinite(at).all()):
        raise UsageError("at must be finite, got nan or inf")
    if not bool(objective.within(at).all()):
        raise UsageError("at must lie in the domain of the energy, got a state outside of it")
    if method not in (None, "dense", "lanczos"):
        raise UsageError(f"method must be 'dense' or 'lanczos', got {shown(method)}")
    if tolerance is None:
        tolerance = _TOLERANCES.get(at.dtype, 1e-2)
    if not 0 < tolerance < 1:
        raise UsageError(f"tolerance must lie between 0 and 1, got {tolerance!r}")
    d = at.shape[-1]
    if method == "dense" and d > _LARGEST:
        raise UsageError(f"method must be 'lanczos' above d = {_LARGEST}, got 'dense' for d = {d}")
    if at.ndim > 1:
        if method == "lanczos":
            raise UsageError(f"lanczos measures one state, shape (d,), got {tuple(at.shape)}")
        return _batch(objective, at) if d <= _LARGEST else _one_by_one(objective, at, tolerance, seed)
    if method == "dense" or (method is None and d <= _DENSE_LIMIT):
        return _dense(objective, at)
    with budget(seconds, progress) as own:
        return _lanczos(objective, at, tolerance, seed, own)


def _dense(objective: Energy, at: Tensor) -> CurvatureEstimate:
    _require_none(slope_differs_at(objective, at, objective.gradient(at)))
    hessian = _symmetric(objective.hessian(at))
    require_derivative(objective, at, lambda v: (hessian @ v.double()).to(v))
    values, vectors = torch.linalg.eigh(hessian)
    rounding = _rounding(hessian)

    def extreme(index: int) -> Eigenvalue:
        v = vectors[:, index]
        residual = float((hessian @ v - values[index] * v).norm())
        return Eigenvalue(float(values[index]), residual + float(rounding), v)

    return CurvatureEstimate(extreme(0), extreme(-1), "dense")


def _batch(objective: Energy, at: Tensor) -> CurvatureEstimate:
    batch, d = at.shape[:-1], at.shape[-1]
    flat = at.reshape(-1, d)
    whole = objective.expand(batch)
    size = max(1, _BATCH_ENTRIES // (d * d))
    ends: list[tuple[Tensor, ...]] = []
    for start in range(0, flat.shape[0], size):
        look()
        index = torch.arange(start, min(start + size, flat.shape[0]), device=at.device)
        hessian = _symmetric(whole.select(index).hessian(flat[index]))
        if start == 0:  # whether torch follows a gradient is the same at all states
            one = whole.select(index[:1])
            require_derivative(one, flat[:1], lambda v, H=hessian[0]: (v.double() @ H).to(v))
        values, vectors = torch.linalg.eigh(hessian)
        residuals = (hessian @ vectors - vectors * values.unsqueeze(-2)).norm(dim=-2) + _rounding(hessian).unsqueeze(-1)
        ends.append((values[:, 0], residuals[:, 0], values[:, -1], residuals[:, -1]))
    if not ends:
        empty = torch.empty(batch, dtype=torch.float64, device=at.device)
        return CurvatureEstimate(Eigenvalues(empty, empty), Eigenvalues(empty, empty), "dense")
    low, low_error, high, high_error = (torch.cat(part).reshape(batch) for part in zip(*ends, strict=True))
    return CurvatureEstimate(Eigenvalues(low, low_error), Eigenvalues(high, high_error), "dense")


def _rounding(hessian: Tensor) -> Tensor:
    """A bound on the rounding error of a residual: a few units in the last place of |H|, times d."""
    return 4 * hessian.shape[-1] * torch.finfo(torch.float64).eps * hessian.abs().sum(-1).amax(-1)


def _symmetric(hessian: Tensor) -> Tensor:
    """The Hessians in float64, shape (..., d, d), if they are finite and symmetric up to rounding."""
    unit, hessian = torch.finfo(hessian.dtype).eps, hessian.detach().double()
    if not bool(torch.isfinite(hessian).all()):
        raise UsageError("the Hessian must be finite at the state, got nan or inf")
    skew, size = (x.abs().amax((-2, -1)) for x in (hessian - hessian.mT, hessian))
    if bool((skew > 2 * _SKEW * unit * size).any()):
        raise _no_gradient(float((skew / (2 * size).clamp_min(torch.finfo(torch.float64).tiny)).max()))
    return (hessian + hessian.mT) / 2


def _one_by_one(objective: Energy, at: Tensor, tolerance: float, seed: int) -> CurvatureEstimate:
    batch = at.shape[:-1]
    flat, whole = at.reshape(-1, at.shape[-1]), objective.expand(batch)
    found = []
    for i in range(len(flat)):
        one = whole.select(torch.tensor([i], device=at.device))
        found.append(_lanczos(one, flat[i : i + 1], tolerance, seed))

    def ends(name: str) -> Eigenvalues:
        each = [getattr(estimate, name) for estimate in found]
        values, residuals = ([float(e) for e in each], [e.residual for e in each])
        like = {"dtype": torch.float64, "device": at.device}
        return Eigenvalues(torch.tensor(values, **like).reshape(batch), torch.tensor(residuals, **like).reshape(batch))

    return CurvatureEstimate(ends("lambda_min"), ends("lambda_max"), "lanczos", sum(e.products for e in found))


def _lanczos(
    objective: Energy, at: Tensor, tolerance: float, seed: int, own: Budget | None = None
) -> CurvatureEstimate:
    gradient, product = hessian_products(objective, at)
    if at.ndim == 1:
        _require_none(slope_differs_at(objective, at, gradient))

    seen: list[tuple[float, np.ndarray]] = []

    def times(vector: np.ndarray) -> np.ndarray:
        image = product(torch.from_numpy(vector).to(at).reshape(at.shape)).reshape(-1).double().cpu().numpy()
        if own is not None and own.seconds is not None:
            _keep_extremes(seen, vector, image)
        return image

    d, unit = at.shape[-1], torch.finfo(at.dtype).eps
    try:
        stage("taking products with the Hessian")
        ends = extreme_pairs(times, d, tolerance, seed, unit, _SKEW * unit)
    except OverBudget as over:
        if over.budget is not own:
            raise
        return _cut_off(seen, at, str(over))
    except NotFinite as error:
        raise UsageError("the Hessian must be finite at the state, got nan or inf") from error
    except NotSymmetric as error:
        raise _no_gradient(error.share) from error
    except NotConverged as error:
        raise RuntimeError(f"{error}; (a) loosen tolerance, or (b) use method='dense'") from error
    low, high = (
        Eigenvalue(p.value, p.residual + p.rounding, torch.from_numpy(p.vector)) for p in (ends.low, ends.high)
    )
    return CurvatureEstimate(low, high, "lanczos", ends.products)


def _keep_extremes(seen: list[tuple[float, np.ndarray]], vector: np.ndarray, image: np.ndarray) -> None:
    """Keep the directions of the least and the greatest curvature among those that products were taken with."""
    square = float(vector @ vector)
    value = float(vector @ image) / square if square > 0 else math.nan
    if math.isfinite(value):
        seen.append((value, vector / math.sqrt(square)))
        ends = [min(seen, key=lambda one: one[0]), max(seen, key=lambda one: one[0])]
        seen[:] = ends


def _cut_off(seen: list[tuple[float, np.ndarray]], at: Tensor, reason: str) -> CurvatureEstimate:
    ends = seen or [(math.nan, np.zeros(at.shape[-1]))] * 2
    low, high = (Eigenvalue(value, math.inf, torch.from_numpy(v)) for value, v in (ends[0], ends[-1]))
    return CurvatureEstimate(low, high, f"lanczos, not finished: {reason}")


def _require_none(apart: str) -> None:
    if apart:
        raise UsageError(apart)


def _no_gradient(share: float) -> UsageError:
    return UsageError(
        f"the Jacobian of gradient must be symmetric, got an antisymmetric part of {share:.1e} of its size: "
        "gradient is not the gradient of any function"
    )
