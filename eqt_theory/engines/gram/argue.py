"""What `prove` asks a Space: multipliers that show a conclusion, or numbers at which it fails."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.gram.counterexample import counterexample
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.multipliers import Combination, find
from eqt_theory.engines.gram.realise import values_of_functions
from eqt_theory.engines.gram.space import Product, Space
from eqt_theory.engines.region import Region
from eqt_theory.engines.smt.signs import declared
from eqt_theory.engines.smt.structure import Argument

_MOST = 60
"""Inequalities beyond which no multipliers are looked for."""
_TRIES = 3
"""Samples at which a conclusion may fail that are looked at."""
_CASES = (sp.Max, sp.Min, sp.Abs, sp.Piecewise)


def argue(space: Space, hypotheses: Sequence[Boolean], conclusion: Boolean, timeout: float) -> Argument:
    """What multipliers say of a statement in Gram symbols.

    Args:
        space: the vectors whose products occur.
        hypotheses: what is assumed. Those that are linear in products and function values are used, and those that
            are about parameters alone.
        conclusion: one relation.
        timeout: the budget of each prover for each obligation, as for `prove`.

    Returns:
        A proof, or points at which it may fail; neither where it is no such statement or nothing was found.
    """
    if not isinstance(conclusion, sp.Ge | sp.Le) or conclusion.has(*_CASES):
        return Argument()
    values = values_of_functions(space, [*hypotheses, conclusion])
    known = [*hypotheses, *declared(sorted(values, key=str))]
    about = [h for h in known if any(isinstance(s, Product) or s in values for s in h.free_symbols)]
    given = [h for h in known if h not in about and h != sp.true]
    used = [_weak(h) for h in about if _linear(h, values)]
    try:
        goal = Goal.of(conclusion, used, space, values)
        parameters = sorted({*goal.parameters, *(s for h in given for s in h.free_symbols)}, key=str)
        region = Region(parameters, given) if parameters else None
        if len(goal.inequalities) > _MOST:
            return Argument()
        found = find(goal, region)
    except UsageError:  # the parameters are not rational, or tied by what is no linear equation: for the provers
        return Argument()
    if isinstance(found, Combination):
        shown = found.shown(given, timeout, "")
        point = {} if region is None else _symbols(region.values(min(region.points(4), key=_length)))
        return Argument(shown.proof, found.note, holds=(point,)) if shown.verdict is Verdict.PROVED else Argument()
    if type(space) is not Space:  # products that are equal are not known to be, below
        return Argument()
    simplest = sorted(found.beyond, key=lambda one: _length(one[1]))[:_TRIES]
    points = [(counterexample(goal, sample), at) for sample, at in simplest]
    return Argument(points=tuple({**_symbols(at), **fails} for fails, at in points if fails is not None))


def _linear(relation: Boolean, values: Collection[sp.Symbol]) -> bool:
    """Whether it is of use: a relation of sides that are linear in products and values, and no sign of a square."""
    if not isinstance(relation, sp.Ge | sp.Le | sp.Gt | sp.Lt | sp.Eq) or relation.has(*_CASES):
        return False
    left = relation.lhs - relation.rhs
    unknowns = [s for s in left.free_symbols if isinstance(s, Product) or s in values]
    by_itself = isinstance(left, Product) and left.pair[0] == left.pair[1]
    return not by_itself and left.is_polynomial(*unknowns) and sp.Poly(left, *unknowns).total_degree() <= 1


def _weak(relation: Boolean) -> Boolean:
    if isinstance(relation, sp.Gt | sp.Lt):
        sides = (relation.gts, relation.lts)
        return sp.Ge(*sides, evaluate=False)
    return relation


def _symbols(at: Mapping[sp.Symbol, Fraction]) -> dict[sp.Symbol, sp.Expr]:
    return {s: sp.Rational(x.numerator, x.denominator) for s, x in at.items()}


def _length(point: Mapping[sp.Symbol, Fraction]) -> int:
    return sum(x.denominator + abs(x.numerator) for x in point.values())
