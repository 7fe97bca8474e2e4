"""Search for the start from which a step rule falls shortest of its promise: random, along axes, and by ascent."""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from eqt_theory.core.budget import look
from eqt_theory.core.domain import Domain
from eqt_theory.energies.autograd import differentiating
from eqt_theory.energies.objective import Objective
from eqt_theory.evidence.curvature.ascent import extreme_directions
from eqt_theory.evidence.oracle import Minimum
from eqt_theory.evidence.sampling import affordable, draw, project
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Metric

_CLIMBERS = 8
_CLIMB_STEPS = 30
_DENSE = 64
_ROUNDINGS = 64
_REACHES = (1e-3, 1e-1, 1.0, 1e1)


@dataclass(frozen=True)
class Promise:
    """`metric_k <= constant * rate**k * metric_0` for k = 1 .. steps.

    Args:
        rate: factor per step.
        metric: what contracts.
        constant: the factor in front.
        steps: how many steps are looked at.
    """

    rate: float
    metric: Metric
    constant: float
    steps: int

    def __str__(self) -> str:
        if self.steps == 1:
            return f"{self.metric.value} shrinks by {self.rate:.9g} in one step"
        return f"{self.metric.value} <= {self.constant:.6g} * {self.rate:.9g}^k of the first, k <= {self.steps}"


@dataclass(frozen=True)
class Excess:
    """For each start: log(metric_k / (constant rate^k metric_0)) at its worst step, and what it is made of.

    Args:
        value: the logarithm, positive where the promise fails, nan where it cannot be told; shape (n,).
        step: the worst k.
        first: metric_0.
        last: metric_k.
    """

    value: Tensor
    step: Tensor
    first: Tensor
    last: Tensor


@dataclass(frozen=True)
class Worst:
    """The worst start found.

    Args:
        start: shape (d,).
        excess: log of the factor by which it exceeds the promise; 0 or less where it keeps it.
        factor: its factor per step at its worst step, with the constant taken out.
        examples: starts looked at.
        settled: whether starts lay along eigenvectors of the Hessian at h*; else all came from random ones.
    """

    start: Tensor
    excess: float
    factor: float
    examples: int
    settled: bool = True


def excess(obj: Objective, solver: Solver, promise: Promise, starts: Tensor, star: Tensor) -> Excess:
    """Run the rule from each start and compare with the promise, at the worst of its steps.

    Steps whose metric has come down to its rounding error are left out.

    Args:
        obj: Phi.
        solver: the step rule.
        promise: what it is held to.
        starts: shape (n, d).
        star: the solution, shape (d,).

    Returns:
        The Excess.
    """
    state = solver.init(obj, starts)
    first = _metric(obj, starts, star, promise.metric)
    noise = _noise(obj, starts, star, promise.metric)
    worst = torch.full_like(first, -math.inf)
    step, last = torch.ones_like(first), first
    for k in range(1, promise.steps + 1):
        look()
        state = solver.step(obj, state)
        now = _metric(obj, state.h, star, promise.metric)
        value = now.clamp_min(1e-300).log() - first.log() - math.log(promise.constant) - k * math.log(promise.rate)
        value = torch.where((first > noise) & ((now > noise) | (k == 1)), value, -math.inf)
        # An overflow is as bad as can be; a nan says nothing and is left out.
        better = torch.nan_to_num(value, nan=-math.inf) > worst
        worst, step = torch.where(better, value, worst), torch.where(better, float(k), step)
        last = torch.where(better, now, last)
    return Excess(torch.where(torch.isinf(worst) & (worst < 0), torch.nan, worst), step, first, last)


def worst_start(
    obj: Objective, solver: Solver, promise: Promise, domain: Domain, star: Minimum, samples: int, seed: int
) -> Worst | None:
    """Look for the start of a domain that exceeds the promise most.

    Args:
        obj: Phi.
        solver: the step rule.
        promise: what it is held to.
        domain: where starts may lie.
        star: the solution.
        samples: number of random starts; fewer in very many dimensions.
        seed: of the randomness.

    Returns:
        The worst start; None where no start told anything.
    """
    generator = torch.Generator().manual_seed(seed)
    like = obj.proposal.detach()
    h_star = star.h.to(like)
    along = along_axes(obj, domain, h_star)
    starts = torch.cat([draw(domain, affordable(samples, domain.dim), generator, like), along])
    found = _scored(obj, solver, promise, starts, h_star)
    examples = len(starts)
    if bool(found.isnan().all()):
        return None
    best = torch.nan_to_num(found, nan=-math.inf).topk(min(_CLIMBERS, len(starts))).indices
    climbed = _climb(obj, solver, promise, domain, starts[best], h_star, generator)
    starts = torch.cat([starts, climbed])
    examples += len(climbed) * _CLIMB_STEPS
    found = torch.cat([found, _scored(obj, solver, promise, climbed, h_star)])
    pick = int(torch.nan_to_num(found, nan=-math.inf).argmax())
    value = float(found[pick])
    again = excess(obj, solver, promise, starts[pick : pick + 1], h_star)
    factor = promise.rate * math.exp(min(value / float(again.step[0]), 700.0))
    return Worst(starts[pick].detach(), value, factor, examples, len(along) > 0)


