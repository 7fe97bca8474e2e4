"""Does a solver arrive at the solution, and as fast as it says?"""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.search import Line, at_most


def right_fixed_point(bench: SolverBench) -> Finding:
    """Converges to the minimiser of Phi on quadratics, down to the rounding floor."""
    return bench.hold(bench.quadratics(), lambda case: _arrives(bench, case), "converges to h* on quadratics")


def right_fixed_point_off_quadratics(bench: SolverBench) -> Finding:
    """Converges to the minimiser of Phi where Phi is not quadratic, down to the rounding floor."""
    return bench.hold(bench.bent(), lambda case: _arrives(bench, case), "converges to h* off quadratics")


def _arrives(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    errors, fault = bench.errors(case)
    return ran(fault), at_most(f"|h - h*| after {len(errors) - 1} steps", errors[-1], bench.floor(case))


def linear_convergence(bench: SolverBench) -> Finding:
    """The second half of the digits takes no more than 1.5 times as many steps as the first half, and 6."""
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
    errors, fault = bench.errors(case)
    if fault:
        return (ran(fault),)
    first, floor = errors[0], bench.floor(case)
    half = np.sqrt(max(4 * floor, 1e-12 * first) / first)
    if half > 0.1:
        return ()
    # The last step at which the error was above: a lucky crossing does not count.
    early = int(np.nonzero(~(errors <= first * half))[0][-1]) + 1
    late = int(np.nonzero(~(errors <= first * half**2))[0][-1]) + 1
    arrived = at_most(f"|h - h*| after {len(errors) - 1} steps", errors[-1], max(floor, first * half**2))
    # Right linear rules stay below early + 6, also those whose steps alternate; a step that shrinks like 1/sqrt(k)
    # takes three times as many for the second half.
    pace = at_most(
        f"steps for the second factor {half:.1e}, after {early} for the first", late - early, 1.5 * early + 6
    )
    return ran(fault), arrived, pace


def declared_rate(bench: SolverBench) -> Finding:
    """Contracts as its guarantee says, on the functions that the guarantee speaks of."""
    if bench.scope.defect:
        return inconclusive(Method.PROPERTY, bench.scope.defect)
    if not bench.scope.declared:
        raise NotApplicable("the solver declares no guarantee that promises convergence")
    cases = bench.quadratics()
    if any(setting.whole_class for setting in bench.scope.settings):
        cases = cases | bench.bent().filter(lambda case: case.setting.whole_class)
    return bench.hold(cases, lambda case: _as_declared(bench, case), "contracts at the declared rate")


def _as_declared(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    guarantee, problem = case.setting.guarantee, case.problem
    assert guarantee is not None
    if guarantee.function_class is FunctionClass.QUADRATIC and problem.most != problem.least:
        return ()
    floor = bench.floor(case)
    trace = bench.trace(problem, bench.budget(case), lambda h: _rests(problem, h, floor))
    if trace.fault:
        return (ran(trace.fault),)
    own = problem.own(trace.points)
    errors = np.linalg.norm(own - problem.solution, axis=-1)
    if guarantee.metric is Metric.DISTANCE:
        measure, slack = errors, np.full_like(errors, bench.rounding(problem))
    else:
        measure = problem.gap(own)
        slack = _gap_slack(bench, problem, measure)
    if guarantee.per_step:
        return (_every_step(guarantee, measure, slack),)
    if guarantee.constant is not None:
        return (_whole_run(guarantee, measure, slack + (floor if guarantee.metric is Metric.DISTANCE else 0.0)),)
    return (_in_the_limit(guarantee.rate, errors, floor),)


def _rests(problem: Problem, h: np.ndarray, floor: float) -> bool:
    error = np.linalg.norm(problem.own(h) - problem.solution)
    return bool(error <= floor / 16 or not error <= 1e9 * problem.size)


def _gap_slack(bench: SolverBench, problem: Problem, gap: np.ndarray) -> np.ndarray:
    """By how much a gap may be off: a shift of h by its rounding, and the rounding of Phi that a line search sees."""
    shift = bench.rounding(problem)
    phi = 8 * (problem.dim + 8) * bench.unit * problem.M * problem.size**2
    return np.sqrt(2 * problem.M * np.abs(gap)) * shift + problem.M * shift**2 + phi


def _every_step(guarantee: Guarantee, measure: np.ndarray, slack: np.ndarray) -> Line:
    excess = measure[1:] - guarantee.rate * measure[:-1] * (1 + 2.0**-40) - slack[:-1]
    # A nan is the worst.
    k = int(np.argmax(np.nan_to_num(excess, nan=np.inf, posinf=np.inf)))
    text = f"{guarantee.metric.value} at step {k + 1} <= {guarantee.rate:.6g} times that before"
    return Line(text, bool(excess[k] <= 0), f"{measure[k + 1]:.6g} after {measure[k]:.6g}")


def _whole_run(guarantee: Guarantee, measure: np.ndarray, slack: np.ndarray) -> Line:
    assert guarantee.constant is not None
    bound = guarantee.constant * guarantee.rate ** np.arange(len(measure)) * measure[0] * (1 + 2.0**-40) + slack
    excess = measure - bound
    k = int(np.argmax(np.nan_to_num(excess / bound, nan=np.inf, posinf=np.inf)))
    text = (
        f"{guarantee.metric.value} at step {k} <= {guarantee.constant:.4g} * {guarantee.rate:.6g}^{k} times the first"
    )
    return Line(text, bool(excess[k] <= 0), f"{measure[k]:.6g}, bound {bound[k]:.6g}")


def _in_the_limit(rate: float, errors: np.ndarray, floor: float) -> Line:
    """Second half of the run against its middle; 8 is room for a double root, whose errors fall like k rate^k."""
    above = np.nonzero(~(errors <= 1e3 * floor))[0]
    last = int(above[-1]) if len(above) else 0
    if last < 16:
        return Line("it converges within 16 steps", bool(errors[-1] <= 1e3 * floor), f"{errors[-1]:.3g}")
    middle, window = last // 2, max(3, last // 8)
    before = float(errors[middle - window : middle + 1].max())
    after = float(errors[last - window : last + 1].max())
    count = last - window - middle
    text = f"largest |h - h*| around step {last} over that around step {middle}"
    return at_most(text, after / before, 8 * rate**count)


def agrees_with_map(bench: SolverBench) -> Finding:
    """Its result is a mode of exp(-Phi): no point found by SciPy from several starts, nor any near it, is denser."""
    both = bench.quadratics(max_dim=2) | bench.bent(max_dim=2)
    return bench.hold(both, lambda case: _is_mode(bench, case), "is the MAP estimate", examples=10)


def _is_mode(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    from scipy.optimize import minimize

    problem = case.problem
    floor = bench.floor(case)
    trace = bench.trace(problem, bench.budget(case), lambda h: _rests(problem, h, floor))
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
    return ran(""), at_most("Phi at the result above the least Phi found", float(problem.value(y)) - best, noise)
