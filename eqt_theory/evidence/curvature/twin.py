"""A certificate from a symbolic twin speaks of the twin: it is held against the energy's value and gradient first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
import torch
from torch import Tensor

from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.curvature.search import gradient_sizes
from eqt_theory.evidence.sampling import draw, project

_STATES = 16384
_WORK = 20_000_000  # operations in all evaluations of the twin
_LARGE = 2**53
_SEGMENTS = 2048
_REACHES = (1e-1, 1e-2, 1e-3)  # of segments, relative to 1 + |h|
_SHARE = 1e-6  # of what is claimed, by which curvatures may differ
_TOLERANCE = 1e8  # roundings, of the two numbers compared,
_NOISE = 1e3  # and of the largest on the domain
_COARSE = 1e-6  # rounding of the values, relative to their range, at which they cannot speak for a gradient


@dataclass(frozen=True)
class Agreement:
    """How a twin compares with its energy.

    Args:
        states: at how many states the two were compared.
        difference: where they differ and by how much; empty where they never do.
    """

    states: int
    difference: str

    def __str__(self) -> str:
        return f"of the symbolic twin, which agrees with value and gradient at {self.states} states"


def compare_twin(
    energy: Energy, twin: sp.Expr, symbols: list[sp.Symbol], domain: Domain, seed: int = 0, *, claimed: float = 0.0
) -> Agreement:
    """Compare a twin and its derivatives with `value` and `gradient`, at states of a domain.

    Evenly spaced states in one dimension, random ones in more; differences up to about the square root of the
    precision, relative to the two numbers compared, and up to a few roundings of the largest, count as rounding. A
    gradient that is written by hand counts for nothing where the values are too coarse to speak for it. A difference
    that is small beside a large gradient may still be all of a curvature that is claimed: along short segments, the
    mean curvatures by both gradients must agree beside `claimed`, as far as rounding lets them be told.

    Args:
        energy: one energy, not a batch.
        twin: `energy.symbolic(symbols)`.
        symbols: d real symbols.
        domain: where.
        seed: of the states.
        claimed: the size of the curvature that the twin is to show.

    Returns:
        The Agreement; a measurement: a difference on a small part of the domain may be missed.
    """
    reference = energy.reference()
    like = torch.zeros((), dtype=torch.float64) if reference is None else reference.detach()
    slopes = [sp.diff(twin, s) for s in symbols]
    count = max(256, min(_STATES, _WORK // (1 + int(sp.count_ops([twin, *slopes])))))
    states = _states(domain, count, seed, like)
    values, gradients = energy.value(states).detach(), energy.gradient(states).detach()
    shown = sp.lambdify(symbols, [_in_floats(e) for e in (twin, *slopes)], ["scipy", "numpy"], cse=True)
    computed = _evaluated(shown, states)
    pairs = [("value", values, computed[0])]
    pairs += [("gradient", gradients[:, i], computed[i + 1]) for i in range(len(symbols))]
    unit = torch.finfo(states.dtype).eps
    for name, own, other in pairs:
        own_ = own.double().cpu().numpy()
        usable = np.isfinite(own_) & np.isfinite(other)
        if not usable.any():
            return Agreement(0, f"no state gave a finite {name} of both")
        size = np.where(usable, np.abs(own_) + np.abs(other), 0.0)
        apart = np.where(usable, np.abs(own_ - other), 0.0)
        worst = int((apart - _TOLERANCE * unit * size).argmax())
        if apart[worst] > _TOLERANCE * unit * size[worst] + _NOISE * unit * float(size.max()):
            at = np.array2string(states[worst].double().cpu().numpy(), precision=6, threshold=8)
            return Agreement(len(states), f"at h = {at} {name} gives {own_[worst]:.9g}, the twin {other[worst]:.9g}")
        if name == "value" and energy.closed_form and len(symbols) <= len(own_):
            finite = own_[usable]
            reach = float(finite.max() - finite.min())
            if reach > 0 and _NOISE * unit * float(np.abs(finite).max()) > _COARSE * reach:
                return Agreement(len(states), "the values are too coarse, beside their size, to compare curvature")
    return Agreement(len(states), _bent(energy, shown, domain, states, seed, claimed))


def _evaluated(shown: Callable[..., Any], states: Tensor) -> list[np.ndarray]:
    """Value and gradient of the twin at states, each shape (n,)."""
    with np.errstate(all="ignore"):
        found = shown(*states.double().cpu().numpy().T)
        return [np.broadcast_to(np.asarray(c, dtype=float), (len(states),)) for c in found]


def _bent(energy: Energy, shown: Callable[..., Any], domain: Domain, states: Tensor, seed: int, claimed: float) -> str:
    """Where energy and twin curve differently along a short segment, beside what is claimed; empty for nowhere."""
    generator = torch.Generator().manual_seed(seed)
    a = states[:_SEGMENTS]
    unit = torch.finfo(a.dtype).eps
    for reach in _REACHES:
        turn = torch.randn(a.shape, generator=generator, dtype=torch.float64).to(a)
        length = reach * (1 + a.norm(dim=-1, keepdim=True))
        b = project(domain, a + length * turn / turn.norm(dim=-1, keepdim=True).clamp_min(1e-300))
        apart = (b.double() - a.double()).cpu().numpy()
        size = np.linalg.norm(apart, axis=-1)
        ends = [energy.gradient(x).detach().double().cpu().numpy() for x in (a, b)]
        twins = [np.stack(_evaluated(shown, x)[1:], axis=-1) for x in (a, b)]
        with np.errstate(all="ignore"):
            own, other = (((y - x) * apart).sum(-1) / size**2 for x, y in (ends, twins))
            largest = np.maximum(*(gradient_sizes(energy, x).cpu().numpy() for x in (a, b)))
            floor = _NOISE * unit * np.nanmax(largest, initial=0.0) / size
        excess = np.abs(own - other) - _SHARE * max(claimed, 0.0) - floor
        usable = np.isfinite(excess) & (size > 0.5 * length.double().cpu().numpy()[:, 0])
        if usable.any() and (worst := int(np.where(usable, excess, -np.inf).argmax())) >= 0 and excess[worst] > 0:
            at = np.array2string(a[worst].double().cpu().numpy(), precision=6, threshold=8)
            return f"beside h = {at} the gradient curves by {own[worst]:.9g}, that of the twin by {other[worst]:.9g}"
    return ""


def _states(domain: Domain, count: int, seed: int, like: Tensor) -> Tensor:
    if domain.dim == 1 and isinstance(domain, Ball | Box):
        low, high = (
            (domain.low[0], domain.high[0])
            if isinstance(domain, Box)
            else (domain.center[0] - domain.radius, domain.center[0] + domain.radius)
        )
        return project(domain, torch.linspace(low, high, count, dtype=torch.float64).unsqueeze(-1).to(like))
    return draw(domain, count, torch.Generator().manual_seed(seed), like)


def _in_floats(expr: sp.Expr) -> sp.Expr:
    """With its fractions and long integers as floats: NumPy would take them for objects."""
    numbers = [r for r in expr.atoms(sp.Rational) if abs(r.p) > _LARGE or r.q > 1]
    return expr.xreplace({r: sp.Float(r, 17) for r in numbers})
