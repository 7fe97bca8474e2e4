"""Does a solver keep to the guarantee that it declares?"""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric
from eqt_theory.testing.adversary import Candidate, candidates
from eqt_theory.testing.battery import NotApplicable
from eqt_theory.testing.bench import Case, SolverBench, ran
from eqt_theory.testing.problem import Problem, Shape
from eqt_theory.testing.search import Line, at_most
from eqt_theory.testing.setting import Setting
from eqt_theory.testing.strategies import known_problems

_WHILE = 20
"""Steps for which a guarantee is watched where it would take too many to arrive."""
_SHORT, _LONG = 24, 160
"""The same at its border, for guarantees of every step and of whole runs."""
_FLAT = 1e-3
"""m/M of functions on which a bound that needs no strong convexity is sampled."""
_CLASSES = 80
_EVALUATIONS = 4000
_SUSPECTS = 12


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


def declared_rate_ill_conditioned(bench: SolverBench) -> Finding:
    """Keeps to its guarantee for twenty steps where M/m is up to 1e8, and on a function that heavy balls cycle on."""
    if not bench.scope.steep:
        raise NotApplicable("the solver declares no guarantee for M/m of 25 and more")

    def steep(setting: Setting) -> SearchStrategy[Case]:
        return known_problems(setting.m, setting.M, setting.gamma, bent=False).map(lambda p: Case(setting, (p,)))

    # The extremes of every class, and starts that lie on a cycle, are too few to be drawn: all of them are tried, and
    # the first that shows a fault is the case.
    corners = (case for setting in bench.scope.steep for case in _corners(setting))
    first = next((case for case in corners if not all(line.holds for line in _for_a_while(bench, case))), None)
    cases = st.just(first) if first is not None else st.sampled_from(bench.scope.steep).flatmap(cache(steep))
    return bench.hold(cases, lambda case: _for_a_while(bench, case), "keeps to its guarantee where M/m is large")


