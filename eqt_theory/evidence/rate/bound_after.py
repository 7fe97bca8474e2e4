"""bound_after: how far anybody's solver is from the solution after some steps, enclosed from both sides."""

import math
import time
from fractions import Fraction

from eqt_theory.core.annotated import checked
from eqt_theory.core.budget import Told, budget, stage
from eqt_theory.core.certificate import Certificate
from eqt_theory.core.decimals import lower, upper
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.evidence.rate.horizon import WorstCase
from eqt_theory.evidence.rate.one_curvature import OneCurvature
from eqt_theory.evidence.rate.question import IN_WORDS, Number, exact_number
from eqt_theory.evidence.rate.trace import AnySolver
from eqt_theory.evidence.rate.unroll import unroll_run

_MOST = 60


@checked
def bound_after(
    solver: AnySolver,
    steps: int,
    m: Number,
    M: Number,
    *,
    measure: str = "value",
    gamma: Number = math.inf,
    seconds: float = 60,
    progress: Told | None = None,
) -> Finding:
    """What is left after some steps, for the worst Phi of a class, relative to |h_0 - h*|^2.

    The solver runs on a function of which nothing is known; its steps may differ (schedules, FISTA, OGM). The worst
    case is a semidefinite program (Drori and Teboulle 2014), solved in floating point and rounded to an upper bound and
    to an exact function on which nearly as much is left; both are checked in fractions by the kernel.

    Args:
        solver: a Solver, or a function (objective, h) -> next h.
        steps: how many, at least 1.
        m: strong convexity of Phi, 0 or more.
        M: Lipschitz constant of grad Phi.
        measure: "value" Phi(h) - Phi*, "distance" |h - h*|^2 or "gradient" |grad Phi(h)|^2.
        gamma: the damping, infinite where Phi has no proximal term.
        seconds: after which the search is given up.
        progress: is told how far it is, a line about once a second.

    Returns:
        CERTIFIED with `enclosures["bound"]` and `enclosures["attained"]`, Fractions, and the certificate of both;
        INCONCLUSIVE with why.

    Raises:
        UsageError: an argument is unusable.
    """
    low, high = exact_number("m", m), exact_number("M", M)
    if not 0 <= low <= high or high == 0:
        raise UsageError(f"m and M must satisfy 0 <= m <= M and 0 < M, got m={m!r}, M={M!r}")
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= _MOST:
        raise UsageError(f"steps must be an integer from 1 to {_MOST}, got {steps!r}")
    if measure not in ("distance", "value", "gradient"):
        raise UsageError(f"measure must be distance, value or gradient, got {measure!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise UsageError(f"seconds must be a positive number, got {seconds!r}")
    if isinstance(gamma, bool) or not isinstance(gamma, int | float | Fraction) or not gamma > 0:
        raise UsageError(f"gamma must be positive, got {gamma!r}")
    begun = time.perf_counter()
    try:
        run = unroll_run(solver, steps, gamma)
    except UsageError as error:
        return inconclusive(Method.EXACT, str(error))
    narrow = low == high
    problem = OneCurvature(run.moves, low, measure) if narrow else WorstCase(run.moves, low, high, measure)
    with budget(progress=progress):
        stage("looking for a bound")
        above = problem.bound()
    if time.perf_counter() - begun > seconds:
        return inconclusive(Method.EXACT, f"time is up: {steps} steps take more than the seconds given")
    if above is None:
        return inconclusive(Method.EXACT, f"no bound after {steps} steps could be rounded to fractions")
    with budget(progress=progress):
        stage("looking for a function that attains it")
        below = problem.attained()
    attained, function = below or (Fraction(0), None)
    whole = above[1] if function is None else {**above[1], "below": function["below"]}
    what = IN_WORDS[measure].replace("_k", "")
    note = f"rounded parameters were moved by at most {float(run.mended):.2g}" if run.mended else ""
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"after {steps} steps {what} <= {upper(above[0])} |h_0 - h*|^2, and {lower(attained)} is "
        f"attained by a function of the class m = {float(low):.6g}, M = {float(high):.6g}",
        enclosures={"bound": above[0], "attained": attained, "steps": steps},
        certificate=Certificate(whole),
        seconds=time.perf_counter() - begun,
        note=note,
    )
