"""Does a solver say the truth about where it is, and stay there once it has arrived?"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from eqt_theory.core.finding import Finding
from eqt_theory.energies.objective import Objective
from eqt_theory.solvers.solution import Status
from eqt_theory.solvers.solve import solve
from eqt_theory.solvers.state import GradientState
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.search import Line, at_most
from eqt_theory.testing.strategies import known_problems

_STAY = 50
"""Steps for which a solver has to stay at the solution."""


def honest_status(bench: SolverBench) -> Finding:
    """`solve` says CONVERGED where the solver arrives, and nowhere else, also on problems that it cannot solve."""
    inside = bench.quadratics() | bench.bent()

    def hard(setting: Any) -> Any:
        wide = known_problems(setting.M / 1e8, 50 * setting.M, 2e8 / setting.M)
        return wide.map(lambda p: Case(replace(setting, m=setting.M / 1e8, M=50 * setting.M, guarantee=None), (p,)))

    # Outside of its classes a solver may fail, but must not claim success.
    outside = bench.settings().flatmap(hard)
    return bench.hold(inside | outside, lambda case: _status(bench, case), "statuses of solve are true")


def _status(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    problem = case.problem
    known = case.setting in bench.scope.settings
    floor = bench.floor(case) if known else 0.0
    tolerance = max(2 * problem.M * floor, 1e-4 * problem.m * problem.size)
    steps = bench.budget(case) if known else 30
    objective, start = _placed(bench, problem)
    try:
        solution = solve(objective, bench.solver, start, tolerance, steps)
    except Exception as error:  # whatever the solver makes `solve` raise
        # Far outside of its classes a rule may give up loudly; a lie about its gradient is told as such.
        lied = "state.gradient must be grad Phi" in str(error)
        return (ran(f"in solve: {type(error).__name__}: {error}"),) if known or lied else ()
    y = problem.own(solution.h.double().cpu().numpy())
    residual = float(np.linalg.norm(problem.slopes(y)))
    noise = 8 * (problem.dim + 8) * bench.unit * problem.M * max(problem.size, float(np.linalg.norm(y)))
    bench.limits.used += int(solution.steps.max())
    lines: list[Line] = []
    if known:
        cause = "" if solution.status is Status.CONVERGED else bench.cause(case)
        lines.append(Line("it converges", solution.status is Status.CONVERGED, str(solution.status), cause))
    if solution.status is Status.CONVERGED:
        lines.append(at_most("|grad Phi| where it says CONVERGED", residual, tolerance * (1 + 1e-9) + noise))
    return (ran(""), *lines)


def carries_the_true_gradient(bench: SolverBench) -> Finding:
    """A state that promises its gradient carries that of Phi at its own h, at every step."""
    setting = bench.scope.settings[0]
    plain = Problem((setting.M,), (setting.M,), (setting.M,), (1.0,), (2.0,), setting.gamma)
    probe = bench.solver.init(*_placed(bench, plain))
    if not isinstance(probe, GradientState):
        raise NotApplicable("its states promise no gradient")

    def judge(case: Case) -> tuple[Line, ...]:
        problem = case.problem

        def look(k: int, state: Any) -> str:
            h = state.h.detach().double().cpu().numpy()
            if not np.isfinite(h).all():
                return ""
            y = problem.own(h)
            # Turned but not shifted: a gradient is no place.
            carried = state.gradient.detach().double().cpu().numpy() @ problem.axes
            off = float(np.linalg.norm(carried - problem.slopes(y)))
            size = max(problem.size, float(np.linalg.norm(y)))
            limit = 16 * (problem.dim + 8) * bench.unit * problem.M * size
            return "" if off <= limit else f"state.gradient is off by {off:.3g}, more than {limit:.3g}"

        objective, start = _placed(bench, problem)
        return (ran(bench.run(objective, start, 12, look=look).fault),)

    return bench.hold(bench.quadratics() | bench.bent(), judge, "carries the true gradient")


def _placed(bench: SolverBench, problem: Problem) -> tuple[Objective, Tensor]:
    return problem.objective(bench.dtype, bench.device), problem.starting_point(bench.dtype, bench.device)


def stays_at_the_solution(bench: SolverBench) -> Finding:
    """Started at the solution, it stays there."""

    def at_solution(case: Case) -> Case:
        start = tuple(float(x) for x in case.problem.solution)
        return Case(case.setting, (replace(case.problem, start=start),))

    def judge(case: Case) -> tuple[Line, ...]:
        trace = bench.trace(case.problem, _STAY)
        if trace.fault:
            return (ran(trace.fault),)
        away = np.linalg.norm(case.problem.own(trace.points) - case.problem.solution, axis=-1)
        worst = float(np.nan_to_num(away, nan=math.inf).max())
        return ran(""), at_most(f"|h - h*| within {_STAY} steps", worst, bench.floor(case))

    both = bench.quadratics() | bench.bent()
    return bench.hold(both.map(at_solution), judge, "stays at the solution")
