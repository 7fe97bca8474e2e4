"""Minimisers on the edge of a domain: spectral projected gradients, then Newton steps along the edge.

The former are those of Birgin, Martinez and Raydan (2000).
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, cg

from eqt_theory.core.domain import Ball, Box
from eqt_theory.evidence.landscape import Landscape
from eqt_theory.evidence.oracle import Minimum, is_stationary

_STEPS, _HALVINGS, _MEMORY = 1000, 40, 10
_ENOUGH, _SMALL = 1e-4, 1e-12
_POLISH, _PRODUCTS = 12, 200


def confined(land: Landscape, found: Minimum) -> Minimum:
    """Where descent leads that keeps to the domain, from a state where the gradient is not 0.

    Args:
        land: Phi.
        found: where descent by gradients ended.

    Returns:
        A state whose residual is the length by which a gradient step, brought back to the domain, moves it, over the
        step; the same where it is stationary, or the domain is not one Ball or Box.
    """
    domain = land.domain
    if not isinstance(domain, Ball | Box) or is_stationary(land, found):
        return found
    with np.errstate(over="ignore", invalid="ignore"):
        x = _polished(land, domain, _descended(land, domain, found.h.numpy()))
        low, top = land.curvature(x)
        residual = _residual(land, domain, x, land.gradient(x), _length(land, top))
        value = land.value(x)
    if not (math.isfinite(value) and math.isfinite(residual)):
        return found
    there = torch.from_numpy(x.copy())
    return replace(found, h=there, value=value, residual=residual, curvature=low, top=top)


def nearest(land: Landscape, x: np.ndarray) -> np.ndarray:
    """The nearest state of the domain; the same where it lies inside, or the domain is not one Ball or Box."""
    return _into(land.domain, x) if isinstance(land.domain, Ball | Box) else x


def _into(domain: Ball | Box, x: np.ndarray) -> np.ndarray:
    """The nearest state of the domain."""
    if isinstance(domain, Box):
        return np.clip(x, domain.low, domain.high)
    away = x - domain.center
    size = float(np.linalg.norm(away))
    return x if size <= domain.radius else domain.center + away * (domain.radius / size)


def _length(land: Landscape, top: float) -> float:
    """The step by which a residual is measured: one over the largest curvature."""
    return 1 / top if math.isfinite(top) and top > 0 else land.gamma


def _residual(land: Landscape, domain: Ball | Box, x: np.ndarray, slope: np.ndarray, length: float) -> float:
    return float(np.linalg.norm(_into(domain, x - length * slope) - x)) / length


def _descended(land: Landscape, domain: Ball | Box, start: np.ndarray) -> np.ndarray:
    x = _into(domain, start)
    here, slope = land.value(x), land.gradient(x)
    recent, length = [here], land.gamma
    best, lowest = x, here
    for _ in range(_STEPS):
        if not np.isfinite(slope).all():
            break
        step = _into(domain, x - length * slope) - x
        size, fall = float(np.linalg.norm(step)), float(slope @ step)
        if size <= _SMALL * length * float(np.linalg.norm(slope)) or not fall < 0:
            break
        share = 1.0
        for _ in range(_HALVINGS):
            there = land.value(x + share * step)
            if there <= max(recent) + _ENOUGH * share * fall:
                break
            share /= 2
        else:
            break
        moved = _into(domain, x + share * step)
        turned = land.gradient(moved)
        apart, bend = moved - x, float((moved - x) @ (turned - slope))
        length = float(apart @ apart) / bend if bend > 0 else land.gamma
        x, here, slope = moved, there, turned
        recent = [*recent[1 - _MEMORY :], here]
        if here < lowest:
            best, lowest = x, here
    return best


def _polished(land: Landscape, domain: Ball | Box, x: np.ndarray) -> np.ndarray:
    """Newton steps along the edge, as long as the residual falls."""
    top = land.curvature(x)[1]
    length, slope = _length(land, top), land.gradient(x)
    residual = _residual(land, domain, x, slope, length)
    for _ in range(_POLISH):
        if not (0 < residual < math.inf):
            break
        free, bend = _edge(domain, x, slope)
        with np.errstate(divide="ignore", invalid="ignore"):  # where an edge does not bend no step is found
            step, _ = cg(_along(land, x, free, bend), -free(slope), rtol=1e-8, maxiter=_PRODUCTS)
        nearer = _into(domain, x + step)
        if isinstance(domain, Ball) and bend > 0:  # on the sphere, from which a step along the tangent leads off
            away = nearer - domain.center
            nearer = domain.center + away * (domain.radius / float(np.linalg.norm(away)))
        turned = land.gradient(nearer)
        left = _residual(land, domain, nearer, turned, length)
        if not (left < residual and math.isfinite(land.value(nearer))):
            break
        x, slope, residual = nearer, turned, left
    return x


def _along(land: Landscape, x: np.ndarray, free: Callable[[np.ndarray], np.ndarray], bend: float) -> LinearOperator:
    """Hess Phi of the Lagrange function along the edge, the identity across it."""

    def times(v: np.ndarray) -> np.ndarray:
        along = free(np.ravel(v))
        return free(land.product(x, along) + bend * along) + (np.ravel(v) - along)

    return LinearOperator((land.d, land.d), matvec=times, dtype=np.float64)


def _edge(domain: Ball | Box, x: np.ndarray, slope: np.ndarray) -> tuple[Callable[[np.ndarray], np.ndarray], float]:
    """What of a vector leads along the edge that the slope presses against, and how much the edge itself is bent."""
    if isinstance(domain, Box):
        held = ((x <= domain.low) & (slope > 0)) | ((x >= domain.high) & (slope < 0))
        return lambda v: np.where(held, 0.0, v), 0.0
    away = x - domain.center
    size = float(np.linalg.norm(away))
    out = away / size if size > 0 else away
    press = -float(slope @ out)
    if size < domain.radius * (1 - 1e-9) or press <= 0:
        return lambda v: v, 0.0
    return lambda v: v - float(v @ out) * out, press / domain.radius
