"""Does a solver arrive at the solution, and at a steady pace?"""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.finding import Finding
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.pace import pace
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.search import Line, at_most


def right_fixed_point(bench: SolverBench) -> Finding:
    """Converges to the minimiser of Phi on quadratics, down to the rounding floor."""
    return bench.hold(bench.quadratics(), lambda case: _arrives(bench, case), "converges to h* on quadratics")


def right_fixed_point_off_quadratics(bench: SolverBench) -> Finding:
    """Converges to the minimiser of Phi where Phi is not quadratic, down to the rounding floor."""
    return bench.hold(bench.bent(), lambda case: _arrives(bench, case), "converges to h* off quadratics")


def _arrives(bench: SolverBench, case: Case, steps: int | None = None) -> tuple[Line, ...]:
    errors, fault = bench.errors(case, steps)
    return ran(fault), at_most(
        f"|h - h*| after {len(errors) - 1} steps", errors[-1], bench.floor(case), lambda: pace(errors)
    )


def one_dimension(bench: SolverBench) -> Finding:
    """Works where the state is a single number."""
    both = bench.quadratics(dim=1) | bench.bent(dim=1)
    return bench.hold(both, lambda case: _arrives(bench, case), "works at d = 1", 20)


def nine_dimensions(bench: SolverBench) -> Finding:
    """Works where the state has more entries than the few of small cases."""

    def judge(case: Case) -> tuple[Line, ...]:
        # The probe saw three dimensions; a rule that scales by row sums, say, may take sqrt(9) times as many steps.
        return _arrives(bench, case, None if bench.scope.declared else 3 * bench.budget(case))

    return bench.hold(bench.quadratics(dim=9), judge, "works at d = 9", 5)


def linear_convergence(bench: SolverBench) -> Finding:
    """The second half of the digits takes no more steps than the first, a tenth and 6; twice as many with momentum."""
    if bench.bounded:
        raise NotApplicable("the solver declares a bound that falls like a power of the steps, and is judged by it")
    return bench.hold(_one_rate(bench), lambda case: _keeps_pace(bench, case), "converges linearly")


def _one_rate(bench: SolverBench) -> SearchStrategy[Case]:
    """Problems with one rate throughout: one curvature for all axes, or one dimension near the solution."""

    def level(case: Case, top: float) -> Case:
        problem = case.problem
        c = min(case.setting.M, max(case.setting.m, top * case.setting.M))
        same = (c,) * problem.dim
        flat = Problem(same, same, problem.b, problem.proposal, problem.start, problem.gamma, shift=problem.shift)
        away = tuple(float(x) + max(1.0, abs(float(x))) for x in flat.solution)
        return Case(case.setting, (replace(flat, start=away),))

    isotropic = st.builds(level, bench.quadratics(max_dim=3), st.sampled_from([0.0, 0.0, 1.0, 0.5]))
    return isotropic | bench.bent(near=1e-2, dim=1)


def _keeps_pace(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    offsets, fault = bench.offsets(case)
    if fault:
        return (ran(fault),)
    errors = np.linalg.norm(offsets, axis=-1)
    first, floor = errors[0], bench.floor(case)
    half = np.sqrt(max(4 * floor, 1e-12 * first) / first)
    if half > 0.1:
        return ()
    # The last step at which the error was above: a lucky crossing does not count.
    early = int(np.nonzero(~(errors <= first * half))[0][-1]) + 1
    late = int(np.nonzero(~(errors <= first * half**2))[0][-1]) + 1
    limit = max(floor, first * half**2)
    arrived = at_most(f"|h - h*| after {len(errors) - 1} steps", errors[-1], limit, lambda: pace(errors))
    # Right linear rules stay below early + 6, also those whose steps alternate. Those whose momentum grows towards 1,
    # as FISTA's, stay below 2 early: they swing, or declare a bound like a power of the steps. Steps that shrink like
    # k^-p take 2^(1/(1-p)) - 1 times as many for the second half: 3 times for p = 1/2, 1.4 times for p = 1/5.
    last = offsets[early : late + 1]
    crosses = bool(((last[1:] * last[:-1]).sum(-1) < 0).any())
    swings = crosses or bool((np.diff(errors[early : late + 1]) > 0).any()) or bool(bench.scope.convex)
    text = f"steps for the second factor {half:.1e}, after {early} for the first"
    steady = at_most(text, late - early, (2 if swings else 1.1) * early + 6, lambda: "sublinear")
    return ran(fault), arrived, steady


def agrees_with_map(bench: SolverBench) -> Finding:
    """Its result is a mode of exp(-Phi): no point found by SciPy from several starts, nor any near it, is denser."""
    both = bench.quadratics(max_dim=2) | bench.bent(max_dim=2)
    return bench.hold(both, lambda case: _is_mode(bench, case), "is the MAP estimate", examples=10)


def _is_mode(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    from scipy.optimize import minimize

    problem = case.problem
    floor = bench.floor(case)
    trace = bench.trace(problem, bench.budget(case), lambda h: bench.settled(problem, h, floor))
    if trace.fault:
        return (ran(trace.fault),)
    y = problem.own(trace.points[-1])
    if not np.isfinite(y).all():
        return (Line("the result is finite", False, str(y)),)
    best = np.inf
    for start in (np.array(problem.start), np.zeros(problem.dim), np.array(problem.proposal)):
        found = minimize(lambda x: float(problem.value(x)), start, jac=problem.slopes, method="BFGS")
        best = min(best, float(found.fun))
    reach = 1e-3 * max(1.0, float(np.linalg.norm(y)))
    directions = np.concatenate([np.eye(problem.dim), -np.eye(problem.dim)])
    best = min(best, float(problem.value(y + reach * directions).min()))
    noise = 64 * (problem.dim + 8) * bench.unit * problem.M * problem.size**2 + problem.M * floor**2
    above = float(problem.value(y)) - best
    return ran(""), at_most("Phi at the result above the least Phi found", above, noise, lambda: bench.cause(case))
