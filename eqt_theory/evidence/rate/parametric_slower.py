"""A rate in symbols is refuted at a point of the region: the method is slower on a function of the class there."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from eqt_theory.core.budget import stage, tick
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.engines.region import Point, Region
from eqt_theory.evidence.rate.parametric_factor import rate_at
from eqt_theory.evidence.rate.question import Question, slow_finding
from eqt_theory.evidence.rate.spectrum import slow_quadratic


def slower(
    rate: sp.Expr, region: Region, points: Sequence[Point], question_at: Callable[[Point], Question]
) -> Finding | None:
    """A quadratic on which errors fall more slowly than is claimed.

    Args:
        rate: what is claimed, in the symbols.
        region: the symbols.
        points: of the region, where it is looked for.
        question_at: the method and its class at a point.

    Returns:
        REFUTED at the first point where there is one; None where there is none at any.

    Raises:
        UsageError: the rate is negative at a point, and refuted at none.
    """
    negative: tuple[Fraction, Point] | None = None
    stage("looking for a function that is slower")
    for point in points:
        tick()
        try:
            claimed = rate_at(rate, point, region)
        except UsageError:  # it has a pole or no real value there, and refutes nothing
            continue
        if claimed < 0:
            negative = negative or (claimed, point)
            continue
        question = question_at(point)
        slow = slow_quadratic(question.method, question.m, question.M, claimed)
        if slow is None:
            continue
        found, values = slow_finding(question, claimed, slow), region.values(point)
        detail = f"at {region.shown(values)} the rate is {claimed}: {found.detail}"
        return replace(found, detail=detail, witness={**values, **(found.witness or {})})
    if negative is not None:
        at = region.shown(negative[1])
        raise UsageError(f"rate must not be negative on the region, it is {negative[0]} at {at}")
    return None
