"""`measure_jacobian`: three numbers of a map's Jacobian at a state, each with an interval, by products alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigs, eigsh
from torch import Tensor

from eqt_theory.core.annotated import Positive, Seed, checked
from eqt_theory.core.budget import Budget, OverBudget, Told, budget, stage
from eqt_theory.core.display import table
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.ambient import in_standard_torch
from eqt_theory.energies.arguments import require_one
from eqt_theory.evidence.lanczos import NotFinite, Pair
from eqt_theory.evidence.operators.measured import Array, Counted, Measured, Operator, roundings
from eqt_theory.evidence.operators.search import UNSTEADY, undirected, unsteady
from eqt_theory.operators.affine import as_map
from eqt_theory.operators.fixed_point import FixedPoint

_DENSE = 256
"""Dimension up to which the Jacobian is formed; never above."""
_POWERS, _FEW_POWERS = (1, 2, 6), (1, 2)
"""|J^k|^(1/k) bounds the spectral radius for each k (Gelfand 1941)."""
_SUBSPACE = 40
_RESTARTS, _FEW_RESTARTS = 15, 4
_LARGE = 2000
"""Dimension above which fewer restarts are spent, and the intervals are as wide as that leaves them."""
_SHIFT = 1.618
_TOLERANCES = {torch.float64: 1e-7, torch.float32: 1e-4}
_ROUGH = 1e-3
_SAFETY = 8


@checked
@dataclass(frozen=True)
class JacobianEstimate:
    """What was measured of the Jacobian J of a map at a state.

    Args:
        spectral_radius: the largest |eigenvalue| of J. Far from normal an eigenvalue is ill determined, and the
            interval is as wide as that makes it.
        norm: the largest singular value, the slope of the map.
        symmetric_min: the least eigenvalue of (J + J^T)/2, the modulus of monotonicity.
        dim: d.
        products: how many products with J and J^T it took.
        note: whether the seconds were over before it was done; a value is then nan or the most extreme one seen, and
            its interval says what that shows.
    """

    spectral_radius: Measured
    norm: Measured
    symmetric_min: Measured
    dim: int
    products: int
    note: str = ""

    def _repr_html_(self) -> str:
        """For notebooks."""
        return table(
            {
                "spectral radius": repr(self.spectral_radius),
                "norm": repr(self.norm),
                "least eigenvalue of the symmetric part": repr(self.symmetric_min),
                "dimension": str(self.dim),
                "products": str(self.products),
                "note": self.note,
            }
        )


@checked
@in_standard_torch
def measure_jacobian(
    T: FixedPoint | Callable[..., Tensor] | Tensor,  # noqa: N803
    at: Tensor,
    seed: Seed = 0,
    *,
    seconds: Positive | None = None,
    progress: Told | None = None,
) -> JacobianEstimate:
    """Measure the Jacobian of a map at a state: spectral radius, norm, least eigenvalue of the symmetric part.

    Up to 256 dimensions the matrix is formed; above, Lanczos and Arnoldi iterations take products with J and J^T only,
    by `torch.autograd`, so that 10^6 dimensions fit.

    Args:
        T: the map, as a `FixedPoint`, a function (d,) -> (d,) or a matrix.
        at: the state, shape (d,), float64 or float32.
        seed: of the start vectors.
        seconds: after which it gives what it has, with a note; None is no limit.
        progress: is told how far it is, a line about once a second.

    Returns:
        The estimate; each number with an interval.

    Raises:
        UsageError: no map, another shape than (d,), what the map raised, or a product that is not finite.
    """
    map_ = as_map(T)
    if not isinstance(at, Tensor) or at.ndim != 1 or not len(at) or not at.is_floating_point():
        raise UsageError(f"at must be a floating-point tensor of shape (d,), got {getattr(at, 'shape', type(at))}")
    require_one("map", map_.batch_shape)
    at = map_.checked(at, "at")
    if not bool(torch.isfinite(at).all()):
        raise UsageError("at must be finite, got nan or inf")
    if unsteady(map_, at.unsqueeze(0)):
        raise UsageError(f"T must be a map, but {UNSTEADY}")
    if undirected(map_, at.detach().unsqueeze(0), torch.Generator().manual_seed(seed)):
        raise UsageError(
            "T must be differentiable by torch, but its derivatives by autograd are not those of its images: a map "
            "that goes through detach, no_grad or NumPy has none"
        )
    counted = Counted(map_, at)
    try:
        with budget(seconds, progress) as own:
            return _within(own, counted, at, seed)
    except NotFinite as error:
        raise UsageError(f"the Jacobian of T must be finite at the state; {error}") from error


def _within(own: Budget, J: Counted, at: Tensor, seed: int) -> JacobianEstimate:  # noqa: N803
    try:
        if len(at) <= _DENSE:
            return _dense(J, len(at), torch.finfo(at.dtype).eps)
        return _iterated(J, len(at), at.dtype, seed)
    except OverBudget as over:
        if over.budget is not own:
            raise
        return _cut_off(J, len(at), str(over))


def _cut_off(J: Counted, d: int, reason: str) -> JacobianEstimate:  # noqa: N803
    """What the products show that there was time for."""
    unknown = Measured(math.nan, 0.0, math.inf, False)
    low = J.lowest if math.isfinite(J.lowest) else math.nan
    norm = Measured(J.largest, J.largest, math.inf, False)
    note = f"not finished: {reason}; {J.used} products"
    return JacobianEstimate(unknown, norm, Measured(low, -math.inf, J.lowest, False), d, J.used, note)


def _dense(J: Counted, d: int, unit: float) -> JacobianEstimate:  # noqa: N803
    stage("forming the Jacobian", d)
    matrix = np.stack([J.back(e) for e in np.eye(d)])
    if not np.isfinite(matrix).all():
        raise NotFinite("an entry is nan or infinite")
    top = float(np.linalg.norm(matrix, 2))
    # Products are right up to a few units in the last place of their size; so are the factorisations (Higham 2002).
    slack = _SAFETY * d * unit * top
    lowest = float(np.linalg.eigvalsh(matrix / 2 + matrix.T / 2)[0])
    values, vectors = np.linalg.eig(matrix)
    radius = float(np.abs(values).max())
    half = min(_bauer_fike(vectors, slack), _elsner(d, top, slack))
    return JacobianEstimate(
        Measured(radius, max(radius - half, 0.0), min(radius + half, top + slack), True),
        Measured(top, max(top - slack, 0.0), top + slack, True),
        Measured(lowest, lowest - slack, lowest + slack, True),
        d,
        J.used,
    )


def _bauer_fike(vectors: Array, error: float) -> float:
    """How far eigenvalues can move, from the condition of the eigenvectors (Bauer and Fike 1960)."""
    singular = np.linalg.svd(vectors, compute_uv=False)
    # The vectors are computed ones; where they are nearly dependent nothing follows from them.
    condition = math.inf if singular[-1] <= 1e-7 * singular[0] else float(singular[0] / singular[-1])
    return 4 * condition * error


def _elsner(d: int, size: float, error: float) -> float:
    """How far eigenvalues can move, whatever the matrix: (2 |J| + e)^(1 - 1/d) e^(1/d) (Elsner 1985)."""
    return float((2 * size + error) ** (1 - 1 / d) * error ** (1 / d)) if size > 0 else 0.0


def _iterated(J: Counted, d: int, dtype: torch.dtype, seed: int) -> JacobianEstimate:  # noqa: N803
    unit, tolerance = torch.finfo(dtype).eps, _TOLERANCES.get(dtype, 1e-4)
    powers = _POWERS if d <= _LARGE else _FEW_POWERS
    scale = _power_of_two(J, d, seed)
    part = _Scaled(lambda v: J.forward(v) / scale, lambda v: J.back(v) / scale)
    stage("measuring norms")
    bounds = [(k, _norm_of_power(part, d, k, tolerance if k == 1 else _ROUGH, seed, unit)) for k in powers]
    ceiling = min(float(bound.high) ** (1 / k) for k, bound in bounds)
    stage("measuring the spectral radius")
    radius = _radius(part, d, tolerance, seed, ceiling)
    stage("measuring the symmetric part")
    least = _symmetric(part, d, tolerance, seed, unit)

    def whole(x: Measured) -> Measured:
        return Measured(scale * x, scale * x.low, scale * x.high, False)

    return JacobianEstimate(whole(radius), whole(bounds[0][1]), whole(least), d, J.used)


@dataclass(frozen=True)
class _Scaled:
    """Products with J and J^T over a number, since squares of what J alone gives may leave the range of floats."""

    forward: Operator
    back: Operator


def _power_of_two(J: Counted, d: int, seed: int) -> float:  # noqa: N803
    """About the size of J, by the largest entry of one product; a power of two, by which nothing is rounded."""
    start = np.random.default_rng(seed).normal(size=d)
    size = float(np.abs(J.forward(start)).max() / np.abs(start).max())
    if not math.isfinite(size):
        raise NotFinite("a product with the Jacobian is nan or infinite")
    return math.ldexp(1.0, math.frexp(size)[1] - 1) if size else 1.0


def _symmetric(J: _Scaled, d: int, tolerance: float, seed: int, unit: float) -> Measured:  # noqa: N803
    """The least eigenvalue of the symmetric part; its rounding is that of J v and J^T v, which may cancel."""
    low = _top(lambda v: -(J.forward(v) + J.back(v)) / 2, d, tolerance, seed, unit)
    size = float(np.linalg.norm(J.forward(low.vector)) + np.linalg.norm(J.back(low.vector)))
    rounding = low.rounding + roundings(d, unit) * size / 2
    return Measured(-low.value, -low.value - low.residual - rounding, -low.value + rounding, False)


def _norm_of_power(J: _Scaled, d: int, k: int, tolerance: float, seed: int, unit: float) -> Measured:  # noqa: N803
    """|J^k|, from the top of its Gram matrix; its interval allows for an eigenvalue within the residual."""

    def product(v: Array) -> Array:
        for _ in range(k):
            v = J.forward(v)
        for _ in range(k):
            v = J.back(v)
        return v

    top = _top(product, d, tolerance, seed, unit)
    square, rounding = max(top.value, 0.0), k * top.rounding
    low, high = math.sqrt(max(square - rounding, 0.0)), math.sqrt(square + top.residual + rounding)
    return Measured(math.sqrt(square), low, high, False)


def _top(product: Operator, d: int, tolerance: float, seed: int, unit: float) -> Pair:
    """The largest eigenvalue of a symmetric operator, shifted so that ARPACK's start does not lose a kernel."""

    def times(v: Array) -> Array:
        image = product(v.reshape(-1))
        if not np.isfinite(image.sum()):
            raise NotFinite("a product with the Jacobian is nan or infinite")
        return image

    start = np.random.default_rng(seed).normal(size=d)
    size = float(np.linalg.norm(times(start)) / np.linalg.norm(start))
    vector = start
    if size > 0:
        operator = LinearOperator((d, d), matvec=lambda v: times(v) / size + _SHIFT * v.reshape(-1), dtype=np.float64)
        try:
            vectors = eigsh(operator, 1, which="LA", tol=tolerance, v0=start, ncv=_SUBSPACE, maxiter=_restarts(d))[1]
        except ArpackNoConvergence as error:
            vectors = error.eigenvectors
        except ArpackError as error:
            raise UsageError(f"the Jacobian of T could not be measured: {error}") from error
        vector = vectors[:, 0] if vectors.shape[1] else _powered(operator, start)
    vector = vector / np.linalg.norm(vector)
    image = times(vector)
    value = float(vector @ image)
    rounding = roundings(d, unit) * float(np.linalg.norm(image))
    return Pair(value, vector, float(np.linalg.norm(image - value * vector)), rounding)


