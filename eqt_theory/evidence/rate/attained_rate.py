"""rate_attained: that no smaller rate holds on a class of functions, as a quadratic of it has it in every step."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding, inconclusive
from eqt_theory.core.formula import formula
from eqt_theory.core.verdict import Method, Verdict
from eqt_theory.engines.gram import SmoothClass
from eqt_theory.engines.induction import together
from eqt_theory.engines.region import Region, cases, taken
from eqt_theory.engines.smt import prove
from eqt_theory.evidence.rate.claimed_rate import by_name
from eqt_theory.evidence.rate.parametric_class import on_quadratics
from eqt_theory.evidence.rate.parametric_factor import conditions, square_of
from eqt_theory.evidence.rate.parametric_proof import implied
from eqt_theory.evidence.rate.trace import AnySolver
from eqt_theory.evidence.rate.trace_symbols import expressions, trace_symbols

_TRACED = 3


@checked
def rate_attained(
    method: Callable[..., AnySolver],
    problem_class: SmoothClass,
    factor: sp.Expr | int,
    *,
    where: Sequence[Boolean] = (),
    at: Mapping[str, sp.Expr | int] | None = None,
    timeout: float = 10,
) -> Finding:
    """Decide whether a quadratic of the least or the largest curvature has a rate in every step: no smaller one holds.

    The lower bound beside `rate`, for all values of the symbols. On c |h|^2/2 a step of a method without memory
    multiplies the error by a number, which is found by running it; gradients are multiplied by that, too, and gaps by
    its square, so that it is the same for every measure. Where the factor is a Max, the curvature may differ from case
    to case.

    Args:
        method: as for `rate`, likewise the others.
        problem_class: the functions.
        factor: that is attained.
        where: what is assumed of the symbols; it must imply mu <= L.
        at: as for `rate`.
        timeout: the budget of each prover for each obligation.

    Returns:
        PROVED for all values of the symbols; INCONCLUSIVE with the factors of both quadratics where these are not
        shown to be as large, or the method has memory.

    Raises:
        UsageError: as for `rate`.
    """
    begun = time.perf_counter()
    symbols, made = by_name(method, problem_class, factor, where, at)
    region = Region(symbols, where)
    low, high = (sp.sympify(region.expression(sp.sympify(c))) for c in (problem_class.mu, problem_class.L))
    points = region.points(_TRACED)
    if not points:
        raise UsageError("where must hold somewhere: no rational point that satisfies it was found")
    try:
        traced, assumed = trace_symbols(made, region, sp.Integer(1), points)
    except UsageError as error:
        return inconclusive(Method.SMT, str(error))
    recurrence = expressions(traced)
    if recurrence.states != 1 or set(recurrence.kinds) | set(recurrence.opened) != {"smooth"}:
        return inconclusive(Method.SMT, "it has memory, or takes proximal steps: run it on a function of your own")
    ends = {c: on_quadratics(recurrence, c) for c in (high, low)}
    known = implied(region.given, [high > 0, low <= high, *assumed], timeout)
    parts = {f"the class, and what the run took for granted, {n}": f for n, f in enumerate(known, 1)}
    for number, (case, rate) in enumerate(cases(region.expression(sp.sympify(factor))), 1):
        conditions_of_it = [r for r in case if r != sp.true]
        if sp.false in conditions_of_it:
            continue
        found = _attained(ends, rate, [*region.given, *conditions_of_it], timeout)
        if found is None and conditions_of_it:  # a case that never occurs asks for nothing
            found = prove(region.given, sp.Not(sp.And(*conditions_of_it)), timeout)
        if found is None or found.verdict is not Verdict.PROVED:
            said = " and ".join(f"{formula(m)} on {formula(c / 2)} |h|^2" for c, m in ends.items())
            return inconclusive(
                Method.SMT, f"a step multiplies errors by {said}, which is not shown to be {formula(rate)}"
            )
        parts[f"case {number}"] = found
    of = f"on a quadratic of curvature {formula(low)} or {formula(high)}"
    detail = f"{of} every step leaves {formula(factor)} times the error, or more"
    return replace(together(parts, detail), seconds=time.perf_counter() - begun, **taken(where))


def _attained(ends: dict[sp.Expr, sp.Expr], rate: sp.Expr, given: list[Boolean], timeout: float) -> Finding | None:
    """That one of the quadratics multiplies errors by the rate or more; None where neither is shown to."""
    for curvature, multiplied in ends.items():
        reached = sp.Ge(multiplied**2, square_of(rate), evaluate=False)
        wanted = [r for r in (curvature > 0, *conditions(rate), reached) if r != sp.true]
        found = None if sp.false in wanted else prove(given, wanted, timeout)
        if found is not None and found.verdict is Verdict.PROVED:
            return found
    return None
