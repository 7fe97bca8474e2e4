"""Descent where a function is kinked, and a gradient says nothing of a state: by hulls of the gradients around it."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import qr, qr_delete, qr_insert, solve_triangular
from scipy.optimize import nnls

from eqt_theory.core.budget import look

_FEW = 4
"""Times d, and 40: gradients that a hull is made of."""
_DESCENTS = 300
_SHARE = 0.25
"""Of the fall that the shortest vector of a hull promises, what counts as a descent."""
_HALVINGS = 40
_DOUBLINGS = 40
_SHORTEN = 0.1
_SHORTER = (2.0**-30, 2.0**-10, 2.0**-3)
_DEPENDENT = 1e-12


def shortest(gradients: np.ndarray) -> np.ndarray:
    """The shortest vector in the convex hull of some vectors, (n, d) -> (d,)."""
    return _weights(gradients) @ gradients


def _weights(gradients: np.ndarray) -> np.ndarray:
    size = float(np.abs(gradients).max())
    if len(gradients) == 1 or size == 0:
        return np.eye(len(gradients))[0]
    # Wolfe's problem as least squares: of all w >= 0 that minimise |G^T w|^2 + (1 - sum w)^2, scaled to sum 1.
    scaled = np.vstack([gradients.T / size, np.ones(len(gradients))])
    right = np.zeros(len(scaled))
    right[-1] = 1.0
    try:
        weights = nnls(scaled, right, maxiter=30 * len(gradients))[0]
    except RuntimeError:  # too many rounds
        return np.eye(len(gradients))[int(np.linalg.norm(gradients, axis=1).argmin())]
    return weights / weights.sum()


class Hull:
    """The shortest vector in the hull of vectors that come one at a time (Wolfe 1976).

    Those that it is not made of are forgotten. A QR factorisation of the others is kept, so that one more of n takes
    O(n d) and not a problem of its own.

    Args:
        first: the first vector, shape (d,).

    Attributes:
        vector: the shortest, shape (d,).
    """

    def __init__(self, first: np.ndarray) -> None:
        self._size = float(np.abs(first).max()) or 1.0
        self._begin(first[None], np.ones(1))

    def _begin(self, corners: np.ndarray, weights: np.ndarray) -> None:
        self._corners, self._shares = corners, weights
        self._q, self._r = qr(self._columns(corners))
        self.vector = weights @ corners

    def _columns(self, corners: np.ndarray) -> np.ndarray:
        return np.vstack([corners.T / self._size, np.ones(len(corners))])

    def add(self, vector: np.ndarray) -> None:
        """One more vector, shape (d,), on the near side of the shortest so far."""
        k = len(self._corners)
        self._corners = np.vstack([self._corners, vector])
        self._shares = np.append(self._shares, 0.0)
        if k > len(vector):
            return self._anew()
        self._q, self._r = qr_insert(self._q, self._r, self._columns(vector[None])[:, 0], k, which="col")
        while True:
            k = len(self._corners)
            diagonal = np.abs(np.diag(self._r[:k]))
            if not diagonal.min() > _DEPENDENT * diagonal.max():
                return self._anew()
            found = solve_triangular(self._r[:k], self._q[-1, :k])
            found = found / found.sum()
            if not np.isfinite(found).all():
                return self._anew()
            if (found > 0).all():
                break
            # Towards the shortest in the plane through all of them, until the first is no part any more.
            falling = np.flatnonzero(found <= 0)
            reach = self._shares[falling] / np.maximum(self._shares[falling] - found[falling], 1e-300)
            last = int(falling[reach.argmin()])
            self._shares += float(reach.min()) * (found - self._shares)
            self._drop(last)
        self._shares = found
        self.vector = found @ self._corners
        return None

    def _drop(self, i: int) -> None:
        self._q, self._r = qr_delete(self._q, self._r, i, which="col")
        self._corners, self._shares = np.delete(self._corners, i, axis=0), np.delete(self._shares, i)

    def _anew(self) -> None:
        """Of all at once, where some depend on the others."""
        weights = _weights(self._corners)
        used = weights > 0
        self._begin(self._corners[used], weights[used])


def descend(
    value: Callable[[np.ndarray], float],
    gradient: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    longest: float,
    least: float,
    small: float,
    bend: float,
) -> tuple[np.ndarray, float]:
    """Go down by the shortest vector in the hull of the gradients within a radius, which shrinks (Goldstein 1977).

    Where a vector promises a fall that does not come, there is a gradient on its way that the hull lacks: it is added.

    Args:
        value: of a locally Lipschitz function, (d,) -> ().
        gradient: of it, where it has one, (d,) -> (d,).
        start: where from, shape (d,), with a finite value and gradient.
        longest: the first radius.
        least: the last radius.
        small: the length of the shortest vector at which a state counts as stationary within the radius.
        bend: about how much slopes change over a unit where there is no kink; vectors shorter than that promises over
            a radius are left to smaller radii.

    Returns:
        The state, shape (d,), and the length of the shortest vector in the hull within the last radius.
    """
    x, here, radius = start, value(start), longest
    hull, length = Hull(gradient(start)), np.inf
    for _ in range(_DESCENTS):
        look()
        enough = max(small, bend * radius)
        step, length = _promise(gradient, x, radius, hull, enough, value, here)
        if step is not None and (lower := value(x + step)) < here:
            for _ in range(_DOUBLINGS):
                if not -np.inf < (further := value(x + 2 * step)) < lower:
                    break
                step, lower = 2 * step, further
            step, slope = _sloped(gradient, x, step)
            x = x + step
            here, hull, length = value(x), Hull(slope), np.inf
        elif radius <= least:
            break
        else:
            radius, hull = max(_SHORTEN * radius, least), Hull(gradient(x))
    return x, length


def _sloped(
    gradient: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The step, or one a little shorter where the state that it leads to has no gradient; and the gradient there."""
    shares = (1 - share for share in (0, *_SHORTER))
    ends = ((share * step, gradient(x + share * step)) for share in shares)
    return next((end for end in ends if np.isfinite(end[1]).all()), (np.zeros_like(step), gradient(x)))


def _promise(
    gradient: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    radius: float,
    hull: Hull,
    small: float,
    value: Callable[[np.ndarray], float],
    here: float,
) -> tuple[np.ndarray | None, float]:
    """A step of the radius that goes down, or None where there is none, and the shortest vector's length."""
    length = np.inf
    for _ in range(_FEW * len(x) + 40):
        length = float(np.linalg.norm(hull.vector))
        if length <= small:
            break
        step = -radius / length * hull.vector
        there = value(x + step)
        if there <= here - _SHARE * radius * length:
            return step, length
        found = _unknown(gradient, x, step, radius * length, value, here, there)
        if found is None:
            break
        hull.add(found)
    return None, length


def _unknown(
    gradient: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    step: np.ndarray,
    fall: float,
    value: Callable[[np.ndarray], float],
    here: float,
    there: float,
) -> np.ndarray | None:
    """A gradient on the way along which the function falls by less than half of what was promised."""
    low, high = 0.0, 1.0
    ends = [here, there]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = gradient(x + middle * step)
        if np.isfinite(found).all() and float(found @ step) > -fall / 2:
            return found
        between = value(x + middle * step)
        # The half that falls less has the slope that is looked for; beyond the border of a domain there is none.
        if between < np.inf and ends[1] - between > between - ends[0]:
            low, ends = middle, [between, ends[1]]
        else:
            high, ends = middle, [ends[0], between]
    return None