def remembers(solver: Solver, obj: Objective, seed: int, steps: int = 40) -> bool:
    """Whether a rule carries something along: some step of a run differs from one taken afresh from the same state.

    Args:
        solver: the step rule.
        obj: Phi.
        seed: of the states that runs begin in.
        steps: how long the runs are.

    Returns:
        Whether a difference above rounding was seen; memory that shows later, or near other states, is missed.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(8, obj.proposal.shape[-1], generator=generator, dtype=torch.float64).to(obj.proposal)
    h = (obj.proposal + noise).detach()
    rounding = _ROUNDINGS * torch.finfo(h.dtype).eps * (h.norm() + obj.proposal.norm())
    with torch.no_grad():
        state = solver.init(obj, h)
        for _ in range(steps):
            look()
            last = state.h
            state = solver.step(obj, state)
            afresh = solver.step(obj, solver.init(obj, last)).h
            apart = torch.linalg.vector_norm(state.h - afresh, dim=-1)
            # A run that has left the finite numbers tells nothing more: nan compares as false.
            if bool((apart > 1e-6 * torch.linalg.vector_norm(afresh - last, dim=-1) + rounding).any()):
                return True
    return False


def _scored(obj: Objective, solver: Solver, promise: Promise, starts: Tensor, star: Tensor) -> Tensor:
    with torch.no_grad():
        return excess(obj, solver, promise, starts, star).value.detach()


def _metric(obj: Objective, h: Tensor, star: Tensor, metric: Metric) -> Tensor:
    if metric is Metric.DISTANCE:
        return torch.linalg.vector_norm(h - star, dim=-1).double()
    if metric is Metric.GRADIENT:
        return torch.linalg.vector_norm(obj.gradient(h), dim=-1).double()
    return (obj.value(h) - obj.value(star)).double()


def _noise(obj: Objective, h: Tensor, star: Tensor, metric: Metric) -> float:
    """Below this a metric may be rounding alone."""
    u = torch.finfo(h.dtype).eps
    with torch.no_grad():
        size = float(star.norm()) + float(obj.proposal.norm())
        if metric is Metric.DISTANCE:
            return 1e4 * u * size
        if metric is Metric.GRADIENT:
            return 1e4 * u * float(obj.gradient_terms(star))
        return 1e4 * u * (abs(float(obj.value(star))) + float((star - obj.proposal).square().sum()) / float(obj.gamma))


def along_axes(obj: Objective, domain: Domain, star: Tensor, *, extremes: bool = False) -> Tensor:
    """Starts beside the solution along eigenvectors of its Hessian, at several distances.

    Args:
        obj: Phi.
        domain: where starts may lie.
        star: the solution, shape (d,).
        extremes: whether only both extreme eigenvectors are wanted; above 64 dimensions there are no others.

    Returns:
        States, shape (n, d); none where no eigenvectors were found.
    """
    axes = _axes(obj, star)
    if not len(axes):
        return axes
    if extremes:
        axes = axes[[0, -1]]
    offsets = torch.cat([sign * reach * axes for reach in _REACHES for sign in (1.0, -1.0)])
    return project(domain, star + offsets * max(1.0, float(star.norm())))


def _axes(obj: Objective, star: Tensor) -> Tensor:
    d = star.shape[-1]
    if d > _DENSE:
        return extreme_directions(obj, star).to(star)
    hessian = obj.hessian(star).detach().double()
    if not bool(torch.isfinite(hessian).all()):
        return star.new_empty(0, d)
    return torch.linalg.eigh((hessian + hessian.mT) / 2).eigenvectors.mT.to(star)


def _climb(
    obj: Objective, solver: Solver, promise: Promise, domain: Domain, starts: Tensor, star: Tensor, generator
) -> Tensor:
    """Projected ascent on the excess: along its gradient where autograd passes through the rule, else at random."""
    h = starts.clone()
    value = torch.nan_to_num(_scored(obj, solver, promise, h, star), nan=-math.inf)
    reach = 0.3 * (h - star).norm(dim=-1, keepdim=True).clamp_min(1e-3)
    for _ in range(_CLIMB_STEPS):
        direction = _ascent(obj, solver, promise, h, star)
        if direction is None:
            direction = torch.randn(h.shape, generator=generator, dtype=torch.float64).to(h)
        direction = torch.nan_to_num(direction, nan=0.0, posinf=0.0, neginf=0.0)
        length = direction.norm(dim=-1, keepdim=True)
        if not bool((length > 0).any()):
            break
        trial = project(domain, h + reach * direction / length.clamp_min(1e-300))
        tried = torch.nan_to_num(_scored(obj, solver, promise, trial, star), nan=-math.inf)
        better = (tried > value).unsqueeze(-1)
        h, value = torch.where(better, trial, h), torch.where(better.squeeze(-1), tried, value)
        reach = torch.where(better, reach * 1.5, reach * 0.5)
    return h


def _ascent(obj: Objective, solver: Solver, promise: Promise, h: Tensor, star: Tensor) -> Tensor | None:
    shorter = dataclasses.replace(promise, steps=min(promise.steps, 10))
    leaf = h.detach().clone().requires_grad_(True)
    try:
        with differentiating(), torch.enable_grad():
            value = excess(obj, solver, shorter, leaf, star).value
            total = torch.where(torch.isfinite(value), value, 0.0).sum()
            (slope,) = torch.autograd.grad(total, leaf)
    except ValueError:
        # Autograd does not pass through everybody's rule (one that calls NumPy raises a ValueError or a RuntimeError,
        # by now a NoDerivative); the climb then goes in random directions.
        return None
    return slope.detach() if np.isfinite(float(slope.abs().sum())) or bool(slope.isfinite().any()) else None
