"""Is every state of a batch treated on its own?"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.finding import Finding
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.solve import solve
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.problem import Problem, Shape
from eqt_theory.testing.search import Line, at_most
from eqt_theory.testing.strategies import batches, stacked
from eqt_theory.testing.trace import Trace

_STEPS = 2
"""Steps after which a state in a batch is compared with itself alone: few, so that rounding errors cannot grow.

At the third, a rule that combines past steps has more of them than a state of one entry has dimensions, and solves a
system that is singular up to its ridge: rounding errors grow there by one over the ridge.
"""


def no_cross_talk(bench: SolverBench) -> Finding:
    """A state in a batch takes the same steps as alone, whatever the others are and in whatever order."""
    cases = _batches(bench) | _shared_energy(bench)
    return bench.hold(cases, lambda case: _like_alone(bench, case), "treats every state of a batch on its own")


def gamma_per_state(bench: SolverBench) -> Finding:
    """The same with another gamma for every state."""
    return bench.hold(
        _batches(bench).map(_own_gammas), lambda case: _like_alone(bench, case), "takes one gamma per state", 20
    )


def _batches(bench: SolverBench) -> SearchStrategy[Case]:
    """Batches with a matrix, b, proposal and start of their own for every state."""
    # They share m and M where the rule reads those of the whole batch: its steps are then to be the same.
    alike = bool(bench.reads)
    return bench.settings().flatmap(lambda s: batches(s.m, s.M, s.gamma, alike=alike).map(lambda b: Case(s, b)))


def _shared_energy(bench: SolverBench) -> SearchStrategy[Case]:
    """Batches of one energy that is not quadratic, with a proposal and a start of their own for every state."""

    def build(case: Case, factors: list[float]) -> Case:
        first = case.problem
        others = [
            replace(first, proposal=tuple(c * x - c for x in first.proposal), start=tuple(c + x for x in first.start))
            for c in factors
        ]
        return Case(case.setting, (first, *others))

    factors = st.lists(st.sampled_from([0.5, -1.0, 3.0]), min_size=1, max_size=3)
    return st.builds(build, bench.bent(anywhere=False), factors)


def _own_gammas(case: Case) -> Case:
    g = 1 / case.setting.gamma
    return Case(case.setting, tuple(replace(p, gamma=1 / (g * (1 + 0.25 * i))) for i, p in enumerate(case.batch)))


def _together(batch: Sequence[Problem], bench: SolverBench, rows: int | None = None) -> tuple[Objective, torch.Tensor]:
    if all(problem.shape is Shape.QUADRATIC for problem in batch):
        return stacked(batch, bench.dtype, bench.device, rows)
    singles = [problem.objective(bench.dtype, bench.device) for problem in batch]
    objective = Objective(singles[0].energy, torch.stack([single.proposal for single in singles]), singles[0].gamma)
    return objective, torch.stack([problem.starting_point(bench.dtype, bench.device) for problem in batch])


def _like_alone(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    # In batches of other sizes and shapes too, where code for one size alone breaks.
    order = list(range(len(case.batch)))
    layouts: dict[str, tuple[list[int], int | None]] = {
        "in the batch": (order, None),
        "in it backwards": (order[::-1], None),
        "among seven": (order * 4, None),
    }
    if all(problem.shape is Shape.QUADRATIC for problem in case.batch):
        layouts["in two rows of three"] = (order * 3, 2)
    runs: list[tuple[str, dict[int, np.ndarray]]] = []
    for name, (members, rows) in layouts.items():
        members = members[: 7 if rows is None else 6]
        trace = bench.run(*_together([case.batch[i] for i in members], bench, rows), _STEPS)
        if trace.fault:
            return (ran(f"{name}: {trace.fault}"),)
        points = trace.points.reshape(len(trace.points), len(members), -1)
        # The last copy of a state that stands there more than once.
        runs.append((name, {i: points[:, j] for j, i in enumerate(members)}))
    lines: list[Line] = []
    for i, problem in enumerate(case.batch):
        alone = bench.trace(problem, _STEPS)
        if alone.fault:
            return (ran(alone.fault),)
        limit = bench.alike * problem.size + bench.rounding(problem)
        for name, points in runs:
            lines.append(at_most(f"state {i} {name}, away from where it is alone", _apart(alone, points[i]), limit))
    return tuple(lines)


def _apart(alone: Trace, points: np.ndarray) -> float:
    """The largest distance over the steps, judged relative to nothing; nan where both are lost alike counts as 0."""
    difference = alone.points - points
    both = ~np.isfinite(alone.points) & ~np.isfinite(points)
    return float(np.linalg.norm(np.where(both, 0.0, difference), axis=-1).max())


def batch_through_solve(bench: SolverBench) -> Finding:
    """In `solve`, where states that are done leave the batch, each ends at its own solution."""
    return bench.hold(_batches(bench), lambda case: _solved(bench, case), "solves batches whose states leave", 20)


def _solved(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    objective, starts = _together(case.batch, bench)
    floors = [bench.floor(case, problem) for problem in case.batch]
    # M times the floor is a residual that each of them can reach.
    tolerance = max(2 * problem.M * floor for problem, floor in zip(case.batch, floors, strict=True))
    steps = max(bench.budget(Case(case.setting, (problem,))) for problem in case.batch)
    try:
        solution = solve(objective, bench.solver, starts, tolerance, steps)
        bench.limits.used += int(solution.steps.max())
    except Exception as error:  # whatever the solver makes `solve` raise
        return (ran(f"in solve: {type(error).__name__}: {error}"),)
    lines: list[Line] = []
    for i, (problem, floor) in enumerate(zip(case.batch, floors, strict=True)):
        error = np.linalg.norm(problem.own(solution.h[i].double().cpu().numpy()) - problem.solution)
        lines.append(
            at_most(
                f"|h - h*| of state {i}",
                float(error),
                tolerance / problem.m + floor,
                lambda problem=problem: bench.cause(Case(case.setting, (problem,))),
            )
        )
    return ran(""), *lines


def batch_of_one(bench: SolverBench) -> Finding:
    """A batch of one state takes the same steps as the bare state."""

    def judge(case: Case) -> tuple[Line, ...]:
        bare, single = bench.trace(case.problem, _STEPS), bench.run(*_together(case.batch, bench), _STEPS)
        if bare.fault or single.fault:
            return (ran(bare.fault or f"in a batch of one, {single.fault}"),)
        limit = bench.alike * case.problem.size + bench.rounding(case.problem)
        return ran(""), at_most("distance between them", _apart(bare, single.points[:, 0]), limit)

    return bench.hold(bench.quadratics() | bench.bent(), judge, "takes a batch of one", 20)


def empty_batch(bench: SolverBench) -> Finding:
    """A batch of no states stays one, step by step and in `solve`."""

    def judge(case: Case) -> tuple[Line, ...]:
        whole, starts = _together(case.batch, bench)
        nobody = torch.zeros(0, dtype=torch.int64, device=starts.device)
        objective = whole.select(nobody)
        trace = bench.run(objective, starts[:0], 2)
        if trace.fault:
            return (ran(trace.fault),)
        try:
            shape = tuple(solve(objective, bench.solver, starts[:0]).h.shape)
        except Exception as error:  # whatever the solver makes `solve` raise
            return (ran(f"in solve: {type(error).__name__}: {error}"),)
        return ran(""), Line(f"solve returns shape {(0, case.problem.dim)}", shape == (0, case.problem.dim), str(shape))

    return bench.hold(bench.quadratics(), judge, "takes an empty batch", 5)