def declared_rate_at_the_border(bench: SolverBench) -> Finding:
    """Keeps to its guarantee at the ends and corners of what it speaks of, on functions sought out to break it."""
    scope = bench.scope
    if scope.defect or not (scope.declared or scope.convex):
        raise NotApplicable("the solver declares no guarantee that promises convergence")
    spoken = scope.spoken
    settings = tuple(dict.fromkeys((*scope.corners, *spoken[:: max(1, len(spoken) // _CLASSES)], *spoken[-_CLASSES:])))
    settings = tuple(s for s in settings if not bench.certified(s)) or settings  # what is a theorem is not sampled
    settings += tuple(replace(s, m=max(s.m, s.M * _FLAT)) for s in scope.convex)
    each = all(s.guarantee is not None and s.guarantee.per_step for s in settings)
    steps = _SHORT if each else _LONG
    found, tried = candidates(bench.solver, settings, steps, bench.seed, _EVALUATIONS)
    cases = [Case(c.setting, (c.problem,)) for c in found]
    if not cases and scope.corners:  # a rule that takes no batches; that is another check's affair
        cases = [case for setting in scope.corners for case in _corners(setting)]

    def judge(case: Case) -> tuple[Line, ...]:
        return _for_a_while(bench, case, steps)

    suspects = [Case(c.setting, (c.problem,)) for c in _simple_first([c for c in found if c.harm > 1])] or cases
    failing = (case for case in suspects[:_SUSPECTS] if not all(line.holds for line in judge(case)))
    first = next(failing, None)
    places = f"at {len(scope.corners)} corners of what it speaks of" if scope.declared else "on convex functions"
    detail = f"keeps to its guarantee {places}, {tried} functions searched"
    drawn = st.just(first) if first is not None else st.sampled_from(cases)
    return bench.hold(drawn, judge, detail, 20)


def _simple_first(suspects: list[Candidate]) -> list[Candidate]:
    """The worst few quadratics, which read best, and then the worst few others."""
    plain = [c for c in suspects if c.problem.shape is Shape.QUADRATIC]
    return plain[: _SUSPECTS // 2] + [c for c in suspects if c.problem.shape is not Shape.QUADRATIC]


def _corners(setting: Setting) -> Iterator[Case]:
    """The quadratic with both extreme curvatures; in one dimension, curvature M, m and M again, from several starts."""
    m, M, gamma = setting.m, setting.M, setting.gamma
    yield Case(setting, (Problem((m, M), (m, M), (0.0, 0.0), (0.0, 0.0), (1.0, 1.0), gamma),))
    if not setting.whole_class or M / m > 100:
        return
    stretch = math.sqrt(1 - m / M)
    for t in (3.3, 3.1, 2.7, 1.5, -3.0, 30.0):
        yield Case(setting, (Problem((m,), (M,), (0.0,), (0.0,), (t / stretch,), gamma, Shape.KINKED),))


def _for_a_while(bench: SolverBench, case: Case, steps: int = _WHILE) -> tuple[Line, ...]:
    """The guarantee over the first steps; of one that speaks of the limit alone, over the second half of many."""
    guarantee, problem = case.setting.guarantee, case.problem
    assert guarantee is not None
    trace = bench.trace(problem, steps)
    if trace.fault:
        return (ran(trace.fault),)
    measure, slack = _measured(bench, problem, guarantee, trace.points)
    if guarantee.per_step:
        return (_every_step(guarantee, measure, slack),)
    if guarantee.constant is not None:
        return (_whole_run(guarantee, measure, steps * slack, _first(problem, guarantee, trace.points)),)
    if steps < _LONG:
        return (ran(""),)
    errors = np.linalg.norm(problem.own(trace.points) - problem.solution, axis=-1)
    return (_in_the_limit(guarantee.rate, errors, bench.floor(case)),)


def _as_declared(bench: SolverBench, case: Case) -> tuple[Line, ...]:
    guarantee, problem = case.setting.guarantee, case.problem
    assert guarantee is not None
    if guarantee.function_class is FunctionClass.QUADRATIC and problem.most != problem.least:
        return ()
    floor = bench.floor(case)
    trace = bench.trace(problem, bench.budget(case), lambda h: bench.settled(problem, h, floor))
    if trace.fault:
        return (ran(trace.fault),)
    errors = np.linalg.norm(problem.own(trace.points) - problem.solution, axis=-1)
    measure, slack = _measured(bench, problem, guarantee, trace.points)
    if guarantee.per_step:
        return (_every_step(guarantee, measure, slack),)
    if guarantee.constant is not None:
        slack = slack + (floor if guarantee.metric is Metric.DISTANCE else 0.0)
        return (_whole_run(guarantee, measure, slack, _first(problem, guarantee, trace.points)),)
    return (_in_the_limit(guarantee.rate, errors, floor),)


def _measured(
    bench: SolverBench, problem: Problem, guarantee: Guarantee, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the guarantee speaks of along a run, and by how much rounding may put each number off."""
    measure = _read(problem, guarantee.metric, points)
    if guarantee.metric is Metric.GAP:
        return measure, _gap_slack(bench, problem, measure)
    unit = problem.M if guarantee.metric is Metric.GRADIENT else 1.0
    return measure, np.full_like(measure, unit * bench.rounding(problem))


def _read(problem: Problem, metric: Metric, points: np.ndarray) -> np.ndarray:
    own = problem.own(points)
    if metric is Metric.GAP:
        return problem.gap(own)
    return np.linalg.norm(own - problem.solution if metric is Metric.DISTANCE else problem.slopes(own), axis=-1)


def _first(problem: Problem, guarantee: Guarantee, points: np.ndarray) -> float:
    """What the bound of a whole run is relative to."""
    return float(_read(problem, guarantee.relative_to, points[:1])[0])


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


def _whole_run(guarantee: Guarantee, measure: np.ndarray, slack: np.ndarray, first: float) -> Line:
    assert guarantee.constant is not None
    bound = guarantee.bound(np.arange(len(measure)), first) * (1 + 2.0**-40) + slack
    excess = measure - bound
    k = int(np.argmax(np.nan_to_num(excess / bound, nan=np.inf, posinf=np.inf)))
    front = f"{guarantee.constant:.4g} * {guarantee.rate:.6g}^{k} times the first"
    if guarantee.relative_to is not guarantee.metric:
        front = f"{guarantee.bound(k, 1.0):.4g} times ({guarantee.relative_to.value})^" + (
            f"{guarantee.metric.degree / guarantee.relative_to.degree:g} at the start"
        )
    text = f"{guarantee.metric.value} at step {k} <= {front}"
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
