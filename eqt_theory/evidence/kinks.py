"""Descent where a function is kinked, and a gradient says nothing of a state: by hulls of the gradients around it."""

from collections.abc import Callable

import numpy as np
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


def shortest(gradients: np.ndarray) -> np.ndarray:
    """The shortest vector in the convex hull of some vectors, (n, d) -> (d,)."""
    size = float(np.abs(gradients).max())
    if len(gradients) == 1 or size == 0:
        return gradients[0]
    # Wolfe's problem as least squares: of all w >= 0 that minimise |G^T w|^2 + (1 - sum w)^2, scaled to sum 1.
    scaled = np.vstack([gradients.T / size, np.ones(len(gradients))])
    right = np.zeros(len(scaled))
    right[-1] = 1.0
    try:
        weights = nnls(scaled, right, maxiter=30 * len(gradients))[0]
    except RuntimeError:  # too many rounds
        return gradients[int(np.linalg.norm(gradients, axis=1).argmin())]
    return weights @ gradients / weights.sum()


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
    hull, length = [gradient(start)], np.inf
    for _ in range(_DESCENTS):
        look()
        enough = max(small, bend * radius)
        step, length, hull = _promise(gradient, x, radius, hull, enough, value, here)
        if step is not None and (lower := value(x + step)) < here:
            for _ in range(_DOUBLINGS):
                if not -np.inf < (further := value(x + 2 * step)) < lower:
                    break
                step, lower = 2 * step, further
            x = x + step
            here, hull, length = lower, [gradient(x)], np.inf
        elif radius <= least:
            break
        else:
            radius, hull = max(_SHORTEN * radius, least), [gradient(x)]
    return x, length


def _promise(
    gradient: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    radius: float,
    hull: list[np.ndarray],
    small: float,
    value: Callable[[np.ndarray], float],
    here: float,
) -> tuple[np.ndarray | None, float, list[np.ndarray]]:
    """A step of the radius that goes down, or None where there is none; the shortest vector's length; the hull."""
    length = np.inf
    for _ in range(_FEW * len(x) + 40):
        vector = shortest(np.array(hull))
        length = float(np.linalg.norm(vector))
        if length <= small:
            return None, length, hull
        step = -radius / length * vector
        if value(x + step) <= here - _SHARE * radius * length:
            return step, length, hull
        found = _unknown(gradient, x, step, radius * length, value)
        if found is None:
            return None, length, hull
        hull = [*hull, found]
    return None, length, hull


def _unknown(
    gradient: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    step: np.ndarray,
    fall: float,
    value: Callable[[np.ndarray], float],
) -> np.ndarray | None:
    """A gradient on the way along which the function falls by less than half of what was promised."""
    low, high = 0.0, 1.0
    ends = [value(x), value(x + step)]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        found = gradient(x + middle * step)
        if np.isfinite(found).all() and float(found @ step) > -fall / 2:
            return found
        between = value(x + middle * step)
        # The half that falls less has the slope that is looked for.
        if ends[1] - between > between - ends[0]:
            low, ends = middle, [between, ends[1]]
        else:
            high, ends = middle, [ends[0], between]
    return None
