"""Whether what a solver declares is true on one class of functions: decided, where the solver can be traced."""

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.evidence.rate.certify_class import AIMS, runs_round
from eqt_theory.evidence.rate.cycle import cycle
from eqt_theory.evidence.rate.declared_steps import MEASURED, decide_steps
from eqt_theory.evidence.rate.initial import with_constant
from eqt_theory.evidence.rate.memoryless import gradient_step
from eqt_theory.evidence.rate.question import Question, certified_finding, cycle_finding, slow_finding
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.spectrum import slow_quadratic
from eqt_theory.evidence.rate.trace import trace
from eqt_theory.solvers.base import Solver
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee

_HORIZONS = (1, 2, 3, 5)
_PART = Fraction(1, 2**10)
"""Of what a rate below 1 leaves: the most by which it counts as rounded, so that no room makes a false rate true."""
_UNIT = Fraction(1, 2**52)
"""Two units of a float just below 1: the last operation alone may round a true rate downwards by half of one."""


def decide_guarantee(
    solver: Solver,
    guarantee: Guarantee,
    m: float,
    M: float,
    gamma: float,
    *,
    method: Recurrence | None = None,
    room: Fraction = Fraction(0),
    cycles: bool = True,
) -> Finding:
    """Whether a guarantee holds for every Phi of a class, in exact arithmetic of the traced recurrence.

    Args:
        solver: the step rule.
        guarantee: what it declares for these numbers; all of them count as the binary fractions they are.
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        gamma: the damping.
        method: the solver's recurrence at this gamma, where it is known.
        room: relative; by how much the rate and the constant may have been rounded downwards; the rate by no more than
            a thousandth of 1 - rate, or 2^-52. What is certified is then the guarantee with numbers larger by that.
        cycles: whether to look for functions on which it goes round, which takes longest.

    Returns:
        CERTIFIED with a certificate of the rate and of a constant no larger than the one declared, or, where no rate is
        shown (as of schedules and sublinear bounds; `rate` is then None), of the bounds after the first steps; REFUTED
        with a function of the class; INCONCLUSIVE with why.
    """
    low, high = Fraction(m), Fraction(M)
    wide = _widened(guarantee, room)
    if guarantee.sublinear or guarantee.relative_to is not guarantee.metric:
        return decide_steps(solver, wide, low, high, gamma)
    if method is None:
        try:
            method = trace(solver, gamma)
        except UsageError as error:
            steps = decide_steps(solver, wide, low, high, gamma)
            return steps if steps.conclusive else inconclusive(Method.EXACT, str(error))
    refuted = _slow(guarantee, wide, method, low, high)
    if refuted is not None:
        return refuted
    if (method.skipped or method.period > 1) and (guarantee.per_step or guarantee.constant is not None):
        # The recurrence begins after the first step, or tells of every few: it tells how errors fall in the end, but
        # not from which constant.
        steps = decide_steps(solver, wide, low, high, gamma)
        schedule = steps.conclusive and (method.skipped > 1 or method.period > 1)
        unlike = inconclusive(Method.EXACT, "its steps differ from each other, and no function breaks it")
        return steps if steps.verdict is Verdict.REFUTED or schedule else unlike
    if guarantee.function_class is FunctionClass.QUADRATIC:
        return inconclusive(Method.EXACT, "it is declared for quadratics alone, and no quadratic was found to break it")
    question = question_of(guarantee, method, low, high)
    for near in question.apart():
        certified = certified_by_potential(guarantee, near) or _closed_form(wide, near)
        if certified is not None:
            return certified
    if low == high:
        return inconclusive(Method.EXACT, "m = M, and the class that is a little larger does not have this rate")
    steps = decide_steps(solver, wide, low, high, gamma, _HORIZONS)
    round_it = cycles and not method.skipped and steps.verdict is not Verdict.REFUTED
    refuted = _round(solver, wide, question, gamma) if round_it else None
    if refuted is not None or steps.conclusive:
        return refuted or steps
    return inconclusive(Method.EXACT, "no potential was found that shows it, and no function that breaks it")


