"""Whether what a solver declares is true on one class of functions: decided, where the solver can be traced."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from eqt_theory.core.certificate import Certificate
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Finding, Replay, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.evidence.rate.certify_class import AIMS, runs_round
from eqt_theory.evidence.rate.cycle import cycle
from eqt_theory.evidence.rate.horizon import WorstCase
from eqt_theory.evidence.rate.initial import with_constant
from eqt_theory.evidence.rate.memoryless import gradient_step
from eqt_theory.evidence.rate.question import Question, certified_finding, cycle_finding, slow_finding
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.replay import runs_along
from eqt_theory.evidence.rate.spectrum import slow_quadratic
from eqt_theory.evidence.rate.trace import trace
from eqt_theory.evidence.rate.unroll import unroll_run
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric

_HORIZONS = (1, 2, 3, 5)
_OFF = 1e-6
_WIDER = 1 + Fraction(1, 2**44)


def decide_guarantee(
    solver: Solver,
    guarantee: Guarantee,
    m: float,
    M: float,
    gamma: float,
    *,
    method: Recurrence | None = None,
    room: Fraction = Fraction(0),
) -> Finding:
    """Whether a guarantee holds for every Phi of a class, in exact arithmetic of the traced recurrence.

    Args:
        solver: the step rule.
        guarantee: what it declares for these numbers; all of them count as the binary fractions they are.
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        gamma: the damping.
        method: the solver's recurrence at this gamma, where it is known.
        room: relative; by how much the rate and the constant may be rounded downwards.

    Returns:
        CERTIFIED with a certificate of the rate, and of a constant no larger than the one declared; REFUTED with a
        function of the class; INCONCLUSIVE with why.
    """
    if method is None:
        try:
            method = trace(solver, gamma)
        except UsageError as error:
            return inconclusive(Method.EXACT, str(error))
    if method.skipped:
        return inconclusive(Method.EXACT, "its first step differs from those that follow")
    low, high = Fraction(m), Fraction(M)
    wide = _widened(guarantee, room)
    refuted = _slow(guarantee, wide, method, low, high)
    if refuted is not None:
        return refuted
    if guarantee.function_class is FunctionClass.QUADRATIC:
        return inconclusive(Method.EXACT, "it is declared for quadratics alone, and no quadratic was found to break it")
    # Where m = M all functions are quadratics of that curvature; a slightly larger class contains them.
    question = question_of(guarantee, method, low, high if low < high else high * _WIDER)
    for said in dict.fromkeys((guarantee, wide)):
        certified = certified_by_potential(said, question)
        if certified is not None:
            return certified
    if low == high:
        return inconclusive(Method.EXACT, "m = M, and the class that is a little larger does not have this rate")
    refuted = _after_steps(solver, wide, low, high, gamma) or _round(solver, wide, question, gamma)
    return refuted or inconclusive(Method.EXACT, "no potential was found that shows it, and no function that breaks it")


def _widened(guarantee: Guarantee, room: Fraction) -> Guarantee:
    """The guarantee with a rate and a constant that are a little larger."""
    grow = float(1 + room)
    constant = (
        None if guarantee.constant is None else guarantee.constant if guarantee.per_step else guarantee.constant * grow
    )
    return replace(guarantee, rate=guarantee.rate * grow, constant=constant) if room else guarantee


def question_of(guarantee: Guarantee, method: Recurrence, m: Fraction, M: Fraction) -> Question:
    """What is asked about a method, so that the guarantee follows from the answer."""
    measure = "distance" if guarantee.metric is Metric.DISTANCE else "value"
    return Question(method, m, M, measure, guarantee.per_step)


def root(guarantee: Guarantee, up: bool) -> Fraction:
    """The factor per step of the distance that stands for the declared one; of a gap, its root, rounded."""
    rate = Fraction(guarantee.rate)
    if guarantee.metric is Metric.DISTANCE:
        return rate
    below = Fraction(math.isqrt(rate.numerator * 2**120 // rate.denominator), 2**60)
    return below if below**2 == rate or not up else below + Fraction(1, 2**60)


def _slow(said: Guarantee, wide: Guarantee, method: Recurrence, m: Fraction, M: Fraction) -> Finding | None:
    slow = slow_quadratic(method, m, M, root(wide, up=True))
    return None if slow is None else slow_finding(question_of(said, method, m, M), root(said, up=True), slow)


def certified_by_potential(guarantee: Guarantee, question: Question) -> Finding | None:
    """CERTIFIED, where a potential shows the rate with a constant no larger than the one declared."""
    rate = root(guarantee, up=False)
    largest = None if guarantee.constant is None else Fraction(guarantee.constant)
    if largest is not None and question.measure == "distance":
        largest = largest**2
    if question.measure != "distance" and question.reported is None:
        return None
    for whole in _certificates(question, rate):
        if largest is None or Fraction(whole["constant"]) <= largest:
            return certified_finding(question, rate, whole)
    return None


def _certificates(question: Question, rate: Fraction) -> Iterator[dict[str, Any]]:
    exact = gradient_step(question.method, question.m, question.M, rate) if question.measure == "distance" else None
    if exact is not None:
        yield exact
        return
    for search in question.searches():
        for aim in AIMS[:1] if search.itself else AIMS[:2]:
            certificate = search.at(rate, aim)
            whole = None if certificate is None else with_constant(certificate, search.window)
            if whole is not None:
                yield whole


def _after_steps(solver: Solver, guarantee: Guarantee, m: Fraction, M: Fraction, gamma: float) -> Finding | None:
    """REFUTED by a function on which more is left after a few steps than is declared."""
    if guarantee.metric is not Metric.DISTANCE or guarantee.constant is None:
        return None
    rate, constant = Fraction(guarantee.rate), Fraction(guarantee.constant)
    for steps in _HORIZONS:
        try:
            moves = unroll_run(solver, steps, gamma).moves
        except UsageError:
            return None
        below = WorstCase(moves, m, M, "distance").attained()
        allowed = (constant * rate**steps) ** 2
        if below is None or below[0] <= allowed:
            continue
        off = runs_along(solver, Fraction(gamma), below[1], steps)
        if off > _OFF:
            continue
        left = f"|h_{steps} - h*|^2 = {float(below[0]):.9g} |h_0 - h*|^2 or more"
        line = ReplayLine(f"|h_{steps} - h*|^2 <= {float(allowed):.9g} |h_0 - h*|^2", False, left)
        member = ReplayLine("all points are interpolated by a function of the class", True)
        return Finding(
            Verdict.REFUTED,
            Method.EXACT,
            f"{_said(guarantee)} fails: after {steps} steps on a function of the class {left}",
            witness={**{name: below[1][name] for name in ("start", "gradients", "values")}, "steps": steps},
            replay=Replay(Arithmetic.EXACT, (member,), (line,)),
            certificate=Certificate(below[1]),
            note=f"the solver itself, run on it in double precision, keeps to it within {off:.1e}",
        )
    return None


def _round(solver: Solver, guarantee: Guarantee, question: Question, gamma: float) -> Finding | None:
    """REFUTED by a function on which the method goes round."""
    rate = root(guarantee, up=True)
    found = cycle(question.method, question.m, question.M, rate)
    if found is None:
        return None
    ran = runs_round(solver, Fraction(gamma), cycle_finding(rate, found))
    return ran if ran.verdict is Verdict.REFUTED else None


def _said(guarantee: Guarantee) -> str:
    constant = 1 if guarantee.constant is None else guarantee.constant
    return f"|h_k - h*| <= {constant:.6g} {guarantee.rate:.9g}^k |h_0 - h*|"
