"""The normalised density of (Eq. 20) on a grid in one and two dimensions: its mode, and log Z where it is resolved."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from eqt_theory.evidence.map.scan import DEPTH
from eqt_theory.evidence.oracle import Landscape

_POINTS = {1: 40_001, 2: 401}
_GROWTHS = 60
_FACE = 2001
_DIPS = 4  # of each face, refined
_MISSED = 0.1  # rise of the lowest grid point over the lowest state known at which the grid is too coarse
_RESOLVED = 1e-3  # difference of log Z on the grid and on every second point of it


@dataclass(frozen=True)
class Grid:
    """The density on a grid.

    Args:
        mode: the grid point with the largest density, shape (d,).
        spacing: the largest distance between neighbours.
        log_z: log of the integral of exp(-Phi) over the grid; nan where the grid is too coarse to tell.
        density: normalised density at the mode.
        edge: largest density on the edge over that at the mode.
        points: number of grid points.
    """

    mode: np.ndarray
    spacing: float
    log_z: float
    density: float
    edge: float
    points: int


def on_grid(
    land: Landscape, center: np.ndarray, low: np.ndarray | None = None, high: np.ndarray | None = None
) -> Grid | None:
    """The density on a grid around a state, wide enough that its edge carries nothing.

    Args:
        land: Phi, in one or two dimensions.
        center: a state of low Phi, shape (d,).
        low: corner of a box that the grid must cover, shape (d,); the centre if None.
        high: the opposite corner.

    Returns:
        The grid; None in more dimensions, or where no box is wide enough.
    """
    d = land.d
    if d not in _POINTS:
        return None
    base = land.value(center)
    low = center if low is None else np.minimum(low, center)
    high = center if high is None else np.maximum(high, center)
    sides = np.stack([low, high])
    sides = sides + math.sqrt(land.gamma) * np.array([[-1.0], [1.0]]) * 0.1
    for _ in range(_GROWTHS):
        floors = _faces(land, sides)
        if np.isnan(floors).any():
            return None
        short = floors < base + DEPTH
        if not short.any():
            break
        width = sides[1] - sides[0]
        sides = sides + np.where(short, 0.3 * width, 0.0) * np.array([[-1.0], [1.0]])
    else:
        return None
    return _integrated(land, sides, base)


def _integrated(land: Landscape, sides: np.ndarray, base: float) -> Grid | None:
    d = land.d
    axes = [np.linspace(a, b, _POINTS[d]) for a, b in sides.T]
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = land.values(mesh.reshape(-1, d)).reshape(mesh.shape[:-1])
    if np.isnan(values).any():
        return None
    least = float(values.min())
    weights = np.exp(-(values - least))
    total, coarse = _trapezoid(weights, axes), _trapezoid(weights[(slice(None, None, 2),) * d], [a[::2] for a in axes])
    # A well between the grid points is known where the centre lies in it.
    resolved = least < base + _MISSED and abs(math.log(total / coarse)) < _RESOLVED if coarse > 0 else False
    at = np.unravel_index(int(values.argmin()), values.shape)
    border = np.ones(values.shape, dtype=bool)
    border[(slice(1, -1),) * d] = False
    spacing = math.hypot(*(float(axis[1] - axis[0]) for axis in axes))
    log_z = math.log(total) - least if resolved else math.nan
    return Grid(mesh[at], spacing, log_z, 1 / total, float(weights[border].max()), values.size)


def _trapezoid(weights: np.ndarray, axes: list[np.ndarray]) -> float:
    total = weights
    for axis in axes:
        total = np.trapezoid(total, axis, axis=0)
    return float(total)


def _faces(land: Landscape, sides: np.ndarray) -> np.ndarray:
    """The least of Phi on each face of a box, (2, d): sampled, and refined at the lowest samples."""
    d = land.d
    found = np.empty((2, d))
    for side in range(2):
        for axis in range(d):
            if d == 1:
                found[side, axis] = land.value(sides[side])
                continue
            other = 1 - axis
            along = np.linspace(sides[0, other], sides[1, other], _FACE)
            states = np.empty((_FACE, 2))
            states[:, axis], states[:, other] = sides[side, axis], along
            values = land.values(states)
            found[side, axis] = values.min()
            if not found[side, axis] < np.inf or np.isnan(values).any():
                continue
            padded = np.concatenate([[np.inf], values, [np.inf]])
            dips = np.flatnonzero((values <= padded[:-2]) & (values <= padded[2:]))
            for i in dips[np.argsort(values[dips], kind="stable")[:_DIPS]]:
                edge = states[i].copy()

                def phi(t: float, edge: np.ndarray = edge, other: int = other) -> float:
                    edge[other] = t
                    return land.value(edge)

                bounds = (along[max(i - 1, 0)], along[min(i + 1, _FACE - 1)])
                with np.errstate(invalid="ignore"):  # of infinities, where Phi has some
                    refined = minimize_scalar(phi, bounds=bounds, method="bounded", options={"maxiter": 30})
                found[side, axis] = min(found[side, axis], float(refined.fun))
    return found
