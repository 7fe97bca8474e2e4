"""Both extreme eigenpairs of a symmetric operator known by its products alone: Lanczos, with true residuals."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

from eqt_theory.core.budget import look

Product = Callable[[np.ndarray], np.ndarray]

_SMALL = 8  # up to this dimension the matrix is formed from its columns at once,
_DENSE = 2000  # and up to this one where Lanczos takes more products than it has columns
_RESTARTS = 1000
_SLACK = 10  # times the residual asked for, that a residual may have
_BASIS_ENTRIES = 2**26  # of the larger subspace
_SHIFTS = ((1.618, None), (11.3, 120))
"""Multiples of the root mean square eigenvalue, and sizes of the subspace, that are tried in turn."""


class NotFinite(ValueError):
    """A product was nan or infinite."""


class NotConverged(RuntimeError):
    """The residual stayed far above what was asked for; `ends` are the pairs that it was reached with, if any."""

    def __init__(self, message: str, ends: "Ends | None" = None) -> None:
        super().__init__(message)
        self.ends = ends


@dataclass(frozen=True, eq=False)
class Pair:
    """An approximate eigenpair.

    Args:
        value: `v . H v`.
        vector: v, a unit vector, shape (d,).
        residual: `|H v - value v|`, computed by one more product.
        rounding: how far the product may be off; an eigenvalue lies within `residual + rounding` of the value.
    """

    value: float
    vector: np.ndarray
    residual: float
    rounding: float


@dataclass(frozen=True, eq=False)
class Ends:
    """The lowest and the highest eigenpair found, and what they cost."""

    low: Pair
    high: Pair
    products: int


def extreme_pairs(product: Product, d: int, tolerance: float, seed: int = 0, unit: float = 2.0**-52) -> Ends:
    """The extreme eigenpairs of a symmetric operator H.

    ARPACK takes its start vector into the range of the operator, where it never sees a kernel; so it is given
    `H + s I`, s about as large as the eigenvalues are. Which eigenvalues are extreme is a measurement: Lanczos can
    miss one to which the start vector is orthogonal.

    Args:
        product: `v -> H v`, (d,) -> (d,), float64.
        d: the dimension.
        tolerance: residual to stop at, relative to |H|.
        seed: of the start vector.
        unit: unit of rounding of the products.

    Returns:
        The pairs, one vector each.

    Raises:
        NotFinite: a product is nan or infinite.
        NotConverged: a residual is more than ten times what was asked for, and above rounding.
    """
    used = 0

    def times(vector: np.ndarray) -> np.ndarray:
        nonlocal used
        used += 1
        look()
        image = product(vector)
        if not np.isfinite(image.sum()):
            raise NotFinite("a product with the operator is nan or infinite")
        return image

    def pair(vector: np.ndarray) -> Pair:
        vector = vector / np.linalg.norm(vector)
        image = times(vector)
        value = float(vector @ image)
        rounding = 4 * math.sqrt(d) * unit * _norm(image)
        return Pair(value, vector, _norm(image - value * vector), rounding)

    def dense() -> Ends:
        columns = np.stack([times(e) for e in np.eye(d)])
        vectors = np.linalg.eigh((columns + columns.T) / 2)[1]
        low, high = pair(vectors[:, 0]), pair(vectors[:, -1])
        norm = max(abs(low.value), abs(high.value))
        if any(p.residual > _SLACK * tolerance * norm + p.rounding for p in (low, high)):
            raise NotConverged(
                f"the operator is not symmetric, or not linear: a residual of {high.residual:.1e} is left"
            )
        return Ends(low, high, used)

    if d <= _SMALL:
        return dense()
    start = np.random.default_rng(seed).normal(size=d)
    size = _norm(times(start)) / _norm(start)  # the root mean square eigenvalue, nearly
    if size == 0:  # almost surely the zero operator
        nothing = pair(start)
        return Ends(nothing, nothing, used)
    worst, best = math.inf, None
    restarts = _RESTARTS if d > _DENSE else max(10, d // 9)
    for shift, subspace in _SHIFTS if d > _DENSE else _SHIFTS[:1]:
        operator = LinearOperator(
            (d, d), matvec=lambda v, s=shift: times(v := v.reshape(-1)) / size + s * v, dtype=np.float64
        )
        ncv = None if subspace is None else min(d, max(20, min(subspace, _BASIS_ENTRIES // d)))
        try:
            vectors = eigsh(operator, k=2, which="BE", tol=tolerance, v0=start, ncv=ncv, maxiter=restarts)[1]
        except ArpackNoConvergence as error:
            vectors = error.eigenvectors
        except ArpackError:
            continue
        if vectors.shape[1] < 2:
            continue
        low, high = sorted((pair(vectors[:, i]) for i in range(2)), key=lambda p: p.value)
        norm = max(abs(low.value), abs(high.value), size)
        residual = max(low.residual, high.residual) / norm
        if residual < worst:
            worst, best = residual, Ends(low, high, used)
        if all(p.residual <= _SLACK * tolerance * norm + p.rounding for p in (low, high)):
            return Ends(low, high, used)
    if d <= _DENSE:
        return dense()
    reached = "" if worst == math.inf else f", only {worst:.1e}"
    raise NotConverged(f"Lanczos did not reach the relative residual {tolerance:g} in {used} products{reached}", best)


def _norm(x: np.ndarray) -> float:
    """The Euclidean norm, of numbers whose squares under- or overflow too."""
    largest = float(np.abs(x).max())
    return largest * float(np.linalg.norm(x / largest)) if largest > 0 else 0.0
