"""The modes of Phi that SciPy finds: descents from many starts, and global search in low dimension."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import basinhopping, differential_evolution, dual_annealing

from eqt_theory.core.budget import stage, ticked
from eqt_theory.evidence.confined import confined, nearest
from eqt_theory.evidence.oracle import Landscape, Minimum, is_stationary, minimise, past_kinks

_STARTS = 12
_SCALES = (0.3, 1.0, 3.0)
_KINKED = 512  # dimension up to which descents go on past kinks
_LOWEST = 2  # descents that go on past kinks, besides those from given states
_FALLEN = 1e-6  # a fall of Phi, relative, that settles that a state is no mode
_BLUR = 1e-13  # what a value is lower by, relative, that tells nothing
_HALVINGS = 60
_CALLS = 150  # of Phi in each descent of basin hopping
_SAME = 1e-3  # a start this near to a mode, relative, is not followed
_EVOLUTION, _ANNEALING, _HOPPING = 3, 6, 24  # dimensions up to which each global method is tried


@dataclass(frozen=True)
class Modes:
    """Local minimisers of Phi, lowest first, and the work that found them.

    Args:
        minima: different ones, by value.
        descents: that ended where Phi is finite.
        methods: names of the methods used.
    """

    minima: tuple[Minimum, ...]
    descents: int
    methods: tuple[str, ...]


def find_modes(land: Landscape, given: list[np.ndarray], seed: int, far: list[np.ndarray] | None = None) -> Modes:
    """Look for all modes.

    Args:
        land: Phi.
        given: states to descend from besides the proposal and random ones around them, each of shape (d,).
        seed: of the randomness.
        far: further states to descend from, unless a mode is known there already.

    Returns:
        The modes found.
    """
    rng = np.random.default_rng(seed)
    unit = math.sqrt(land.gamma)
    f = land.start.numpy()
    centers = [*given, f]
    starts = list(centers)
    for i in range(_STARTS):
        spread = unit * _SCALES[i % len(_SCALES)]
        center = centers[i % len(centers)]
        drawn = center + spread * rng.normal(size=land.d)
        starts.append(_inside(land, drawn, center if math.isfinite(land.value(center)) else given[0]))
    stage("descending", len(starts))
    known = {i: m for i, start in enumerate(starts) if (m := ticked(_descended(land, start))) is not None}
    # What is in question: whether a given state is a mode, and how low the lowest is. A lower one settles both.
    low = sorted(known, key=lambda i: known[i].value)[:_LOWEST]
    settled = bool(low) and _falls(land, given[0], known[low[0]])
    asked = set() if settled else {*low, *range(len(given))}
    stage("descending past kinks", len(asked))
    found = [ticked(past_kinks(land, m, _KINKED)) if i in asked else m for i, m in known.items()]
    for start in far or []:
        if all(
            float(np.linalg.norm(m.h.numpy() - start)) > _SAME * (unit + float(np.linalg.norm(start))) for m in found
        ):
            reached = _descended(land, start)
            found += [] if reached is None else [reached]
    descents = len(found)
    methods = ["trust region"]
    stage("searching globally")
    if found:
        best = min(found, key=lambda m: m.value)
        furthest = max(float(np.linalg.norm(m.h.numpy() - f)) for m in found)
        reach = 2 * furthest + 6 * unit + max(float(np.linalg.norm(x - f)) for x in given)
        better, name = _globally(land, f, reach, best.h.numpy(), seed)
        if name:
            methods.append(name)
        polished = None if better is None else _descended(land, better, kinks=True)
        found += [] if polished is None else [polished]
        lowest = min(m.value for m in found)
        if better is not None and land.value(better) < lowest - _BLUR * (1 + abs(lowest)):
            # A gradient that is not that of the values leads away from it.
            found.append(Minimum(torch.from_numpy(np.array(better)), land.value(better), *[math.nan] * 4))
    return Modes(_distinct(found, unit), descents, tuple(methods))


def lower_mode(land: Landscape, x: np.ndarray) -> Minimum | None:
    """A mode of clearly lower Phi to which descent from a state leads; None where it leads to none."""
    found = _descended(land, x)
    return found if found is not None and _falls(land, x, found) and is_stationary(land, found) else None


def _falls(land: Landscape, x: np.ndarray, found: Minimum) -> bool:
    """Whether Phi is so much lower there than at a state that this is no mode."""
    here = land.value(x)
    return found.value < here - _FALLEN * (1 + abs(here))


def _descended(land: Landscape, start: np.ndarray, *, kinks: bool = False) -> Minimum | None:
    """Where descent leads from a start, on the edge of the domain, too; None where Phi is not finite on the way."""
    found = minimise(land, start, kinks=False)
    found = None if found is None else confined(land, found)
    return found if found is None or not kinks else past_kinks(land, found)


def _inside(land: Landscape, x: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """A state itself, or the nearest of the domain; else the first on halvings towards one where Phi is finite."""
    x = nearest(land, x)
    for _ in range(_HALVINGS):
        if math.isfinite(land.value(x)):
            break
        x = (x + inner) / 2
    return x


def _globally(
    land: Landscape, f: np.ndarray, reach: float, best: np.ndarray, seed: int
) -> tuple[np.ndarray | None, str]:
    def phi(x: np.ndarray) -> float:
        value = land.value(nearest(land, np.asarray(x)))  # no wall at the edge, where modes are
        return value if math.isfinite(value) else 1e300

    bounds = [(c - reach, c + reach) for c in f]
    with warnings.catch_warnings():
        # SciPy warns where a finite difference meets the edge of the box; the result is judged by Phi alone.
        warnings.simplefilter("ignore", RuntimeWarning)
        if land.d <= _EVOLUTION:
            result = differential_evolution(phi, bounds, rng=seed, maxiter=80, popsize=20, polish=False, tol=1e-8)
            return nearest(land, result.x), "differential evolution"
        if land.d <= _ANNEALING:
            result = dual_annealing(phi, bounds, rng=seed, maxiter=60, no_local_search=True)
            return nearest(land, result.x), "dual annealing"
        if land.d <= _HOPPING:
            local = {"method": "L-BFGS-B", "jac": land.gradient, "options": {"maxfun": _CALLS}}
            unit, steps = math.sqrt(land.gamma), np.random.default_rng(seed)

            def hop(x: np.ndarray) -> np.ndarray:
                return _inside(land, x + steps.uniform(-unit, unit, size=land.d), best)

            result = basinhopping(phi, best, niter=20, rng=seed, take_step=hop, minimizer_kwargs=local)
            return result.x, "basin hopping"
    return None, ""


def _distinct(found: list[Minimum], unit: float) -> tuple[Minimum, ...]:
    """One of each, lowest first."""
    kept: list[Minimum] = []
    for m in sorted(found, key=lambda m: m.value):
        apart = 1e-5 * (unit + float(m.h.norm()))
        if all(float((m.h - other.h).norm()) > apart for other in kept):
            kept.append(m)
    return tuple(kept)
