"""Directions of extreme curvature: eigenvectors of Hessians at states that an ascent on the eigenvalue reached."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.core.domain import Domain
from eqt_theory.core.errors import NoDerivative, NoSecondDerivative, UsageError
from eqt_theory.energies.autograd import differentiating
from eqt_theory.energies.base import Energy
from eqt_theory.evidence.lanczos import Ends, NotConverged, NotFinite, extreme_pairs
from eqt_theory.evidence.products import hessian_products, require_derivative
from eqt_theory.evidence.sampling import chord, free_axes, project

DENSE = 64  # up to this dimension Hessians of all samples are formed
_CLIMBERS = 8
_CLIMB_STEPS = 40
_STATES = 5  # above it, states at which Lanczos runs before the ascent,
_FEW_CLIMBERS = 2
_FEW_STEPS = 16
_ROUGH, _FINE = 1e-3, 1e-7  # tolerances of Lanczos,
_MANY, _LESS_FINE = 2000, 1e-6  # and above a dimension: its square, over a gap, is what an eigenvalue is off by
_REACHES = (1e-3, 1e-1, 1e1)


@dataclass(frozen=True)
class Ascent:
    """Segments along directions of extreme curvature, shape (n, d) for each end.

    Args:
        a: one ends.
        b: the others.
        examples: states looked at.
        settled: whether an extreme eigenvector was found at all.
    """

    a: Tensor
    b: Tensor
    examples: int
    settled: bool


def climb(energy: Energy, domain: Domain, states: Tensor) -> tuple[Ascent, Ascent]:
    """Look for states and directions of extreme curvature, and lay segments of several lengths through them.

    Dense Hessians at all states up to d = 64, Lanczos at a few above, or where there is no second derivative; then
    projected ascent on the Rayleigh quotient.

    Args:
        energy: one energy, not a batch.
        domain: where to look.
        states: to start from, shape (n, d); the first is the centre.

    Returns:
        The segments of the least curvature, and those of the greatest.
    """
    free = free_axes(domain).to(states.device)
    if states.shape[-1] <= DENSE and _twice_differentiable(energy, states[:1]):
        low, high = (_dense(energy, domain, states, sign, free) for sign in (1.0, -1.0))
        return _laid(domain, *low), _laid(domain, *high)
    # The centre, and states from both halves of the sample: of the inside and of the edge.
    count = len(states)
    picks = sorted({0, *(round(k * (count - 1) / (_STATES - 1)) for k in range(1, _STATES))})
    known = [(h, _ends(energy, h, free, _ROUGH)) for h in states[picks]]
    fine: dict[int, Ends | None] = {}
    low, high = (_by_products(energy, domain, known, sign, free, fine) for sign in (1.0, -1.0))
    return _laid(domain, *low), _laid(domain, *high)


def _laid(domain: Domain, h: Tensor, v: Tensor, examples: int) -> Ascent:
    """Segments of several lengths along v through h, each of shape (n, d)."""
    if not len(h):
        return Ascent(h, h, examples, False)
    scale = 1 + h.norm(dim=-1, keepdim=True)
    ends = [chord(domain, h, v, reach * scale) for reach in _REACHES]
    a, b = (torch.cat(side).detach() for side in zip(*ends, strict=True))
    return Ascent(a, b, examples, True)


def extreme_directions(energy: Energy, h: Tensor) -> Tensor:
    """Unit eigenvectors of the least and the greatest curvature at one state, by Lanczos, at every dimension.

    Args:
        energy: one energy, not a batch.
        h: the state, shape (d,).

    Returns:
        Those that were found, shape (n, d), n at most 2.
    """
    free = torch.ones(h.shape[-1], dtype=torch.bool, device=h.device)
    ends = _ends(energy, h, free, _FINE)
    found = [] if ends is None else [_end(ends, h, sign, free)[0] for sign in (1.0, -1.0)]
    usable = [v for v in found if bool(v.isfinite().all())]
    return torch.stack(usable) if usable else h.new_empty(0, h.shape[-1])


def _twice_differentiable(energy: Energy, states: Tensor) -> bool:
    try:
        hessian = energy.hessian(states).detach()[0]
        require_derivative(energy, states[0], lambda v: hessian @ v)
    except NoSecondDerivative:  # products by differences have to do
        return False
    return True


def _dense(energy: Energy, domain: Domain, states: Tensor, sign: float, free: Tensor) -> tuple[Tensor, Tensor, int]:
    if states.dtype not in (torch.float64, torch.float32):  # of which torch has no eigenvalues
        raise UsageError(f"the energy must be in float64 or float32 for a search of its curvature, got {states.dtype}")

    def least(h: Tensor) -> tuple[Tensor, Tensor]:
        hessian = sign * energy.hessian(h).detach()[:, free][:, :, free]
        usable = hessian.isfinite().all(-1).all(-1)
        values, vectors = torch.linalg.eigh(torch.where(usable[:, None, None], hessian + hessian.mT, 0.0) / 2)
        found = torch.zeros_like(h)
        found[:, free] = vectors[..., 0]
        return torch.where(usable, values[:, 0], torch.inf), found

    values, vectors = least(states)
    best = values.argsort(stable=True)[:_CLIMBERS]
    best = best[values[best].isfinite()]
    h, v, value = states[best], vectors[best], values[best]
    step = 0.1 * (1 + h.norm(dim=-1, keepdim=True))
    slope = None  # as it was, where no state has moved
    for _ in range(_CLIMB_STEPS if len(h) else 0):
        look()
        slope = _slope(energy, h, v, sign) if slope is None else slope
        if not slope.any():  # constant curvature
            break
        trial = project(domain, h - step * slope)
        tried, turned = least(trial)
        better = tried < value
        slope = None if better.any() else slope
        h, v = torch.where(better.unsqueeze(-1), trial, h), torch.where(better.unsqueeze(-1), turned, v)
        value = torch.where(better, tried, value)
        step = torch.where(better.unsqueeze(-1), step * 1.5, step * 0.5)
    return h, v, len(states)


def _slope(energy: Energy, h: Tensor, v: Tensor, sign: float) -> Tensor:
    """The direction in which `sign v . H(h) v` rises, unit vectors, shape (n, d); 0 where it has none."""
    slope = torch.func.grad(lambda x: sign * (v * energy.hessian_vector(x, v)).sum())(h).detach()
    slope = torch.nan_to_num(slope, nan=0.0, posinf=0.0, neginf=0.0)
    return slope / slope.norm(dim=-1, keepdim=True).clamp_min(1e-300)


def _by_products(
    energy: Energy,
    domain: Domain,
    known: list[tuple[Tensor, Ends | None]],
    sign: float,
    free: Tensor,
    fine: dict[int, Ends | None],
) -> tuple[Tensor, Tensor, int]:
    """As `_dense`, from the ends known at some states; `fine` holds what was found where no state moved."""
    found = [(h, *_end(ends, h, sign, free)) for h, ends in known if ends is not None]
    # Of states that are alike within what the ends are known to, the first.
    size = max((abs(value) for _, _, value in found), default=0.0)
    found.sort(key=lambda item: round(item[2] / (4 * _ROUGH * size)) if size else 0)
    reached: list[tuple[Tensor, Tensor]] = []
    for start, v, value in found[:_FEW_CLIMBERS]:
        h = _ascended(energy, domain, start, v, value, sign, free)
        still = h is start
        ends = fine[id(h)] if id(h) in fine else _ends(energy, h, free, _FINE if len(h) <= _MANY else _LESS_FINE)
        if still:
            fine[id(h)] = ends
        reached.append((h, v if ends is None else _end(ends, h, sign, free)[0]))
    if not reached:
        return known[0][0].new_empty(0, len(free)), known[0][0].new_empty(0, len(free)), len(known)
    return torch.stack([h for h, _ in reached]), torch.stack([v for _, v in reached]), len(known)


def _ascended(energy: Energy, domain: Domain, h: Tensor, v: Tensor, value: float, sign: float, free: Tensor) -> Tensor:
    """Where a few steps down the Rayleigh quotient lead, the direction turned after each."""
    step = 0.1 * (1 + h.norm(dim=-1, keepdim=True))
    for _ in range(_FEW_STEPS):
        look()
        try:
            with differentiating():
                slope = _slope(energy, h.unsqueeze(0), v.unsqueeze(0), sign)[0]
        except NoDerivative:  # no third one of somebody's energy, or not even a second: the search ends here
            return h
        if not slope.any():  # constant curvature
            return h
        trial = project(domain, h - step * slope)
        product = _product(energy, trial, free)
        turned, tried = _turned(product, v, sign)
        if tried < value:
            h, v, value, step = trial, turned, tried, 1.5 * step
        else:
            step = step / 2
    return h


def _turned(product: Callable[[Tensor], Tensor], v: Tensor, sign: float) -> tuple[Tensor, float]:
    """The lowest vector of the plane of v and its residual."""
    image = sign * product(v)
    value = float(v @ image)
    residual = image - value * v
    length = float(residual.norm())
    if not length > 1e-12 * float(image.norm()):
        return v, value
    w = residual / length
    away = sign * product(w)
    plane = torch.tensor([[value, float(w @ image)], [float(w @ image), float(w @ away)]], dtype=torch.float64)
    if not bool(plane.isfinite().all()):
        return v, value
    values, vectors = torch.linalg.eigh(plane)
    turned = float(vectors[0, 0]) * v + float(vectors[1, 0]) * w
    return turned / turned.norm(), float(values[0])


def _ends(energy: Energy, h: Tensor, free: Tensor, tolerance: float) -> Ends | None:
    """The extreme eigenpairs at one state by Lanczos, along the free axes; None where products are not finite."""
    product = _product(energy, h, free)
    whole = bool(free.all())

    def times(x: np.ndarray) -> np.ndarray:
        v = torch.from_numpy(np.array(x)).to(h)
        if whole:
            return product(v).double().cpu().numpy()
        padded = torch.zeros_like(h)
        padded[free] = v
        return product(padded)[free].double().cpu().numpy()

    unit = torch.finfo(h.dtype).eps
    try:
        return extreme_pairs(times, int(free.sum()), max(tolerance, 64 * unit), unit=unit)
    except NotFinite:
        return None
    except NotConverged as error:
        return error.ends


def _end(ends: Ends, h: Tensor, sign: float, free: Tensor) -> tuple[Tensor, float]:
    """The eigenvector of the least curvature, or for sign -1 of the greatest, and `sign` times the eigenvalue."""
    pair = ends.low if sign > 0 else ends.high
    v = torch.zeros_like(h)
    v[free] = torch.from_numpy(pair.vector).to(h)
    return v, sign * pair.value


def _product(energy: Energy, h: Tensor, free: Tensor) -> Callable[[Tensor], Tensor]:
    """Products with the Hessian at h, along the free axes; by differences where there is no second derivative."""
    whole, mask = bool(free.all()), free.to(h)
    try:
        times = hessian_products(energy, h)[1]
        times(h)
    except NoSecondDerivative:  # differences of gradients
        reach = torch.finfo(h.dtype).eps ** (1 / 3) * (1 + float(h.norm()))

        def difference(v: Tensor) -> Tensor:
            ahead, behind = energy.gradient(torch.stack([h + reach * v, h - reach * v])).detach()
            return mask * (ahead - behind) / (2 * reach)

        return difference

    return times if whole else lambda v: mask * times(v)
