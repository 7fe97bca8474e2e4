"""Does a solver leave its arguments alone, remember nothing, and do the same thing twice?"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from eqt_theory.core.finding import Finding
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.search import Line
from eqt_theory.testing.solver_checks.surroundings import seeded
from eqt_theory.testing.trace import misfit

_STEPS = 6
"""Enough for rules that look back a few steps."""


def changes_no_input(bench: SolverBench) -> Finding:
    """Changes neither the start, nor the objective, nor the state that it is given."""
    both = bench.quadratics() | bench.bent()
    return bench.hold(both, lambda case: _untouched(bench, case), "changes no input")


def _untouched(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    objective = case.problem.objective(bench.dtype, bench.device)
    start = case.problem.starting_point(bench.dtype, bench.device)
    fixed = {f"objective.{name}": t for name, t in _tensors(objective)} | {"start": start}
    copies = {name: t.clone() for name, t in fixed.items()}
    with torch.no_grad():
        state: Any = None
        for k in range(_STEPS + 1):
            held = dict(_tensors(state)) if k else {}
            before = {name: t.clone() for name, t in held.items()}
            try:
                state = bench.solver.init(objective, start) if k == 0 else bench.solver.step(objective, state)
                fault = misfit(state, start)
            except Exception as error:  # whatever the solver raises is its fault
                fault = f"raised {type(error).__name__}: {error}"
            changed = [name for name, t in fixed.items() if not _same(t, copies[name])]
            changed += [f"state.{name}" for name, t in held.items() if not _same(t, before[name])]
            # A start marked so is a copy in `solve`; the objective is the user's.
            changed += [f"requires_grad of {name}" for name, t in fixed.items() if t.requires_grad and t is not start]
            if changed:
                return (Line(f"step {k} changes no input", False, f"it changed {', '.join(changed)}"),)
            if fault:
                return (ran(f"step {k}: {fault}"),)
    return (Line("no step changes an input", True),)


def _tensors(item: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor in an object, by the path to it."""
    if isinstance(item, Tensor):
        yield name or "tensor", item
        return
    if depth > 6:
        return
    if isinstance(item, dict):
        parts = {str(key): value for key, value in item.items()}
    elif isinstance(item, list | tuple):
        parts = {str(i): value for i, value in enumerate(item)}
    elif isinstance(item, nn.Module):
        parts = dict(item.named_parameters()) | dict(item.named_buffers())
    elif dataclasses.is_dataclass(item) and not isinstance(item, type):
        parts = {field.name: getattr(item, field.name) for field in dataclasses.fields(item)}
    elif hasattr(item, "__dict__") and not isinstance(item, type) and not callable(item):
        parts = vars(item)
    else:
        return
    for key, value in parts.items():
        yield from _tensors(value, f"{name}.{key}" if name else key, depth + 1)


def _same(a: Tensor, b: Tensor) -> bool:
    if a.shape != b.shape or not torch.equal(a.isnan(), b.isnan()):
        return False
    return torch.equal(a.nan_to_num(), b.nan_to_num())


def deterministic(bench: SolverBench) -> Finding:
    """Takes the very same steps when run again, to the last bit on a CPU, whatever the shared seeds."""

    def judge(case: Case) -> tuple[Line, ...]:
        with seeded(1):
            first = bench.trace(case.problem, _STEPS)
        with seeded(2):
            again = bench.trace(case.problem, _STEPS)
        if first.fault:
            return (ran(first.fault),)
        return ran(""), _equal(bench, case, first.points, again.points, "the second run, from other seeds,")

    return bench.hold(bench.quadratics() | bench.bent(), judge, "is deterministic")


def remembers_no_problem(bench: SolverBench) -> Finding:
    """What it does on one problem does not depend on the problems that it saw before."""

    def judge(case: Case) -> tuple[Line, ...]:
        first, other = case.batch
        before = bench.trace(first, _STEPS)
        between = bench.trace(other, _STEPS)
        after = bench.trace(first, _STEPS)
        if before.fault or between.fault or after.fault:
            return (ran(before.fault or between.fault or after.fault),)
        # A rule that remembers from the start has seen the first problem of the whole session by now, which was
        # another one; it shows as a wrong step, a multiple of the true one's error.
        return ran(""), _equal(bench, case, before.points, after.points, "the run after another problem")

    def pair(setting_case: Case, other: Case) -> Case:
        return Case(setting_case.setting, (setting_case.problem, other.problem))

    pairs = bench.settings().flatmap(lambda s: st.builds(pair, _of(bench, s, 2), _of(bench, s, 2)))
    return bench.hold(pairs, judge, "remembers no problem")


def _of(bench: SolverBench, setting: Any, dim: int) -> Any:
    alone = dataclasses.replace(bench, scope=dataclasses.replace(bench.scope, settings=(setting,)))
    return alone.quadratics(dim=dim)


def _equal(bench: SolverBench, case: Case, a: np.ndarray, b: np.ndarray, name: str) -> Line:
    if a.shape != b.shape:
        return Line(f"{name} is as long as the first", False, f"{len(b)} states after {len(a)}")
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        difference = float(np.where(same, 0.0, np.nan_to_num(np.abs(a - b), nan=np.inf)).max())
    limit = 0.0 if bench.device == "cpu" else bench.alike * case.problem.size
    return Line(f"{name} equals the first", difference <= limit, f"they differ by {difference:.3g}")
