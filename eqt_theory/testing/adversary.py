"""Adversary: looks for functions on which a guarantee is false, many at a time, and keeps what does most harm.

One run of the solver carries a batch of functions, each of a class of its own: quadratics in three dimensions, or
parabolas pieced together in one. The worst of a generation are changed a little for the next one. What comes out are
candidates; whoever uses them runs each by itself, on an objective made by other code.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import Guarantee, Metric
from eqt_theory.testing.problem import Problem, Shape
from eqt_theory.testing.setting import Setting
from eqt_theory.testing.trace import run

Array = np.ndarray

KINKS = 4
"""Kinks of a function in one dimension."""
_GENERATIONS = 4
_PARENTS = 150
_CYCLES = (3.3, 3.1, 2.7, 1.5, -3.0, 30.0)
"""Starts on the function of (Lessard, Recht and Packard 2016, Sec. 4.6), in units of its first kink."""
_SLOPES = (3.0, 5.0, 9.0, 17.0, 33.0, -3.0)
"""Starts on functions that are a parabola within 1 and steep beyond, on which 1, 2, 4, 8 and 16 gradient steps are
slowest (Drori and Teboulle 2014, Thm 3.2)."""
_SMALL = 1e-7
"""Errors below this part of the first are not looked at: rounding may be among them."""


@dataclass(frozen=True)
class Functions:
    """Functions with minimiser 0, one per state: Phi = sum_i phi_i(h_i) with phi_i'' constant between kinks.

    Args:
        owner: which class each belongs to, shape (n,).
        kinks: increasing along the last axis, shape (n, d, k).
        levels: phi_i'' before, between and after them, shape (n, d, k + 1).
        start: shape (n, d).
    """

    owner: Array
    kinks: Array
    levels: Array
    start: Array

    def __len__(self) -> int:
        return len(self.owner)

    def take(self, which: Array) -> "Functions":
        """Some of them."""
        return Functions(self.owner[which], self.kinks[which], self.levels[which], self.start[which])

    def problem(self, i: int, gamma: float) -> Problem:
        """One of them as a problem."""
        levels, start = self.levels[i], tuple(map(float, self.start[i]))
        least, most = (tuple(map(float, ends)) for ends in (levels.min(-1), levels.max(-1)))
        zero = (0.0,) * len(start)
        plain = Problem(least, most, zero, zero, start, gamma)
        if self.kinks.shape[-1] == 0 or least == most:
            return plain
        stretch = math.sqrt((most[0] - least[0]) / most[0])
        bends = (levels[0] - least[0]) / (most[0] - least[0])
        kinks = tuple(float(stretch * k) for k in self.kinks[i, 0])
        return replace(plain, shape=Shape.KINKED, kinks=kinks, bends=tuple(map(float, bends)))


class _Spent(Exception):
    """The evaluations have been used up."""


@dataclass
class _Work:
    """How many evaluations are left, of all functions of a generation at once."""

    left: int


class _Pieces(Energy):
    """The functions less |h|^2/(2 gamma), so that the Objective with proposal 0 is them; counts its evaluations."""

    _per_state: ClassVar[Mapping[str, int]] = {"kinks": 2, "levels": 2, "weight": 0}

    def __init__(self, functions: Functions, gammas: Array, work: _Work) -> None:
        self.kinks, self.levels = torch.as_tensor(functions.kinks), torch.as_tensor(functions.levels)
        self.weight = torch.as_tensor(1 / gammas)
        self.dim = functions.start.shape[-1]
        self.work = work

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        flat = self.levels.flatten(-2)
        return Curvature(flat.amin(-1) - self.weight, flat.amax(-1) - self.weight)

    def _bent(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Jumps of the curvature, and how far h and 0 lie behind each kink, shape (..., d, k)."""
        self.work.left -= 1
        if self.work.left < 0:
            raise _Spent
        beyond, origin = (h.unsqueeze(-1) - self.kinks).clamp(min=0), (-self.kinks).clamp(min=0)
        return self.levels.diff(dim=-1), beyond, origin

    def value(self, h: Tensor) -> Tensor:
        jump, beyond, origin = self._bent(h)
        bent = (jump * ((beyond.square() - origin.square()) / 2 - origin * h.unsqueeze(-1))).sum(-1)
        return ((self.levels[..., 0] - self.weight.unsqueeze(-1)) * h.square() / 2 + bent).sum(-1)

    def gradient(self, h: Tensor) -> Tensor:
        jump, beyond, origin = self._bent(h)
        return (self.levels[..., 0] - self.weight.unsqueeze(-1)) * h + (jump * (beyond - origin)).sum(-1)

    def hessian(self, h: Tensor) -> Tensor:
        return torch.diag_embed(self._diagonal(h))

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        return self._diagonal(h) * v

    def _diagonal(self, h: Tensor) -> Tensor:
        jump, beyond, _ = self._bent(h)
        return self.levels[..., 0] - self.weight.unsqueeze(-1) + torch.where(beyond > 0, jump, 0.0).sum(-1)


