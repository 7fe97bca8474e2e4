"""Lipschitz constants of networks that are understood, never below the truth: three ways, of which the least counts.

- The product of the layers' norms and of the activations' steepest slopes, in fractions.
- For small ones a linear matrix inequality with one multiplier for each neuron (Fazlyab et al. 2019): found by a
  semidefinite program, rounded, and checked by the kernel.
- On a box: the Jacobian enclosed on its pieces, by intervals in floats into which every rounding is put.
"""

import heapq
import itertools
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.domain import Ball, Box, Domain
from eqt_theory.core.verdict import Method
from eqt_theory.engines.sdp import minimise, packed
from eqt_theory.evidence.curvature.matrix_bounds import EPS, root_up, squared_norm
from eqt_theory.evidence.networks import Network

_LARGEST = 64
"""Inputs and neurons together up to which the matrix inequality is solved."""
_MARGINS = (1e-8, 1e-6, 1e-4, 1e-2)
_BITS = 40
_RANGE = 2.0**300
"""Slopes and norms beyond it, or below its inverse, are left to the product in fractions."""
_PIECES = 400
_INPUTS = 8
"""Inputs up to which a box is cut into pieces."""
_UNDERFLOW = 1e-300
"""Above what products that underflow lose."""


@dataclass(frozen=True)
class Bound:
    """A Lipschitz constant.

    Args:
        constant: L, from above.
        how: in words.
        method: EXACT, or INTERVAL for the enclosed Jacobian.
        certificate: what the kernel has checked, for the matrix inequality.
    """

    constant: Fraction
    how: str
    method: Method = Method.EXACT
    certificate: Certificate | None = None


def network_bound(network: Network, domain: Domain | None = None) -> Bound:
    """The least of what the three ways give.

    Args:
        network: as read.
        domain: the Jacobian is enclosed on a Ball's or a Box's bounding box; None for the whole space.

    Returns:
        The Bound.
    """
    found = [by_norms(network)]
    if network.activations and found[0].constant and all(phi.steepest < _RANGE for phi in network.activations):
        solved = by_inequality(network)
        found += [] if solved is None else [solved]
        on_box = by_jacobian(network, domain)
        found += [] if on_box is None else [on_box]
    return min(found, key=lambda bound: bound.constant)


def by_norms(network: Network) -> Bound:
    """The product of the layers' norms, rounded up, and of the steepest slopes."""
    constant = Fraction(1)
    for weight in network.weights:
        constant *= root_up(squared_norm(weight))
    for phi in network.activations:
        constant *= phi.steepest
    return Bound(constant, "the product of the layers' norms, rounded up")


# The matrix inequality ------------------------------------------------------------------------------------------------


def by_inequality(network: Network) -> Bound | None:
    """The matrix inequality, shown by the kernel; None where the network is too large or no margin is enough."""
    sizes = [network.weights[0].shape[1], *(len(w) for w in network.weights[:-1])]
    if sum(sizes) > _LARGEST or not all(bool(w.any()) for w in network.weights):
        return None
    units = _scaled(network)
    if units is None:
        return None
    scaled, powers, out = units
    slopes = [(float(a), float(b)) for a, b in (phi.slope for phi in network.activations)]
    for margin in _MARGINS:
        answer = _solved(scaled, slopes, sizes, margin)
        if answer is None:
            continue
        square, multipliers, factor = answer
        # Back from v_k = 2^power v'_k and an output divided by 2^out: all factors are powers of two.
        scale = Fraction(4) ** out
        t = [[x * scale / Fraction(4) ** p for x in row] for row, p in zip(multipliers, powers[1:], strict=True)]
        columns = [Fraction(2) ** p for p, size in zip(powers, sizes, strict=True) for _ in range(size)]
        certificate = Certificate(
            {
                "kind": "network",
                "weights": [_texts(w.tolist()) for w in network.weights],
                "slopes": [[str(a), str(b)] for a, b in (phi.slope for phi in network.activations)],
                "multipliers": _texts(t),
                "square": str(square * scale),
                "factor": [[str(x * c) for x, c in zip(row, columns, strict=True)] for row in factor],
            }
        )
        if not certificate.defect:
            how = "a matrix inequality with a multiplier for each neuron, rounded and checked by the kernel"
            return Bound(root_up(square * scale), how, certificate=certificate)
    return None


