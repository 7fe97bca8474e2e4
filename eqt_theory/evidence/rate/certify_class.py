"""certify_rate: the smallest rate of anybody's solver on a class of functions, with a certificate in fractions."""

import math
import time
from dataclasses import replace
from fractions import Fraction
from typing import Any

from eqt_theory.core.annotated import checked
from eqt_theory.core.budget import Told, budget, stage, tick
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.verdict import Method
from eqt_theory.evidence.rate.centres import smallest
from eqt_theory.evidence.rate.cycle import cycle
from eqt_theory.evidence.rate.damping import reads_gamma
from eqt_theory.evidence.rate.doubles import is_long, smallest_in_doubles
from eqt_theory.evidence.rate.initial import with_constant
from eqt_theory.evidence.rate.memoryless import gradient_step, tight_step
from eqt_theory.evidence.rate.potential import Aim, Search, described, short
from eqt_theory.evidence.rate.question import (
    Number,
    Question,
    certified_finding,
    cycle_finding,
    exact_number,
    slow_finding,
)
from eqt_theory.evidence.rate.realisation import Recurrence, evenly
from eqt_theory.evidence.rate.replay import goes_round
from eqt_theory.evidence.rate.spectrum import slow_quadratic, slowest
from eqt_theory.evidence.rate.trace import AnySolver, trace
from eqt_theory.evidence.rate.window import Window
from eqt_theory.kernel import Rejected
from eqt_theory.kernel.rates import read

AIMS: tuple[Aim, ...] = ("constant", "trace", "margin")
SHARES = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100))
"""Of what quadratics leave to 1: where rates over several steps are looked for first."""
PARTS = (Fraction(0), *(Fraction(1, 10**k) for k in (7, 6, 5, 4, 3, 2, 1)), Fraction(1, 3))
_ELSEWHERE = Fraction(1, 1000)
"""The part from which on potentials over other numbers of steps are looked for as well."""


@checked
def certify_rate(
    solver: AnySolver,
    m: Number,
    M: Number,
    rate: Number | None = None,
    *,
    gamma: Number = 1.0,
    seconds: float = 60,
    measure: str = "distance",
    per_step: bool = False,
    progress: Told | None = None,
) -> Finding:
    """How fast a solver's errors fall, for every Phi of a class, every dimension and every start.

    The solver is run by `trace`, which gives its exact recurrence. A potential that shrinks by rate^2 per step is found
    by semidefinite programming and checked in fractions by the kernel: |h_k - h*|^2 <= constant rate^(2k) |h_0 - h*|^2
    (for "value" and "gradient" Phi(h_k) - Phi* and |grad Phi(h_k)|^2, by rate^2 per step as well). Where steps repeat
    themselves after a period (cyclic step sizes, restarts), that is shown for k = 0, p, 2p, .. with the rate per step.
    Numbers count as the binary fractions they are. What is shown is about real arithmetic; floats in the solver are its
    exact parameters.

    Args:
        solver: a Solver, or a function (objective, h) -> next h.
        m: strong convexity of Phi, 0 or more. Of an energy that is weakly convex, m = mu + 1/gamma.
        M: Lipschitz constant of grad Phi.
        rate: factor per step of |h - h*| that is claimed; None: the smallest that can be shown.
        gamma: the damping, which a solver may read.
        seconds: after which the search is given up.
        measure: "distance", "value" or "gradient".
        per_step: whether what is measured must shrink in every single step: a potential of its own is then not allowed.
        progress: is told how far it is, a line about once a second.

    Returns:
        CERTIFIED with `finding.rate`, a Fraction that is never below the truth, `finding.enclosures["constant"]` and
        `finding.certificate`; REFUTED, where a rate was given, with a function of the class; INCONCLUSIVE with why.

    Raises:
        UsageError: not 0 <= m <= M < infinity, or another argument that is unusable.
    """
    low, high = exact_number("m", m), exact_number("M", M)
    if not 0 <= low <= high or high == 0:
        raise UsageError(f"m and M must satisfy 0 <= m <= M and 0 < M, got m={m!r}, M={M!r}")
    wanted = None if rate is None else exact_number("rate", rate)
    if wanted is not None and wanted < 0:
        raise UsageError(f"rate must not be negative, got {rate!r}")
    if measure not in ("distance", "value", "gradient"):
        raise UsageError(f"measure must be distance, value or gradient, got {measure!r}")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise UsageError(f"seconds must be a positive number, got {seconds!r}")
    begun = time.perf_counter()
    damping = exact_number("gamma", gamma)
    if damping <= 0:
        raise UsageError(f"gamma must be positive, got {gamma!r}")
    try:
        method = trace(solver, damping)
    except UsageError as error:
        return inconclusive(Method.EXACT, str(error))
    with budget(progress=progress):
        found = decide(Question(evenly(method), low, high, measure, per_step), wanted, begun + seconds)
    if found.certificate is not None and found.certificate.kind == "cycle":
        found = runs_round(solver, damping, method, found)
    if reads_gamma(solver, damping, method):
        found = replace(found, note="; ".join(filter(None, (found.note, f"where gamma = {float(damping):.12g}"))))
    return replace(found, seconds=time.perf_counter() - begun)


