"""How Phi behaves far out: its lowest values on spheres of growing radius, found by descent on each sphere."""

import math
from dataclasses import dataclass

import numpy as np

from eqt_theory.evidence.oracle import Landscape

_RADII = 10.0 ** np.arange(0.0, 6.01, 0.25)  # in units of sqrt(gamma)
_INWARDS = 10.0 ** np.arange(-6.0, 0.0, 0.25)  # of the smallest, where the border of the domain is near
_FEW, _HUGE = 4, 100_000  # dimensions up to which all of them are looked at, and every second
_DECIDE = 9e3  # the last two decades decide
_STARTS = 24  # on each sphere, besides the axes
_AXES = 12
_ENTRIES, _FEWEST = 2**23, 5
_DENSE = 24  # up to this dimension with Hessians
_STEPS = {True: 90, False: 60}
_SETTLED = 1e-10  # gains below this, relative to 1 + |Phi|, end a descent


@dataclass(frozen=True)
class Tail:
    """The lowest values of Phi that descent found on spheres.

    Args:
        finite: whether exp(-Phi) can be integrated as far as the spheres tell: Phi grows faster than (d + 1) log r at
            the lowest states found.
        low: a state far out with Phi below that at the centre, shape (d,); None where none was met.
        reason: what is wrong, with the radius.
        rays: number of directions that descents began in.
        reach: the largest radius.
        states: the lowest state found on each sphere, shape (n, d).
        values: Phi there, shape (n,).
    """

    finite: bool
    low: np.ndarray | None
    reason: str
    rays: int
    reach: float
    states: np.ndarray
    values: np.ndarray

    def __str__(self) -> str:
        return (
            f"Phi grows on every sphere to radius {self.reach:.1e}, at the lowest states of {self.rays} descents each"
        )


