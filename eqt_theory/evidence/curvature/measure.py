"""Extreme Hessian eigenvalues at given states: dense, by Lanczos on Hessian-vector products, or for a batch."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh
from torch import Tensor

from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.base import Energy

_DENSE_LIMIT = 256  # below this the whole spectrum costs less than a Lanczos run
_BATCH_ENTRIES = 2**24  # Hessian entries held at once


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


@dataclass(frozen=True)
class CurvatureEstimate:
    """Extreme eigenvalues of the Hessian at a state, or at each state of a batch. A measurement, not a bound.

    Args:
        lambda_min: the smallest: an Eigenvalue at one state, Eigenvalues for a batch.
        lambda_max: the largest, likewise.
        method: "dense" or "lanczos".
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


@in_standard_torch
def measure_curvature(
    objective: Energy, at: Tensor, *, method: str | None = None, tolerance: float = 1e-9, seed: int = 0
) -> CurvatureEstimate:
    """Measure the smallest and largest eigenvalue of the Hessian.

    Dense for small d and for batches; Lanczos (SciPy `eigsh`, both ends in one run) on Hessian-vector products
    otherwise, with the derivative of the gradient linearised once.

    Args:
        objective: an Energy or Objective.
        at: a state, shape (d,), or a batch, shape (..., d).
        method: "dense" or "lanczos"; default by size. A batch is always dense.
        tolerance: relative residual at which Lanczos stops.
        seed: of the Lanczos start vector.

    Returns:
        The estimate.

    Raises:
        UsageError: the state does not fit, is not finite, or the method is unknown.
        RuntimeError: Lanczos did not converge.
    """
    at = objective.checked(at, "at").detach()
    if not bool(torch.isfinite(at).all()):
        raise UsageError("at must be finite, got nan or inf")
    if method not in (None, "dense", "lanczos"):
        raise UsageError(f"method must be 'dense' or 'lanczos', got {method!r}")
    if not 0 < tolerance < 1:
        raise UsageError(f"tolerance must lie between 0 and 1, got {tolerance!r}")
    if at.ndim > 1:
        if method == "lanczos":
            raise UsageError(f"lanczos measures one state, shape (d,), got {tuple(at.shape)}")
        return _batch(objective, at)
    if method == "dense" or (method is None and at.shape[-1] <= _DENSE_LIMIT):
        return _dense(objective, at)
    return _lanczos(objective, at, tolerance, seed)


def _dense(objective: Energy, at: Tensor) -> CurvatureEstimate:
    hessian = objective.hessian(at).detach().double()
    _require_finite(hessian)
    hessian = (hessian + hessian.mT) / 2
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
        index = torch.arange(start, min(start + size, flat.shape[0]), device=at.device)
        hessian = whole.select(index).hessian(flat[index]).detach().double()
        _require_finite(hessian)
        hessian = (hessian + hessian.mT) / 2
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


def _require_finite(hessian: Tensor) -> None:
    if not bool(torch.isfinite(hessian).all()):
        raise UsageError("the Hessian must be finite at the state, got nan or inf")


def _lanczos(objective: Energy, at: Tensor, tolerance: float, seed: int) -> CurvatureEstimate:
    d = at.shape[-1]
    with warnings.catch_warnings():
        # Torch folds constants while it traces and warns about its own bookkeeping and its own use of torch.jit.
        warnings.filterwarnings("ignore", message=r"`torch\.jit", category=DeprecationWarning)
        warnings.filterwarnings("ignore", message="Attempted to insert a get_attr Node", category=UserWarning)
        _, product = torch.func.linearize(objective.gradient, at)
    products = 0

    def times(vector: np.ndarray) -> np.ndarray:
        nonlocal products
        products += 1
        image = product(torch.from_numpy(np.ascontiguousarray(vector.reshape(-1))).to(at)).detach()
        return image.double().cpu().numpy()

    start = np.random.default_rng(seed).normal(size=d)
    probe = times(start)
    if not np.isfinite(probe).all():
        raise UsageError("the Hessian must be finite at the state, got nan or inf")
    operator = LinearOperator((d, d), matvec=times, dtype=np.float64)
    try:
        _, vectors = eigsh(operator, k=2, which="BE", tol=tolerance, v0=start)
    except ArpackNoConvergence:
        try:  # a cluster at an end: a larger subspace separates it
            _, vectors = eigsh(operator, k=2, which="BE", tol=tolerance, v0=start, ncv=min(d, 120), maxiter=20 * d)
        except ArpackNoConvergence as error:
            raise RuntimeError(
                f"Lanczos did not reach the relative residual {tolerance} in {products} products; "
                "(a) loosen tolerance, or (b) use method='dense'"
            ) from error
    unit = torch.finfo(at.dtype).eps

    def extreme(vector: np.ndarray) -> Eigenvalue:
        vector = vector / np.linalg.norm(vector)
        image = times(vector)
        value = float(vector @ image)
        residual = float(np.linalg.norm(image - value * vector))
        error = 4 * math.sqrt(d) * unit * float(np.linalg.norm(image))
        return Eigenvalue(value, residual + error, torch.from_numpy(vector.copy()))

    ends = sorted((extreme(vectors[:, i]) for i in range(2)), key=float)
    return CurvatureEstimate(ends[0], ends[-1], "lanczos", products)