def _texts(rows: list[list[float]] | list[list[Fraction]]) -> list[list[str]]:
    return [[str(Fraction(x)) for x in row] for row in rows]


def _scaled(network: Network) -> tuple[list[np.ndarray], list[int], int] | None:
    """The same network in units in which all layers have norms near 1: weights, and exponents of the units."""
    steep = [*(float(phi.steepest) or 1.0 for phi in network.activations), 1.0]
    powers, weights = [0], []
    for weight, factor in zip(network.weights, steep, strict=True):
        w = weight * 2.0 ** powers[-1]
        if not 1 / _RANGE < float(w.norm()) * factor < _RANGE:
            return None
        powers.append(round(math.log2(float(torch.linalg.matrix_norm(w, 2)) * factor)))
        weights.append(w.numpy() / 2.0 ** powers[-1])
    return weights, powers[:-1], powers[-1]


def _solved(
    weights: list[np.ndarray], slopes: list[tuple[float, float]], sizes: list[int], margin: float
) -> tuple[Fraction, list[list[Fraction]], list[list[Fraction]]] | None:
    """Square, multipliers and the inverse of a Cholesky factor, all rounded; None where the solver finds nothing."""
    n, starts = sum(sizes), list(itertools.accumulate([0, *sizes]))
    forms = [np.diag([1.0] * sizes[0] + [0.0] * (n - sizes[0]))]
    for k, (low, high) in enumerate(slopes):
        for i, row in enumerate(weights[k]):
            u, v = np.zeros(n), np.eye(n)[starts[k + 1] + i]
            u[starts[k] : starts[k + 1]] = row
            a, b = v - low * u, v - high * u
            forms.append((np.outer(a, b) + np.outer(b, a)) / 2)
    last = np.zeros((n, n))
    last[starts[-2] :, starts[-2] :] = weights[-1].T @ weights[-1]
    stack = packed(np.stack(forms))
    cost = np.array([1.0] + [1e-6] * (len(forms) - 1))
    none = (np.zeros((0, len(forms))), np.zeros(0))
    positive = (-np.eye(len(forms)), np.zeros(len(forms)))
    cone = (-stack.T, packed(-last - margin * np.eye(n)), n)
    answer = minimise(cost, none, positive, [cone], tolerance=1e-10)
    if not answer.usable:
        return None
    rounded = [Fraction(round(max(x, 0.0) * 2**_BITS), 2**_BITS) for x in answer.x]
    S = sum(float(x) * form for x, form in zip(rounded, forms, strict=True)) - last
    try:
        factor = np.linalg.inv(np.linalg.cholesky(S))
    except np.linalg.LinAlgError:
        return None
    lower = [[Fraction(round(x * 2**_BITS), 2**_BITS) if j <= i else Fraction(0) for j, x in enumerate(row)]
             for i, row in enumerate(factor.tolist())]  # fmt: skip
    cuts = list(itertools.accumulate([1, *sizes[1:]]))
    return rounded[0], [rounded[a:b] for a, b in itertools.pairwise(cuts)], lower


# The Jacobian on a box ------------------------------------------------------------------------------------------------


def by_jacobian(network: Network, domain: Domain | None) -> Bound | None:
    """The Jacobian's norm on a box, cut where the bound is largest; None on unbounded domains and in many dimensions.

    Args:
        network: as read.
        domain: convex, so that the norm of the Jacobian on it is a Lipschitz constant.

    Returns:
        The Bound; None also where numbers leave the range of floats.
    """
    box = _box(domain)
    if box is None or len(box[0]) > _INPUTS:
        return None
    count = itertools.count()
    first = _enclosed(network, *box)
    if first is None:
        return None
    bound, reached = first
    heap, pieces = [(-bound, next(count), box)], 1
    # Pieces whose bound is as low as what is reached somewhere need no cut.
    while pieces < _PIECES and float(-heap[0][0]) > reached * (1 + 1e-3):
        look()
        _, _, (low, high) = heapq.heappop(heap)
        axis = int((high - low).argmax())
        middle = float((low[axis] + high[axis]) / 2)
        if not float(low[axis]) < middle < float(high[axis]):
            return None
        for side in (0, 1):
            ends = (low.clone(), high.clone())
            ends[1 - side][axis] = middle
            part = _enclosed(network, *ends)
            if part is None:
                return None
            reached = max(reached, part[1])
            heapq.heappush(heap, (-part[0], next(count), ends))
        pieces += 1
    how = f"the Jacobian, enclosed on {pieces} pieces of the domain's box"
    return Bound(-heap[0][0], how, Method.INTERVAL)