def look_at_tail(land: Landscape, center: np.ndarray, seed: int) -> Tail:
    """Minimise Phi on spheres around a state, at radii up to a million: from axes, random directions and the gradient.

    Rays alone would miss a valley between them, or one that bends.

    Args:
        land: Phi.
        center: of the spheres, shape (d,).
        seed: of the directions.

    Returns:
        What was seen; a measurement.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is told
        return _look(land, center, _directions(land, center, seed))


def _look(land: Landscape, center: np.ndarray, directions: np.ndarray) -> Tail:
    share = _RADII[:: 1 if land.d <= _FEW else 2 if land.d <= _HUGE else 4]
    radii = math.sqrt(land.gamma) * share
    here = land.value(center)
    states, values = _descend(land, center, radii, directions)
    _carry_outwards(land, center, radii, states, values)
    # A descent that did not finish may lie above the lowest state of the next sphere, brought back along its ray.
    for _ in range(2):
        best = states[np.arange(len(radii)), values.argmin(axis=1)] - center
        turned = np.stack([np.roll(best, k, axis=0) for k in (-1, 1)], axis=1)
        turned[0, 1], turned[-1, 0] = best[0], best[-1]
        more, lower = _descend(land, center, radii, turned / np.linalg.norm(turned, axis=-1, keepdims=True))
        states, values = np.concatenate([states, more], axis=1), np.concatenate([values, lower], axis=1)
    count = len(directions)
    pick = values.argmin(axis=1)
    lowest, floor = states[np.arange(len(radii)), pick], values[np.arange(len(radii)), pick]
    rise = floor - here
    finite = np.isfinite(floor)
    below = np.where(finite, rise, np.inf)
    low = lowest[int(below.argmin())] if below.min() < 0 else None
    last = share > _DECIDE
    needed = (land.d + 1) * np.log(share[last])
    # The last radii decide: Phi must be high there, and higher at each than before.
    growing = (rise[last] > needed).all() and (np.diff(np.where(finite, floor, 1e300)[last]) >= 0).all()
    if growing:
        return Tail(True, low, "", count, float(radii[-1]), lowest, floor)
    falls = "falls" if rise[-1] < 0 else "hardly grows"
    reason = f"Phi {falls} along a path outwards: by {rise[-1]:.3g} at distance {radii[-1]:.1e}"
    return Tail(False, low, f"{reason}, so Z is infinite or huge", count, float(radii[-1]), lowest, floor)


def _carry_outwards(
    land: Landscape, center: np.ndarray, radii: np.ndarray, states: np.ndarray, values: np.ndarray
) -> None:
    """On spheres where no start lay in the domain, descend from the directions that did on the sphere before."""
    if not np.isfinite(land.value(center)):
        return
    unit, known = (states[0] - center) / radii[0], values[0]
    if not np.isfinite(known).any():
        for inner in radii[0] * _INWARDS:
            more, known = (found[0] for found in _descend(land, center, np.array([inner]), _spread(unit, known)))
            unit = (more - center) / inner
    for i, radius in enumerate(radii):
        if not np.isfinite(values[i]).any() and np.isfinite(known).any():
            states[i : i + 1], values[i : i + 1] = _descend(land, center, radii[i : i + 1], _spread(unit, known))
        unit, known = (states[i] - center) / radius, values[i]


def _spread(directions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """As many directions, the mean of those with a finite value first, and those; all where none has one."""
    good = directions[np.isfinite(values)]
    if not len(good):
        return directions
    mean = good.mean(axis=0)
    size = np.linalg.norm(mean)
    found = np.concatenate([mean[None] / size, good]) if size > 0 else good
    return np.resize(found, directions.shape)


def _directions(land: Landscape, center: np.ndarray, seed: int) -> np.ndarray:
    """Unit vectors, (k, d)."""
    rng = np.random.default_rng(seed)
    d = land.d
    if d == 1:
        return np.array([[1.0], [-1.0]])
    # Of each direction a state on every sphere is held, a few times over.
    room = max(_FEWEST, _ENTRIES // (d * len(_RADII)))
    places = rng.permutation(d)[: min(_AXES, room // 4 or 1)]
    axes = np.zeros((len(places), d))
    axes[np.arange(len(places)), places] = 1
    slope = land.gradient(center)
    size = np.linalg.norm(slope)
    along = [slope / size, -slope / size] if np.isfinite(size) and size > 0 else []
    known = np.concatenate([axes, -axes, np.reshape(along, (-1, d))])
    found = np.concatenate([known, rng.normal(size=(min(_STARTS, max(1, room - len(known))), d))])
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _descend(
    land: Landscape, center: np.ndarray, radii: np.ndarray, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Descend on each sphere.

    Newton steps that follow negative curvature downhill, in a trust region; gradient steps in high dimension.

    Args:
        land: Phi.
        center: of the spheres, shape (d,).
        radii: shape (n,).
        directions: unit vectors to begin in, shape (k, d), or (n, k, d).

    Returns:
        The states reached, (n, k, d), and Phi there, (n, k).
    """
    d = land.d
    u = np.broadcast_to(directions, (len(radii), *directions.shape[-2:])).reshape(-1, d).copy()
    r = np.repeat(radii, directions.shape[-2])
    shape = (len(radii), directions.shape[-2])
    value = land.values(center + r[:, None] * u)
    if d > 1:
        dense = d <= _DENSE
        trust = 0.5 * r
        active = np.isfinite(value)
        for _ in range(_STEPS[dense]):
            index = np.flatnonzero(active)
            if not len(index):
                break
            at, radius = u[index], r[index]
            step = (_newton if dense else _steepest)(land, center, at, radius)
            length = np.linalg.norm(step, axis=1)
            step *= np.minimum(1.0, trust[index] / np.maximum(length, 1e-300))[:, None]
            tried = at + step / radius[:, None]
            tried /= np.linalg.norm(tried, axis=1, keepdims=True)
            new = land.values(center + radius[:, None] * tried)
            gain = value[index] - new
            better = gain > 0
            taken = index[better]
            u[taken], value[taken] = tried[better], new[better]
            grown = np.minimum(length, trust[index])
            trust[index] = np.where(better, np.minimum(2 * np.maximum(grown, trust[index] / 4), radius), grown / 4)
            settled = better & (gain <= _SETTLED * (1 + np.abs(new)))
            active[index] = ~settled & (trust[index] > 1e-12 * radius)
    return (center + r[:, None] * u).reshape(*shape, d), value.reshape(shape)


def _newton(land: Landscape, center: np.ndarray, u: np.ndarray, r: np.ndarray) -> np.ndarray:
    x = center + r[:, None] * u
    g, h = land.gradients(x), land.hessians(x)
    radial = (g * u).sum(axis=1)
    tangent = np.eye(land.d) - u[:, :, None] * u[:, None, :]
    curved = tangent @ h @ tangent - (radial / r)[:, None, None] * tangent
    good = np.isfinite(curved).all(axis=(1, 2)) & np.isfinite(g).all(axis=1)
    curved[~good], g = np.eye(land.d), np.where(good[:, None], g, 0.0)
    eigenvalues, vectors = np.linalg.eigh(curved)
    size = np.abs(eigenvalues)
    size = np.maximum(size, 1e-14 * size.max(axis=1, keepdims=True) + 1e-300)
    flat = (tangent @ g[:, :, None])[:, :, 0]
    parts = (vectors.swapaxes(1, 2) @ flat[:, :, None])[:, :, 0] / size
    step = -(vectors @ parts[:, :, None])[:, :, 0]
    return step - (step * u).sum(axis=1, keepdims=True) * u


def _steepest(land: Landscape, center: np.ndarray, u: np.ndarray, r: np.ndarray) -> np.ndarray:
    g = np.nan_to_num(land.gradients(center + r[:, None] * u), nan=0.0, posinf=0.0, neginf=0.0)
    step = -(g - (g * u).sum(axis=1, keepdims=True) * u)
    # The trust region sets the length.
    return step * (r / np.maximum(np.linalg.norm(step, axis=1), 1e-300))[:, None]
