"""Hypothesis strategies for problems, energies, objectives, spectra, step sizes and batches.

They shrink to few dimensions, whole numbers, axes along the coordinates. Every case prints in one line.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.base import Energy
from eqt_theory.energies.objective import Objective
from eqt_theory.testing.problem import Problem, Shape

# Made once: Hypothesis examines every strategy that it has not seen before, which takes longer than drawing from it.
_ENTRIES = st.sampled_from([1.0, -1.0, 2.0, -2.0, 0.5, -3.0, 0.0, 7.0])
_FAR = st.sampled_from([1.0, 1.0, 1.0, 30.0, 1000.0])
# The one that is differentiated by torch takes some times as long a step.
_BENT = st.sampled_from([Shape.PSEUDO_HUBER, Shape.SOFTPLUS, Shape.LOG_COSH, Shape.PSEUDO_HUBER, Shape.SOFTPLUS])
_BETWEEN = st.sampled_from([0.3, 0.0, 0.71, 1.0])
_ROTATIONS = st.integers(0, 5)
_SHIFTS = st.sampled_from([0.0, 0.0, 3.0, -1.0])
MILD = 1.8
"""How much the curvature varies along an axis of a mild problem; below 2, Newton's bare step contracts everywhere."""


class DrawnObjective(Objective):
    """An objective that prints as the problem that it was made from."""

    def __init__(self, problem: Problem, dtype: torch.dtype = torch.float64) -> None:
        whole = problem.objective(dtype)
        super().__init__(whole.energy, whole.proposal, whole.gamma)
        self.problem = problem

    def __repr__(self) -> str:
        return f"Objective({self.problem})"


def conditioning(high: float = 1e8) -> SearchStrategy[float]:
    """Condition numbers in [1, high]: 1, powers of 10 and between; they shrink to 1."""
    if not high >= 1:
        raise UsageError(f"high must be at least 1, got {high!r}")
    powers = [10.0**k for k in range(int(math.log10(high)) + 1)]
    return st.sampled_from([*powers, *(3 * p for p in powers if 3 * p <= high)])


@st.composite
def spectra(draw: st.DrawFn, m: float, M: float, dim: int | None = None, max_dim: int = 4) -> tuple[float, ...]:
    """Curvatures in [m, M], both ends among them from two dimensions on; they shrink to one, M."""
    if not 0 < m <= M < math.inf:
        raise UsageError(f"m and M must satisfy 0 < m <= M < infinity, got m={m!r}, M={M!r}")
    d = draw(st.integers(1, max_dim)) if dim is None else dim
    if d == 1:
        return (draw(st.sampled_from([M, m, math.sqrt(m * M)])),)
    inner = [m + draw(_BETWEEN) * (M - m) for _ in range(d - 2)]
    return (M, *inner, m)


_spectra = lru_cache(maxsize=1024, typed=True)(spectra)


def step_sizes(m: float, M: float, *, stable: bool = True) -> SearchStrategy[float]:
    """Step sizes of gradient descent: in (0, 2/M), up to its edge, or outside it, above 2/M."""
    if not 0 < m <= M < math.inf:
        raise UsageError(f"m and M must satisfy 0 < m <= M < infinity, got m={m!r}, M={M!r}")
    inside = [1 / M, 2 / (m + M), 0.1 / M, 1.5 / M, 1.9 / M, 1.999 / M]
    outside = [2.1 / M, 2.001 / M, 4 / M, 100 / M]
    return st.sampled_from(inside if stable else outside)


@st.composite
def problems(
    draw: st.DrawFn,
    m: float = 0.25,
    M: float = 1.0,
    gamma: float | None = None,
    *,
    bent: bool | None = None,
    mild: bool = False,
    near: float | None = None,
    dim: int | None = None,
    max_dim: int = 4,
    anywhere: bool = True,
) -> Problem:
    """Problems with curvature of Phi in [m, M].

    Args:
        draw: given by Hypothesis.
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        gamma: the damping; None draws 2/m (a strongly convex energy) or 1/(1.5 m) (a weakly convex one).
        bent: True for Phi that are not quadratic, False for quadratics, None for both.
        mild: whether the curvature along an axis varies by no more than a factor of 1.8.
        near: draw the start so far from the solution, as a multiple of its size or 1; None draws it anywhere.
        dim: the dimension; None draws it.
        max_dim: the largest dimension drawn.
        anywhere: whether to rotate and shift.

    Returns:
        A strategy of Problems.
    """
    if gamma is None:
        gamma = draw(st.sampled_from([2 / m, 1 / (1.5 * m)]))
    shape = Shape.QUADRATIC
    if bent or (bent is None and draw(st.booleans())):
        shape = draw(_BENT)
    floor = min(MILD * m, M) if shape is not Shape.QUADRATIC and mild else m
    most = draw(_spectra(floor, M, dim, max_dim))
    least = most
    if shape is not Shape.QUADRATIC:
        least = tuple(max(m, c / MILD) for c in most) if mild else (m,) * len(most)
    d = len(most)

    def entries() -> tuple[float, ...]:
        return tuple(draw(_ENTRIES) for _ in range(d))

    b, proposal, start = tuple(M * x for x in entries()), entries(), entries()
    rotation = draw(_ROTATIONS) if anywhere and d > 1 else 0
    shift = draw(_SHIFTS) if anywhere else 0.0
    problem = Problem(least, most, b, proposal, start, gamma, shape, rotation, shift)
    if near is not None:
        y = np.array(start) if any(start) else np.ones(d)
        scale = max(1.0, float(np.linalg.norm(problem.solution)))
        y = problem.solution + near * scale * y / np.linalg.norm(y)
        return replace(problem, start=tuple(float(x) for x in y))
    far = draw(_FAR)
    return replace(problem, start=tuple(far * x for x in start))