def runs_round(solver: AnySolver, gamma: Fraction, method: Recurrence, found: Finding) -> Finding:
    """The finding of a cycle, once the solver itself has kept to it in double precision; else INCONCLUSIVE."""
    assert found.certificate is not None
    off = goes_round(solver, gamma, dict(found.certificate.data), method.period, method.skipped)
    if off > 1e-6:
        reason = f"a cycle was found, but the solver itself leaves it by {off:.2g}, relative to its size"
        return inconclusive(Method.EXACT, reason)
    return replace(found, note=f"the solver itself, run on it in double precision, keeps to it within {off:.1e}")


def decide(question: Question, wanted: Fraction | None, deadline: float = math.inf) -> Finding:
    """What is known of a traced method.

    Args:
        question: the method, the class and what is measured.
        wanted: the rate per step of the solver that is claimed; None: the smallest.
        deadline: on `time.perf_counter`.

    Returns:
        As `certify_rate`.
    """
    try:
        read(described(question.method))
    except Rejected as error:
        return inconclusive(Method.EXACT, f"{error}: the smooth and the convex part do not enter with one weight")
    if question.measure != "distance" and question.reported is None:
        return inconclusive(
            Method.EXACT, f"the solver asks for no gradient at h, so its {question.measure} is not known there"
        )
    wanted = None if wanted is None else wanted**question.period
    if wanted is not None:
        slow = slow_quadratic(question.method, question.m, question.M, wanted)
        if slow is not None:
            return slow_finding(question, wanted, slow)
    if question.per_step and question.period > 1:
        several = f"its steps differ and repeat themselves after {question.period}"
        return inconclusive(Method.EXACT, f"{several}: what each of them does is not shown; leave out per_step")
    found = inconclusive(Method.EXACT, "nothing was looked for")
    for near in question.apart():
        cycles = near is question  # no cycle of a larger class is one of the class m = M
        found = _smallest_rate(near, deadline) if wanted is None else _claimed(near, wanted, deadline, cycles)
        if found.conclusive:
            return found
    if question.m < question.M or time.perf_counter() > deadline:
        return found
    # What a larger class forces need not be so in this one.
    radius = slowest(question.method, question.m, question.M).radius
    about = "" if wanted is None else f"the rate {question.each(wanted):.12g} is neither shown nor refuted: "
    reason = "nothing was shown of slightly larger classes, as it has to be where m = M"
    forced = f"the one quadratic forces a rate of {question.each(radius):.9g}"
    return inconclusive(Method.EXACT, f"{about}{reason}; {forced}")