def _restarts(d: int) -> int:
    return _RESTARTS if d <= _LARGE else _FEW_RESTARTS


def _powered(operator: LinearOperator, v: Array) -> Array:
    """The start after power iteration, where Lanczos did not end: its residual will say how far it is."""
    for _ in range(_SUBSPACE):
        v = operator.matvec(v)
        v = v / np.linalg.norm(v)
    return v


def _radius(J: _Scaled, d: int, tolerance: float, seed: int, ceiling: float) -> Measured:  # noqa: N803
    """The spectral radius by Arnoldi, its lower end from the residual and the condition of the eigenvalue."""
    right, left = (_dominant(product, d, tolerance, seed) for product in (J.forward, J.back))
    if right is None:
        return Measured(min(ceiling, math.inf), 0.0, ceiling, False)
    value, vector = right
    residual = float(np.linalg.norm(_complex(J.forward, vector) - value * vector)) + tolerance * 1e-3 * abs(value)
    radius, overlap = abs(value), 0.0
    if left is not None and abs(left[0] - value) <= 1e3 * (residual + tolerance * radius):
        overlap = abs(complex(np.vdot(left[1].conj(), vector)))
    elif left is not None and abs(left[0] - value.conjugate()) <= 1e3 * (residual + tolerance * radius):
        overlap = abs(complex(np.vdot(left[1], vector)))
    # To first order an eigenvalue lies within residual/|y* x|; without a left vector nothing is known from below.
    half = _SAFETY * residual / overlap if overlap > 1e-6 else math.inf
    return Measured(min(radius, ceiling), max(radius - half, 0.0), ceiling, False)


def _dominant(product: Operator, d: int, tolerance: float, seed: int) -> tuple[complex, Array] | None:
    """The eigenvalue of largest modulus that Arnoldi finds, and a unit vector; None where it finds none."""
    start = np.random.default_rng(seed).normal(size=d)
    operator = LinearOperator((d, d), matvec=lambda v: product(v.reshape(-1).real), dtype=np.float64)
    try:
        values, vectors = eigs(operator, 2, which="LM", v0=start, tol=tolerance, ncv=_SUBSPACE, maxiter=_restarts(d))
    except ArpackNoConvergence as error:
        values, vectors = error.eigenvalues, error.eigenvectors
    except ArpackError:
        return None
    if not len(values):
        return None
    best = int(np.abs(values).argmax())
    return complex(values[best]), vectors[:, best] / np.linalg.norm(vectors[:, best])


def _complex(product: Operator, v: Array) -> Array:
    return product(np.real(v)) + 1j * product(np.imag(v))
