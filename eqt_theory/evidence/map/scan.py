"""A scan of Phi on nested grids in one and two dimensions: where else could a mode be?"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import minimum_filter

from eqt_theory.evidence.oracle import Landscape

DEPTH = 45.0
"""exp(-45) of the mode's density is nothing."""
_POINTS = {1: 200_001, 2: 501}  # along each axis
_REACHES = {1: (10.0, 1e3, 1e5), 2: (5.0, 50.0, 1e3)}  # half the width of each grid, in units of sqrt(gamma)
_FAR = 1.0  # units beyond which the state gets a grid of its own
_KEPT = {1: 6, 2: 4}


@dataclass(frozen=True)
class Scan:
    """The lowest states on nested grids around the proposal, and around the state where it is far.

    Args:
        starts: the lowest states that are no higher than their neighbours, from each grid, shape (n, d).
        low: corner of the smallest box that holds all scanned states within `DEPTH` of the lowest, shape (d,).
        high: the opposite corner.
        points: number of states.
        grids: (half width, spacing) of each grid around the proposal, absolute.
    """

    starts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    points: int
    grids: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        spacings = ", ".join(f"{spacing:.2g} within {reach:.3g}" for reach, spacing in self.grids)
        return f"{self.points} states scanned around the proposal, spaced {spacings}; a narrower well may hide between"


def scan(land: Landscape, x: np.ndarray) -> Scan | None:
    """Evaluate Phi on nested grids.

    Args:
        land: Phi.
        x: the state judged, shape (d,).

    Returns:
        What was seen; None in more than two dimensions.
    """
    d = land.d
    if d not in _POINTS:
        return None
    unit = math.sqrt(land.gamma)
    f = land.start.numpy()
    away = float(np.linalg.norm(x - f))
    first, *wider = (reach * unit for reach in _REACHES[d])
    grids = [(f, first), *((f, reach + 2 * away) for reach in wider)]
    if away > _FAR * unit:
        grids.append((x, first))
    share = np.linspace(-1, 1, _POINTS[d])
    mesh = np.stack(np.meshgrid(*[share] * d, indexing="ij"), axis=-1).reshape(-1, d)
    starts, kept = [np.empty((0, d))], []
    least = math.inf
    for center, half in grids:
        states = center + half * mesh
        values = np.nan_to_num(land.values(states), nan=math.inf)
        table = values.reshape([_POINTS[d]] * d)
        valleys = np.flatnonzero((table == minimum_filter(table, size=3, mode="nearest")).ravel() & np.isfinite(values))
        starts.append(states[valleys[np.argsort(values[valleys], kind="stable")[: _KEPT[d]]]])
        least = min(least, float(values.min()))
        near = values < least + DEPTH
        kept.append((states[near], values[near]))
    mass = np.concatenate([states[values < least + DEPTH] for states, values in kept])
    if not len(mass):
        mass = x[None]
    spacing = 2 / (_POINTS[d] - 1)
    told = tuple((half, half * spacing) for center, half in grids if center is f)
    return Scan(np.concatenate(starts), mass.min(axis=0), mass.max(axis=0), len(grids) * len(mesh), told)