known_problems = lru_cache(maxsize=1024, typed=True)(problems)
"""The same strategy for the same arguments, which Hypothesis then examines but once."""


def objectives(
    m: float = 0.25, M: float = 1.0, *, bent: bool | None = None, max_dim: int = 4
) -> SearchStrategy[DrawnObjective]:
    """Objectives with curvature of Phi in [m, M]; they print in one line, and hold their solution in `.problem`."""
    return problems(m, M, bent=bent, max_dim=max_dim).map(DrawnObjective)


def energies(m: float = 0.25, M: float = 1.0, *, bent: bool | None = None, max_dim: int = 4) -> SearchStrategy[Energy]:
    """The energies of such objectives: strongly or weakly convex, with curvature in [m - 1/gamma, M - 1/gamma]."""
    return objectives(m, M, bent=bent, max_dim=max_dim).map(lambda objective: objective.energy)


@st.composite
def batches(
    draw: st.DrawFn,
    m: float = 0.25,
    M: float = 1.0,
    gamma: float | None = None,
    *,
    max_size: int = 4,
    max_dim: int = 4,
    alike: bool = False,
) -> tuple[Problem, ...]:
    """Two or more quadratics of one dimension and one gamma, each with its own spectrum, b, proposal and start."""
    dim = draw(st.integers(1, max_dim))
    gamma = draw(st.sampled_from([2 / m, 1 / (1.5 * m)])) if gamma is None else gamma
    count = draw(st.integers(2, max_size))
    if alike:  # in their least and greatest curvature
        first = draw(known_problems(m, M, gamma, bent=False, dim=dim))
        others = [draw(known_problems(m, M, gamma, bent=False, dim=dim)) for _ in range(count - 1)]
        if dim == 1:
            others = [replace(other, least=first.least, most=first.most) for other in others]
        return first, *others
    # States whose largest curvatures differ, so that a step size taken from all of them shows.
    tops = [M, *(draw(st.sampled_from([math.sqrt(m * M), M])) for _ in range(count - 1))]
    return tuple(draw(known_problems(m, top, gamma, bent=False, dim=dim)) for top in tops)


def stacked(
    batch: Sequence[Problem], dtype: torch.dtype = torch.float64, device: str = "cpu", rows: int | None = None
) -> tuple[Objective, torch.Tensor]:
    """Quadratics as one objective with a batch of parameters, and their starts, shape (n, d) or (rows, n/rows, d).

    Args:
        batch: quadratic problems of one dimension; where gammas differ, the objective has one per state.
        dtype: of every tensor.
        device: where they lie.
        rows: lay the states out in so many rows; None is one batch dimension.

    Returns:
        The objective and the starts.

    Raises:
        UsageError: a problem is not quadratic.
    """
    if any(problem.shape is not Shape.QUADRATIC for problem in batch):
        raise UsageError("a batch with parameters per state is made of quadratics, got another shape")

    def laid(tensors: list[torch.Tensor]) -> torch.Tensor:
        whole = torch.stack(tensors)
        return whole if rows is None else whole.unflatten(0, (rows, -1))

    singles = [problem.objective(dtype, device) for problem in batch]
    quadratics = [single.energy for single in singles]
    A = laid([q.A for q in quadratics])  # type: ignore[attr-defined]
    b = laid([q.b for q in quadratics])  # type: ignore[attr-defined]
    gammas = [problem.gamma for problem in batch]
    gamma = gammas[0] if len(set(gammas)) == 1 else laid([b.new_tensor(gamma) for gamma in gammas])
    objective = Objective(Quadratic(A, b), laid([single.proposal for single in singles]), gamma)
    return objective, laid([problem.starting_point(dtype, device) for problem in batch])
