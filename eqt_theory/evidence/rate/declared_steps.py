"""What a solver declares, held against worst cases after its first steps: of schedules and sublinear bounds too."""

import math
from fractions import Fraction

from eqt_theory.core.certificate import Certificate, collection
from eqt_theory.core.decimals import lower, upper
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.interval.interval import Interval
from eqt_theory.evidence.rate.horizon import WorstCase
from eqt_theory.evidence.rate.question import IN_WORDS
from eqt_theory.evidence.rate.replay import runs_along
from eqt_theory.evidence.rate.run_vectors import sampled
from eqt_theory.evidence.rate.unroll import unroll_run
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric

_OFF = 1e-6
MEASURED = {Metric.DISTANCE: "distance", Metric.GAP: "value", Metric.GRADIENT: "gradient"}


def decide_steps(
    solver: Solver, guarantee: Guarantee, m: Fraction, M: Fraction, gamma: float, horizons: tuple[int, ...] = (1, 2, 4)
) -> Finding:
    """Whether a bound relative to |h_0 - h*| holds after some numbers of steps, for every Phi of a class.

    Args:
        solver: the step rule; its steps may differ.
        guarantee: what it declares for these numbers.
        m: strong convexity of Phi, 0 or more.
        M: Lipschitz constant of grad Phi, above m.
        gamma: the damping.
        horizons: the numbers of steps.

    Returns:
        CERTIFIED with a bound for each number of steps, none above what is declared; REFUTED with a function of the
        class, run by the solver; INCONCLUSIVE with why.
    """
    if guarantee.relative_to is not Metric.DISTANCE or guarantee.constant is None:
        return inconclusive(Method.EXACT, "it is relative to something other than |h_0 - h*|, or has no constant")
    if guarantee.function_class is FunctionClass.QUADRATIC or m >= M:
        return inconclusive(Method.EXACT, "worst cases are known for classes of functions with m below M alone")
    measure, shown, parts = MEASURED[guarantee.metric], {}, []
    for steps in horizons:
        surely, allowed = _allowed(guarantee, steps)
        try:
            worst = WorstCase(unroll_run(solver, steps, gamma).moves, m, M, measure)
        except UsageError as error:
            return inconclusive(Method.EXACT, str(error))
        above = worst.bound()
        if above is not None and above[0] <= surely:
            shown[f"after {steps}"] = above[0]
            parts.append(Certificate(above[1]))
            continue
        refuted = _broken(solver, guarantee, worst, steps, allowed, gamma)
        return refuted or inconclusive(
            Method.EXACT, f"after {steps} steps what is declared is neither shown nor broken"
        )
    detail = f"{guarantee.metric.value} keeps to what is declared after {', '.join(map(str, horizons))} steps"
    return Finding(Verdict.CERTIFIED, Method.EXACT, detail, enclosures=shown, certificate=collection(parts))


def _allowed(guarantee: Guarantee, steps: int) -> tuple[Fraction, Fraction]:
    """What is declared after some steps, relative to |h_0 - h*|^2 and squared where the metric is a norm.

    Returns:
        Bounds from below and from above, the same where the power is a whole number.
    """
    assert guarantee.constant is not None
    after, whole = steps + Fraction(guarantee.shift), math.floor(guarantee.power)
    bound = Fraction(guarantee.constant) * Fraction(guarantee.rate) ** steps / after**whole
    ends = [bound, bound]
    if rest := Fraction(guarantee.power) - whole:
        falls = Interval.around([Interval.of(after).ball ** Interval.of(rest).ball])
        ends = [bound / end for end in reversed(falls.ends)]
    low, high = ends if guarantee.metric.degree == 2 else [end**2 for end in ends]
    return low, high


def _broken(
    solver: Solver, guarantee: Guarantee, worst: WorstCase, steps: int, allowed: Fraction, gamma: float
) -> Finding | None:
    """REFUTED by a function on which more is left than is declared."""
    below = worst.attained()
    if below is None or below[0] <= allowed:
        return None
    points, values = sampled(below[1])
    off = runs_along(solver, Fraction(gamma), below[1], steps)
    if off > _OFF:
        return None
    what = IN_WORDS[worst.measure].replace("_k", "")
    left = f"{what} = {lower(below[0])} |h_0 - h*|^2 or more"
    line = ReplayLine(f"{what} <= {upper(allowed)} |h_0 - h*|^2", False, left)
    member = ReplayLine("all points are interpolated by a function of the class", True)
    return Finding(
        Verdict.REFUTED,
        Method.EXACT,
        f"what is declared fails: after {steps} steps on a function of the class {left}, where "
        f"{upper(allowed)} is declared",
        witness={
            "start": [str(x) for x in points[0][0]],
            "gradients": [[str(x) for x in u] for _, u in points],
            "values": [str(f) for f in values],
            "steps": steps,
        },
        replay=Replay(Arithmetic.EXACT, (member,), (line,)),
        certificate=Certificate(below[1]),
        note=f"the solver itself, run on it in double precision, keeps to it within {off:.1e}",
    )