def broken_by_a_quadratic(
    guarantee: Guarantee, method: Recurrence, m: float, M: float, room: Fraction = Fraction(0)
) -> Finding | None:
    """REFUTED, where a quadratic of the class breaks a declared rate; that costs milliseconds.

    Args:
        guarantee: what is declared for these numbers.
        method: the solver's recurrence.
        m: strong convexity of Phi.
        M: Lipschitz constant of grad Phi.
        room: as for `decide_guarantee`.

    Returns:
        The finding; None where the rate holds on quadratics as far as is seen, or where no rate is declared.
    """
    if guarantee.sublinear or guarantee.relative_to is not guarantee.metric:
        return None
    return _slow(guarantee, _widened(guarantee, room), method, Fraction(m), Fraction(M))


def _widened(guarantee: Guarantee, room: Fraction) -> Guarantee:
    """The guarantee with a rate and a constant that are a little larger."""
    if not room:
        return guarantee
    rate, constant = Fraction(guarantee.rate), guarantee.constant
    if constant is not None and not guarantee.per_step:
        constant *= float(1 + room)
    if not guarantee.sublinear:  # near 1 the room is a small part of what the rate leaves, and the unit of rounding
        rate += min(rate * room, max((1 - rate) * _PART, _UNIT)) if rate < 1 else rate * room
    return replace(guarantee, rate=float(rate), constant=constant)


def question_of(guarantee: Guarantee, method: Recurrence, m: Fraction, M: Fraction) -> Question:
    """What is asked about a method, so that the guarantee follows from the answer."""
    return Question(method, m, M, MEASURED[guarantee.metric], guarantee.per_step)


def root(guarantee: Guarantee, up: bool) -> Fraction:
    """The factor per step of a norm that stands for the declared one; of a gap, its root, rounded."""
    rate = Fraction(guarantee.rate)
    if guarantee.metric.degree == 1:
        return rate
    below = Fraction(math.isqrt(rate.numerator * 2**120 // rate.denominator), 2**60)
    return below if below**2 == rate or not up else below + Fraction(1, 2**60)


def _slow(said: Guarantee, wide: Guarantee, method: Recurrence, m: Fraction, M: Fraction) -> Finding | None:
    slow = slow_quadratic(method, m, M, root(wide, up=True) ** method.period)
    rate = root(said, up=True) ** method.period
    return None if slow is None else slow_finding(question_of(said, method, m, M), rate, slow)


def certified_by_potential(guarantee: Guarantee, question: Question) -> Finding | None:
    """CERTIFIED, where a potential shows the rate with a constant no larger than the one declared."""
    exact = _closed_form(guarantee, question)
    if exact is not None:
        return exact
    rate = root(guarantee, up=False) ** question.period
    largest = None if guarantee.constant is None else Fraction(guarantee.constant)
    if largest is not None and guarantee.metric.degree == 1:
        largest = largest**2
    if question.measure != "distance" and question.reported is None:
        return None
    for whole in _certificates(question, rate):
        if largest is None or Fraction(whole["constant"]) <= largest:
            return certified_finding(question, rate, whole)
    return None


def _closed_form(guarantee: Guarantee, question: Question) -> Finding | None:
    if question.measure != "distance":
        return None
    rate = root(guarantee, up=False) ** question.period
    exact = gradient_step(question.method, question.m, question.M, rate)
    return None if exact is None else certified_finding(question, rate, exact)


def _certificates(question: Question, rate: Fraction) -> Iterator[dict[str, Any]]:
    for search in question.searches():
        for aim in AIMS[:1] if search.itself else AIMS[:2]:
            certificate = search.at(rate, aim)
            whole = None if certificate is None else with_constant(certificate, search.window)
            if whole is not None:
                yield whole


def _round(solver: Solver, guarantee: Guarantee, question: Question, gamma: float) -> Finding | None:
    """REFUTED by a function on which the method goes round."""
    rate = root(guarantee, up=True) ** question.period
    found = cycle(question.method, question.m, question.M, rate)
    if found is None:
        return None
    ran = runs_round(solver, Fraction(gamma), question.method, cycle_finding(question, rate, found))
    return ran if ran.verdict is Verdict.REFUTED else None