@dataclass(frozen=True)
class Candidate:
    """A function that does harm.

    Args:
        setting: its class.
        problem: the function, with the start.
        harm: what was measured over what the guarantee allows; above 1 where it is false.
    """

    setting: Setting
    problem: Problem
    harm: float


def candidates(
    solver: Solver, settings: Sequence[Setting], steps: int, seed: int, evaluations: int
) -> tuple[list[Candidate], int]:
    """The most harmful functions found, for every class of functions, worst first; and how many were tried.

    Args:
        solver: the step rule; it must take batches.
        settings: classes with guarantees.
        steps: of each run.
        seed: of everything random.
        evaluations: of a batch of functions, at most; a generation that needs more is judged by the steps it took.

    Returns:
        Up to three per class and kind of function, worst first, and the number of functions tried.
    """
    found: list[Candidate] = []
    tried = 0
    rng = np.random.default_rng(seed)
    whole = [s for s in settings if s.whole_class]
    for chosen, first in ((list(settings), _quadratics), (whole, _kinked)):
        if not chosen:
            continue
        functions, harm = first(chosen, rng), np.empty(0)
        work = _Work(evaluations // 2)
        for generation in range(_GENERATIONS):
            fresh = functions if generation == 0 else _mutated(functions, harm, chosen, rng)
            new = _harm(solver, fresh, chosen, steps, work)
            if new is None:
                break
            tried += len(fresh)
            functions = fresh if generation == 0 else _joined(functions, fresh)
            harm = np.concatenate([harm, new])
            if work.left <= 0:
                break
        if len(harm) == len(functions):
            best = _leaders(functions.owner, harm, 3)
            for i in best:
                setting = chosen[int(functions.owner[i])]
                found.append(Candidate(setting, functions.problem(i, setting.gamma), float(harm[i])))
    return sorted(found, key=lambda c: -c.harm), tried


def _quadratics(settings: Sequence[Setting], rng: np.random.Generator) -> Functions:
    """Both ends of the spectrum and something between, started along single axes and across them."""
    starts = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    owner = np.repeat(np.arange(len(settings)), len(starts))
    m, M = _ends(settings, owner)
    middle = m + rng.uniform(size=len(owner)) * (M - m)
    return Functions(
        owner,
        np.empty((len(owner), 3, 0)),
        np.stack([m, middle, M], axis=-1)[..., None],
        np.tile(starts, (len(settings), 1)) * rng.choice([1.0, 2.0, -1.0], size=(len(owner), 3)),
    )


def _kinked(settings: Sequence[Setting], rng: np.random.Generator) -> Functions:
    """The function that heavy balls cycle on, or where bounds are sublinear those with long slopes; and random ones."""
    count = 2 * len(_CYCLES)
    owner = np.repeat(np.arange(len(settings)), count)
    m, M = _ends(settings, owner)
    n = len(owner)
    kinks = np.sort(rng.normal(size=(n, KINKS)), axis=-1)
    levels = np.where(rng.uniform(size=(n, KINKS + 1)) < 0.5, m[:, None], M[:, None])
    start = rng.choice([-1.0, 1.0], size=n) * rng.uniform(0.5, 4.0, size=n)
    known = np.arange(n) % count < len(_CYCLES)
    kinks[known] = [1.0, 2.0, 50.0, 60.0]
    levels[known] = np.stack([M, m, M, M, M], axis=-1)[known]
    start[known] = np.tile(_CYCLES, len(settings))
    sublinear = np.array([s.guarantee is not None and s.guarantee.sublinear for s in settings])[owner] & known
    kinks[sublinear] = [-2.0, -1.0, 1.0, 2.0]
    levels[sublinear] = np.stack([m, m, M, m, m], axis=-1)[sublinear]
    start[sublinear] = np.resize(_SLOPES, int(sublinear.sum()))
    return Functions(owner, kinks[:, None], levels[:, None], start[:, None])


def _ends(settings: Sequence[Setting], owner: Array) -> tuple[Array, Array]:
    return np.array([s.m for s in settings])[owner], np.array([s.M for s in settings])[owner]


def _mutated(functions: Functions, harm: Array, settings: Sequence[Setting], rng: np.random.Generator) -> Functions:
    """The worst of each class and the worst of all, each changed a little in a few ways."""
    overall = np.argsort(-harm, kind="stable")[:_PARENTS]
    parents = np.unique(np.concatenate([_leaders(functions.owner, harm, 1), overall]))
    children = functions.take(np.repeat(parents, 3))
    m, M = (end[:, None, None] for end in _ends(settings, children.owner))
    shape = children.levels.shape
    share = rng.choice([0.0, 1.0, np.nan], size=shape)
    share = np.where(np.isnan(share), rng.uniform(size=shape), share)
    other = m + share * (M - m)
    levels = np.where(rng.uniform(size=shape) < 0.2, other, children.levels)
    kinks = np.sort(children.kinks + rng.choice([0.0, 0.03, 0.3]) * rng.normal(size=children.kinks.shape), axis=-1)
    start = children.start * (1 + rng.choice([0.0, 0.02, 0.2]) * rng.normal(size=children.start.shape))
    return Functions(children.owner, kinks, levels, start)


def _joined(a: Functions, b: Functions) -> Functions:
    return Functions(*(np.concatenate([x, y]) for x, y in zip(vars(a).values(), vars(b).values(), strict=True)))


def _leaders(owner: Array, harm: Array, count: int) -> list[int]:
    """The positions of the worst few of each class, worst first."""
    taken: dict[int, int] = {}
    chosen: list[int] = []
    for i in np.argsort(-harm, kind="stable").tolist():
        mine = int(owner[i])
        taken[mine] = taken.get(mine, 0) + 1
        if taken[mine] <= count:
            chosen.append(i)
    return chosen


def _harm(solver: Solver, functions: Functions, settings: Sequence[Setting], steps: int, work: _Work) -> Array | None:
    """What a run shows over what the guarantee allows, at its worst, per function; None where it took no step."""
    gammas = np.array([s.gamma for s in settings])[functions.owner]
    start = torch.as_tensor(functions.start.copy())
    objective = Objective(_Pieces(functions, gammas, work), torch.zeros_like(start), torch.as_tensor(gammas))
    with np.errstate(all="ignore"):
        trace = run(solver, objective, start, steps)
        if len(trace.points) < 2:
            return None
        harm = np.empty(len(functions))
        read = cache(lambda metric: _readings(metric, objective, trace.points, work))
        for i, setting in enumerate(settings):
            mine = functions.owner == i
            assert setting.guarantee is not None
            measure, first = read(setting.guarantee.metric), read(setting.guarantee.relative_to)[0]
            harm[mine] = harmed(setting.guarantee, measure[:, mine], first[mine])
    return harm


def _readings(metric: Metric, objective: Objective, points: Array, work: _Work) -> Array:
    """What a metric is along runs, shape (steps + 1, n); reading it costs the solver nothing."""
    states, left = torch.as_tensor(points), work.left
    work.left = 1  # all steps at once
    of = {
        Metric.DISTANCE: lambda: np.linalg.norm(points, axis=-1),
        Metric.GAP: lambda: objective.value(states).numpy(),
        Metric.GRADIENT: lambda: np.linalg.norm(objective.gradient(states).numpy(), axis=-1),
    }
    found = of[metric]()
    work.left = left
    return found


def harmed(guarantee: Guarantee, measure: Array, first: Array | None = None) -> Array:
    """The largest ratio of what was measured to what is allowed, along runs.

    Args:
        guarantee: what is declared.
        measure: what it speaks of, shape (steps + 1, n).
        first: what it is relative to, shape (n,); None where that is what it speaks of.

    Returns:
        Shape (n,); infinite where a run is not finite.
    """
    steps, rate = len(measure) - 1, max(guarantee.rate, 1e-12)
    told = measure > _SMALL * measure[:1]
    if guarantee.per_step:
        ratios = np.where(told[:-1] & told[1:], measure[1:] / measure[:-1] / rate, 0.0)
    elif guarantee.constant is not None:
        start = measure[0] if first is None else first
        allowed = replace(guarantee, rate=rate).bound(np.arange(steps + 1)[:, None], start)
        ratios = np.where(told, measure / np.maximum(allowed, 1e-300), 0.0)
    else:
        half = steps // 2
        ratios = np.where(told[-1:], measure[-1:] / measure[half : half + 1] / (8 * rate ** (steps - half)), 0.0)
    lost = ~np.isfinite(measure).all(0)
    return np.where(lost, np.inf, np.nan_to_num(ratios.max(0), nan=0.0, posinf=np.inf))
