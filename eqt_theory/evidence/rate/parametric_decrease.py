"""That what is measured shrinks in every single step, for all parameters: multipliers fitted, then proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.closed_form import factors, product_of_powers
from eqt_theory.engines.gram import Space, Vector
from eqt_theory.engines.rational import factored
from eqt_theory.engines.region import Point, Region
from eqt_theory.evidence.rate.forms import Arc
from eqt_theory.evidence.rate.parametric_proof import Setting, shown
from eqt_theory.evidence.rate.parametric_search import Sample, sparse
from eqt_theory.evidence.rate.parametric_steps import Steps
from eqt_theory.evidence.rate.realisation import Recurrence
from eqt_theory.evidence.rate.trace_symbols import Parametric
from eqt_theory.evidence.rate.window import Window

_UNUSED = 1e-6


@dataclass(frozen=True)
class Case:
    """What shrinks.

    Args:
        method: its recurrence; entries are SymPy expressions.
        m: strong convexity, in the symbols.
        M: Lipschitz constant of the gradient.
        measure: "distance", "value" or "gradient".
        reported: the query at h.
        region: the symbols.
    """

    method: Parametric
    m: sp.Expr
    M: sp.Expr
    measure: str
    reported: int | None
    region: Region


def decrease(
    case: Case,
    square: sp.Expr,
    points: Sequence[Point],
    methods: Sequence[Recurrence],
    hypotheses: Sequence[Any],
    timeout: float,
) -> list[Finding] | str:
    """That what is measured is multiplied by a factor or less.

    Args:
        case: what shrinks.
        square: the factor.
        points: of the region.
        methods: the recurrence there.
        hypotheses: what is assumed of the symbols.
        timeout: of each prover for each obligation.

    Returns:
        The proofs; or why there are none.
    """
    length = int(case.measure != "distance")
    at, samples = case.region.at, []
    for point, method in zip(points, methods, strict=True):
        window = Window(method, at(case.m, point), at(case.M, point), length)
        samples.append(Sample(window, case.measure, case.reported, float(at(square, point))))
    found = sparse(samples)
    if found is None:
        return f"no multipliers show the factor {square} at sampled points"
    arcs, values = found
    letters = _letters(case, square)
    fitted: dict[Arc, sp.Expr] = {}
    for arc in arcs:
        numbers = [v[arc] for v in values]
        if max(numbers) < _UNUSED:
            continue
        form = product_of_powers(numbers, letters, points, case.region)
        if form is None:
            listed = ", ".join(f"{x:.6g}" for x in numbers)
            return f"no closed form of the multiplier of {arc} was found: {listed}"
        fitted[arc] = form
    steps = Steps(case.method, case.m, case.M, length)
    before, after = (steps.measured(case.measure, case.reported, k) for k in (0, 1))
    claim, uses = square * before - after, steps.uses(fitted)
    squares = squares_left(claim - sp.Add(*(c * relation.lhs for c, relation in uses)), steps.space)
    setting = Setting(steps, square, case.region, points, hypotheses, timeout)
    findings = shown(setting, claim, uses, squares)
    for failing in (f for f in findings if f.verdict is not Verdict.PROVED):
        return f"the fitted multipliers {fitted} prove nothing: {failing.detail}"
    return findings


def squares_left(form: sp.Expr, space: Space) -> list[tuple[sp.Expr, Vector]]:
    """A form as squares, their weights of any sign: pivot after pivot, the shortest first. A proposal.

    Args:
        form: in inner products; function values in it are left out.
        space: of the products.

    Returns:
        Weights and vectors; fewer than the form is made of, where a part of it has no pivot.
    """
    size, found = len(space.names), []
    expanded = sp.expand(form)
    rest = sp.Matrix(size, size, lambda i, j: expanded.coeff(space.gram[i, j], 1) / (1 if i == j else 2))
    rest = rest.applyfunc(factored)
    while pivots := [(rest[i, i].count_ops(), i) for i in range(size) if rest[i, i] != 0]:
        i = min(pivots)[1]
        row = (rest.row(i) / rest[i, i]).applyfunc(factored)
        found.append((rest[i, i], Vector(space, tuple(row))))
        rest = (rest - rest[i, i] * row.T * row).applyfunc(factored)
    return found


def _letters(case: Case, square: sp.Expr) -> list[sp.Expr]:
    me = case.method
    tables = (me.A, me.B, me.C, me.D, me.H)
    entries = [x for table in tables for row in table for x in row if sp.sympify(x).free_symbols]
    return factors([case.m, case.M, case.M - case.m, square, 1 - square, *entries], case.region)
