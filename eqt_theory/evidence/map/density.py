"""The density of (Eq. 20) itself: whether it can be normalised, and its mode on a grid in one and two dimensions."""

import math
from dataclasses import dataclass

import numpy as np

from eqt_theory.evidence.oracle import Landscape

_RADII = 10.0 ** np.arange(0.0, 7.0)
_DIRECTIONS = 64
_DEPTH = 45.0  # exp(-45) of the mode's density is nothing
_POINTS = {1: 4001, 2: 221}


@dataclass(frozen=True)
class Tail:
    """How Phi behaves along rays.

    Args:
        finite: whether exp(-Phi) can be integrated as far as the rays tell: Phi grows faster than (d + 1) log r
            along each of them.
        low: a state far out with Phi below that at the centre, shape (d,); None where none was met.
        reason: what is wrong, with the radius.
        rays: number of rays looked at.
    """

    finite: bool
    low: np.ndarray | None
    reason: str
    rays: int


@dataclass(frozen=True)
class Grid:
    """The normalised density on a grid.

    Args:
        mode: the grid point with the largest density, shape (d,).
        spacing: the largest distance between neighbours.
        log_z: log of the integral of exp(-Phi) over the grid.
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


def look_at_tail(land: Landscape, center: np.ndarray, seed: int) -> Tail:
    """Follow Phi along rays from a state: axes, random directions, and the gradient, at radii up to a million.

    Args:
        land: Phi.
        center: where the rays start, shape (d,).
        seed: of the directions.

    Returns:
        What was seen; a measurement.
    """
    rng = np.random.default_rng(seed)
    d = land.d
    axes = np.eye(d)[rng.permutation(d)[: min(d, _DIRECTIONS)]]
    random = rng.normal(size=(_DIRECTIONS, d))
    directions = np.concatenate([axes, -axes, random / np.linalg.norm(random, axis=1, keepdims=True)])
    unit = math.sqrt(land.gamma)
    states = center + unit * _RADII[:, None, None] * directions
    values = land.values(states.reshape(-1, d)).reshape(len(_RADII), len(directions))
    here = land.value(center)
    if np.isnan(values).any():
        where = unit * _RADII[int(np.argmax(np.isnan(values).any(axis=1)))]
        return Tail(False, None, f"Phi is nan at distance {where:.1e}", len(directions))
    rise = values - here
    finite = np.isfinite(values)
    lowest = np.where(finite, rise, np.inf)
    low = None
    if lowest.min() < 0:
        i, j = np.unravel_index(int(lowest.argmin()), lowest.shape)
        low = states[i, j]
    needed = (d + 1) * np.log(_RADII[-3:])[:, None]
    # The last radii decide: Phi must be high there, and higher at each than before.
    growing = (rise[-3:] > needed).all() and (np.diff(np.where(finite, values, 1e300)[-3:], axis=0) >= 0).all()
    if growing:
        return Tail(True, low, "", len(directions))
    j = int(np.argmin(rise[-1]))
    falls = "falls" if rise[-1, j] < 0 else "hardly grows"
    reason = (
        f"Phi {falls} along a ray: by {rise[-1, j]:.3g} at distance {unit * _RADII[-1]:.1e}, so Z is infinite or huge"
    )
    return Tail(False, low, reason, len(directions))


def on_grid(land: Landscape, center: np.ndarray) -> Grid | None:
    """The normalised density on a grid around a state, wide enough that its edge carries nothing.

    Args:
        land: Phi, in one or two dimensions.
        center: where to start, shape (d,).

    Returns:
        The grid; None in more dimensions, or where no box is wide enough.
    """
    d = land.d
    if d not in _POINTS:
        return None
    base = land.value(center)
    half = np.full(d, math.sqrt(land.gamma))
    for _ in range(60):
        edge = _edges(center, half, d)
        rises = land.values(edge.reshape(-1, d)).reshape(2 * d, -1) - min(base, land.value(center))
        if np.isnan(rises).any():
            return None
        low = rises.min(axis=1).reshape(d, 2).min(axis=1) < _DEPTH
        if not low.any():
            break
        half = np.where(low, half * 1.6, half)
    else:
        return None
    axes = [np.linspace(c - r, c + r, _POINTS[d]) for c, r in zip(center, half, strict=True)]
    mesh = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    values = land.values(mesh.reshape(-1, d)).reshape(mesh.shape[:-1])
    if np.isnan(values).any():
        return None
    least = values.min()
    weights = np.exp(-(values - least))
    total = weights
    for axis in axes:
        total = np.trapezoid(total, axis, axis=0)
    at = np.unravel_index(int(values.argmin()), values.shape)
    border = np.ones(values.shape, dtype=bool)
    border[(slice(1, -1),) * d] = False
    steps = [float(axis[1] - axis[0]) for axis in axes]
    return Grid(
        mesh[at], math.hypot(*steps), float(np.log(total) - least), float(1 / total), float(weights[border].max()),
        values.size,
    )  # fmt: skip


def _edges(center: np.ndarray, half: np.ndarray, d: int) -> np.ndarray:
    """Points on the faces of a box, (2 d, n, d)."""
    share = np.linspace(-1, 1, 1 if d == 1 else 41)
    faces = []
    for axis in range(d):
        for side in (-1.0, 1.0):
            offset = np.zeros((len(share), d)) if d == 1 else np.repeat(share[:, None], d, axis=1)
            offset[:, axis] = side
            faces.append(center + offset * half)
    return np.stack(faces)