def _box(domain: Domain | None) -> tuple[Tensor, Tensor] | None:
    if isinstance(domain, Ball):
        center = torch.tensor(domain.center, dtype=torch.float64)
        radius = math.nextafter(domain.radius, math.inf)
        slack = 2 * EPS * (center.abs() + radius)
        return center - radius - slack, center + radius + slack
    if isinstance(domain, Box):
        return torch.tensor(domain.low, dtype=torch.float64), torch.tensor(domain.high, dtype=torch.float64)
    return None


def _enclosed(network: Network, low: Tensor, high: Tensor) -> tuple[Fraction, float] | None:
    """The Jacobian's norm on a box from above, and what it reaches there, in floats from below; None on overflow."""
    # All intervals are a middle and a radius, into which every rounding is put.
    state = Balls((low + high) / 2, (high - low) / 2 * (1 + 4 * EPS) + 4 * EPS * (low.abs() + high.abs()))
    jacobian = Balls(network.weights[0], torch.zeros_like(network.weights[0]))
    for k, phi in enumerate(network.activations):
        inner = _product(network.weights[k], state)
        state = Balls(
            inner.middle + network.offsets[k], inner.radius + 4 * EPS * (inner.middle + network.offsets[k]).abs()
        )
        low_ends, high_ends = (state.middle - state.radius).tolist(), (state.middle + state.radius).tolist()
        whole = (float(phi.slope[0]) - 1e-15, float(phi.slope[1]) + 1e-15)
        slopes = [
            whole if phi.slope_on is None else phi.slope_on(a, b) for a, b in zip(low_ends, high_ends, strict=True)
        ]
        least, most = (torch.tensor(side, dtype=torch.float64) for side in zip(*slopes, strict=True))
        mean, half = (least + most) / 2, (most - least) / 2 + 4 * EPS * (least.abs() + most.abs())
        middle, steep = jacobian.middle, (mean.abs() + half).unsqueeze(-1)
        jacobian = Balls(
            middle * mean.unsqueeze(-1),
            (middle.abs() * half.unsqueeze(-1) + steep * (jacobian.radius + 4 * EPS * middle.abs())) * (1 + 8 * EPS)
            + _UNDERFLOW,
        )
        jacobian = _product(network.weights[k + 1], jacobian)
        steepest = torch.maximum(least.abs(), most.abs())
        value = phi.value(state.middle)
        state = Balls(value, steepest * state.radius * (1 + 8 * EPS) + 1e-14 * (1 + value.abs() + state.middle.abs()))
    if not all(bool(torch.isfinite(x).all()) for x in (jacobian.middle, jacobian.radius, state.middle, state.radius)):
        return None
    size = float(torch.linalg.matrix_norm(jacobian.middle, 2))
    spread = root_up(sum((Fraction(x) ** 2 for x in jacobian.radius.flatten().tolist()), Fraction(0)))
    return root_up(squared_norm(jacobian.middle)) + spread, size - float(spread)


@dataclass(frozen=True)
class Balls:
    """Numbers, each within its radius of its middle."""

    middle: Tensor
    radius: Tensor


def _product(weight: Tensor, x: Balls) -> Balls:
    """`weight x`, with the rounding of sums of products (Higham 2002, Sec. 3.5) and of the radius itself."""
    size = weight.abs()
    rounding = 4 * (weight.shape[1] + 4) * EPS
    radius = (size @ x.radius) * (1 + rounding) + rounding * (size @ x.middle.abs()) + _UNDERFLOW
    return Balls(weight @ x.middle, radius)