def _smallest_rate(question: Question, deadline: float) -> Finding:
    exact = tight_step(question.method, question.m, question.M) if question.measure == "distance" else None
    if exact is not None and Fraction(exact["rate"]) < 1:
        return certified_finding(question, Fraction(exact["rate"]), exact)
    floor = slowest(question.method, question.m, question.M)
    if floor.radius >= 1 and question.m > 0:
        at = f"the quadratic of curvature {floor.curvature:.9g}"
        reason = f"no rate below 1: on {at} errors change by {floor.radius:.9g} {question.unit}"
        return inconclusive(Method.EXACT, reason)
    best: tuple[Fraction, Search, dict[str, Any]] | None = None
    for search in question.searches():
        if best is not None and float(best[0]) - floor.radius <= 1e-6 * (1 - floor.radius):
            break  # no potential can show less
        stage(f"looking for potentials over {search.window.length} steps")
        found = _smallest(search, floor.radius, None if best is None else best[0], deadline)
        if found is not None and (best is None or 1 - best[0] < (1 - found[0]) * (1 - 1e-6)):
            best = (found[0], search, found[1])
        if time.perf_counter() > deadline:
            return inconclusive(
                Method.EXACT, "time is up: the search for the smallest rate did not end in the seconds given"
            )
    if best is None:
        return inconclusive(Method.EXACT, _unshown(question, floor.radius))
    rate, search, certificate = best
    stage("bounding the potential at the start", len(PARTS))
    others = [other for other in question.searches() if other != search]
    for part in PARTS:  # a rate a little above the smallest has a better potential
        tick()
        larger = rate + (1 - rate) * part if part else rate
        for place in (search, *(others if part >= _ELSEWHERE else ())):
            for aim in AIMS[:1] if place.itself else ("constant", "margin"):
                known = larger == rate and (aim == "margin" or place.itself)
                proposal = certificate if known else place.at(larger, aim)
                found = None if proposal is None else _certified(question, larger, proposal, place.window)
                if found is not None:
                    return found
    reason = f"a potential shrinks by {float(rate):.9g} {question.unit}, but no bound of it at the start was found"
    return inconclusive(Method.EXACT, reason)


def _claimed(question: Question, wanted: Fraction, deadline: float, cycles: bool) -> Finding:
    exact = gradient_step(question.method, question.m, question.M, wanted) if question.measure == "distance" else None
    if exact is not None:
        return certified_finding(question, wanted, exact)
    for search in question.searches():
        if question.method.queries > 1 and not search.itself and cycles and question.m > 0:
            round_ = cycle(question.method, question.m, question.M, wanted, deadline)  # cheap, without memory
            if round_ is not None:
                return cycle_finding(question, wanted, round_)
            cycles = False
        stage(f"looking for a potential over {search.window.length} steps")
        for aim in AIMS[:1] if search.itself else AIMS:
            certificate = search.at(wanted, aim)
            found = None if certificate is None else _certified(question, wanted, certificate, search.window)
            if found is not None:
                return found
    floor = slowest(question.method, question.m, question.M).radius
    for search in question.searches():
        brief = search.window.length <= 1 and not is_long(search)
        exact = smallest(search, floor, goal=wanted, deadline=deadline) if brief else None
        found = None if exact is None else _certified(question, wanted, exact[1], search.window)
        if found is not None:
            return found
    stage("looking for a function on which it goes round")
    cycles &= question.m > 0
    round_ = cycle(question.method, question.m, question.M, wanted, deadline) if cycles else None
    if round_ is not None:
        return cycle_finding(question, wanted, round_)
    if time.perf_counter() > deadline:
        return inconclusive(Method.EXACT, "time is up: the search did not end in the seconds given")
    about = f"the rate {question.each(wanted):.12g} is neither shown nor refuted"
    return inconclusive(Method.EXACT, f"{about}: {_unshown(question, floor)}")


def _unshown(question: Question, radius: float) -> str:
    reason = f"no potential was found; quadratics alone force a rate of {question.each(radius):.9g}"
    if question.m == 0:
        return f"{reason}; with m = 0 none below 1 holds, see bound_after"
    return reason


def _smallest(
    search: Search, floor: float, known: Fraction | None, deadline: float
) -> tuple[Fraction, dict[str, Any]] | None:
    if known is None and floor < 1:
        # Where quadratics are the worst functions, doubles are enough.
        rate = short(1 - (1 - Fraction(floor)) * (1 - Fraction(1, 10**9)))
        certificate = search.at(rate)
        if certificate is not None:
            return rate, certificate
    long = is_long(search)
    if search.window.length > 1 or long and known is not None:
        # That takes long: it is looked for where doubles see that more is shown.
        less = [1 - (1 - Fraction(floor)) * part for part in SHARES] if known is None else [known - (1 - known) / 10**6]
        if all(search.at(rate) is None for rate in less):
            return None
    return smallest_in_doubles(search, floor, deadline) if long else smallest(search, floor, known, deadline=deadline)


def _certified(question: Question, rate: Fraction, certificate: dict[str, Any], window: Window) -> Finding | None:
    whole = with_constant(certificate, window)
    return None if whole is None else certified_finding(question, rate, whole)
