"""Both extreme eigenpairs of a symmetric operator known by its products alone: Lanczos, with true residuals.

The basis is kept orthogonal to rounding and restarted thickly (Wu and Simon 2000), and Ritz values are looked at in
every step or so: a run ends where it may, not after a whole number of restarts.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eqt_theory.core.budget import look

Product = Callable[[np.ndarray], np.ndarray]

_SMALL = 8  # up to this dimension the matrix is formed from its columns at once,
_DENSE = 2000  # and up to this one where Lanczos takes more products than it has columns
_PRODUCTS = 50_000  # where it may take more than that
_SLACK = 10  # times the residual asked for, that a residual may have
_FEWEST, _FEW = 20, 12  # steps: an extreme eigenvector of which the start has a share that the tolerance would pass
_SHARE = 1e-2  # over, against the usual share 1/sqrt(d), needs the more of them
_LARGEST = 128  # basis,
_BASIS_ENTRIES = 2**26  # and its entries
_KEPT = 0.4  # of a basis, at a restart
_NOISE = 1e-3  # of a product, that lies where a symmetric linear operator leaves nothing
_BLOCK = 2**14


class NotFinite(ValueError):
    """A product was nan or infinite."""


class NotSymmetric(ValueError):
    """The operator has an antisymmetric part; `share` says how large, relative to the whole."""

    def __init__(self, share: float) -> None:
        super().__init__(f"the operator has an antisymmetric part of {share:.1e} of its size")
        self.share = share


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


def extreme_pairs(
    product: Product,
    d: int,
    tolerance: float,
    seed: int = 0,
    unit: float = 2.0**-52,
    skew: float = math.inf,
) -> Ends:
    """The extreme eigenpairs of a symmetric operator H.

    Which eigenvalues are extreme is a measurement: Lanczos can miss one to which the start vector is orthogonal.

    Args:
        product: `v -> H v`, (d,) -> (d,), float64.
        d: the dimension.
        tolerance: residual to stop at, relative to |H|.
        seed: of the start vector.
        unit: unit of rounding of the products.
        skew: relative size of an antisymmetric part that is an error; it is not looked for where infinite.

    Returns:
        The pairs, one vector each.

    Raises:
        NotFinite: a product is nan or infinite.
        NotSymmetric: `|u . (H - H^T) v|` for two random vectors is above `skew`, relative to its terms.
        NotConverged: a residual is more than ten times what was asked for, and above rounding.
    """
    used = 0

    def counted(vector: np.ndarray) -> np.ndarray:
        nonlocal used
        used += 1
        look()
        return product(vector)

    def times(vector: np.ndarray) -> np.ndarray:
        image = counted(vector)
        if not np.isfinite(image.sum()):
            raise NotFinite("a product with the operator is nan or infinite")
        return image

    def pair(vector: np.ndarray) -> Pair:
        vector = vector / math.sqrt(vector @ vector)
        image = times(vector)
        value = float(vector @ image)
        rounding = 4 * math.sqrt(d) * unit * _norm(image)
        return Pair(value, vector, _norm(image - value * vector), rounding)

    def enough(ends: Ends) -> bool:
        norm = max(abs(ends.low.value), abs(ends.high.value))
        return all(p.residual <= _SLACK * tolerance * norm + p.rounding for p in (ends.low, ends.high))

    start = np.random.default_rng(seed).normal(size=d)
    image = times(start)
    if skew < math.inf:
        other = np.random.default_rng([seed, 1]).normal(size=d)
        share = _antisymmetric_share(start, image, other, times(other))
        if share > skew:
            raise NotSymmetric(share)
    size = _norm(image) / _norm(start)  # the root mean square eigenvalue, nearly
    if size == 0:  # almost surely the zero operator
        nothing = pair(start)
        return Ends(nothing, nothing, used)
    best = None
    if d > _SMALL:
        krylov = _Krylov(lambda v: counted(v) / size, start, image / size, unit)
        low, high = krylov.ends(max(tolerance, 4 * unit), d if d <= _DENSE else _PRODUCTS)
        best = Ends(pair(low), pair(high), used)
        if enough(best):
            return best
    if d <= _DENSE:
        columns = np.stack([times(e) for e in np.eye(d)])
        vectors = np.linalg.eigh((columns + columns.T) / 2)[1]
        best = Ends(pair(vectors[:, 0]), pair(vectors[:, -1]), used)
        if enough(best):
            return best
        left = f"a residual of {best.high.residual:.1e} is left"
        raise NotConverged(f"the operator is not symmetric, or not linear: {left}")
    assert best is not None  # d is above _SMALL
    reached = max(best.low.residual, best.high.residual) / max(abs(best.low.value), abs(best.high.value), size)
    raise NotConverged(
        f"Lanczos did not reach the relative residual {tolerance:g} in {used} products, only {reached:.1e}", best
    )


class _Krylov:
    """An orthonormal basis V of a Krylov space, in rows, and the matrix T of H in it."""

    def __init__(self, times: Product, start: np.ndarray, image: np.ndarray, unit: float) -> None:
        d = len(start)
        self.times, self.unit = times, unit
        self.room = min(d, max(_FEWEST, min(_LARGEST, _BASIS_ENTRIES // d)))
        self.rows, self.matrix = np.empty((self.room + 1, d)), np.zeros((self.room + 1, self.room + 1))
        length = float(np.linalg.norm(start))
        self.rows[0], self.first = start / length, image / length
        self.size = self.tied = self.steps = 0  # T is tied to its last row from `tied` on
        self.beta, self.noisy = 0.0, False  # the length of what was left of the last product
        self.norm = 0.0  # of H, from below

    def ends(self, tolerance: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
        """Vectors for the lowest and the highest eigenvalue, as near as that many steps bring them."""
        fewest = _FEWEST if tolerance * math.sqrt(self.rows.shape[1]) > _SHARE else _FEW
        look_at = min(fewest, self.room)
        while True:
            self.step()
            over = self.noisy or self.steps >= steps or self.beta == 0
            if not over and self.size not in (look_at, self.room):
                continue
            values, vectors = np.linalg.eigh(self.matrix[: self.size, : self.size])
            residual = self.beta * float(np.abs(vectors[-1, [0, -1]]).max())
            goal = tolerance * float(np.abs(values).max())
            if over or residual <= goal:
                return vectors[:, 0] @ self.rows[: self.size], vectors[:, -1] @ self.rows[: self.size]
            if self.size == self.room:
                self.restart(values, vectors)
            # Half way to where it would end at the speed so far, and not far.
            ahead = (
                math.log(residual / goal) / max(math.log(self.norm / residual), 0.1) if residual < self.norm else 1.0
            )
            look_at = self.size + max(1, int(self.size * min(ahead / 2, 0.25)))

    def step(self) -> None:
        """One more vector: the product with the last one, less all that lies in the basis."""
        k, rows = self.size, self.rows[: self.size + 1]
        image = self.times(rows[k]) if self.steps else self.first
        near = rows[self.tied :]  # all that a symmetric operator ties it to
        ties = near @ image
        rest = image - ties @ near
        middle, left, before = float(ties[-1]), math.sqrt(rest @ rest), math.inf
        length = math.hypot(left, *ties)
        if not math.isfinite(length):
            raise NotFinite("a product with the operator is nan or infinite")
        while 0 < left < before / 2:  # once at least; what nearly vanishes is not orthogonal after one time
            inside = rows @ rest
            rest -= inside @ rows
            self.noisy |= before == math.inf and math.sqrt(inside @ inside) > _NOISE * length
            middle += float(inside[k])
            before, left = left, math.sqrt(rest @ rest)
        # Where nothing is left the space is invariant, and holds all eigenvalues almost surely.
        self.norm = max(self.norm, length)
        self.beta = left if left > 4 * self.unit * self.norm else 0.0
        if self.beta:
            np.divide(rest, left, out=self.rows[k + 1])
        self.matrix[k, k] = middle
        self.matrix[k, k + 1] = self.matrix[k + 1, k] = self.beta
        self.size, self.tied, self.steps = k + 1, k, self.steps + 1

    def restart(self, values: np.ndarray, vectors: np.ndarray) -> None:
        """Keep Ritz vectors at both ends, and the vector after the basis."""
        kept = int(_KEPT * self.room)
        ends = np.r_[: kept // 2, self.room - (kept - kept // 2) : self.room]
        for block in range(0, self.rows.shape[1], _BLOCK):
            part = self.rows[:, block : block + _BLOCK]
            part[:kept] = vectors[:, ends].T @ part[: self.room]
        self.rows[kept] = self.rows[self.room]
        self.matrix[:] = 0
        self.matrix[:kept, :kept] = np.diag(values[ends])
        self.matrix[kept, :kept] = self.matrix[:kept, kept] = self.beta * vectors[-1, ends]
        self.size, self.tied = kept, 0


def _antisymmetric_share(v: np.ndarray, Hv: np.ndarray, u: np.ndarray, Hu: np.ndarray) -> float:  # noqa: N803
    """`|u . (H - H^T) v|`, relative to the terms that it is made of."""
    size = _norm(Hu) * _norm(v) + _norm(Hv) * _norm(u)
    return abs(float((Hu / size) @ v - (Hv / size) @ u)) if size else 0.0


def _norm(x: np.ndarray) -> float:
    """The Euclidean norm, of numbers whose squares under- or overflow too."""
    with np.errstate(over="ignore", under="ignore"):
        square = float(x @ x)
    if 1e-200 < square < 1e200:
        return math.sqrt(square)
    largest = float(np.abs(x).max())
    return largest * float(np.linalg.norm(x / largest)) if largest > 0 else 0.0
