"""What `prove` asks a Space: multipliers that show a conclusion, or numbers at which it fails."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.cases import by_cases
from eqt_theory.engines.gram.counterexample import counterexample
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.multipliers import Combination, Failure, find
from eqt_theory.engines.gram.realise import values_of_functions
from eqt_theory.engines.gram.space import Product, Space
from eqt_theory.engines.region import Region, cases
from eqt_theory.engines.smt.signs import declared
from eqt_theory.engines.smt.structure import Argument

_MOST = 60
"""Inequalities beyond which no multipliers are looked for."""
_TRIES = 3
"""Samples at which a conclusion may fail that are looked at."""
_BRANCHES = 16
"""Cases beyond which a conclusion is left to the provers."""
_POINTS = 64
"""Points of the parameters at none of which a case occurs that is left out."""
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
    if not isinstance(conclusion, sp.Ge | sp.Le) or conclusion.has(sp.Piecewise):
        return Argument()
    branches = cases(conclusion.replace(lambda e: isinstance(e, sp.Max), _with_both_signs))
    if len(branches) == 1:
        return _argued(space, hypotheses, conclusion, timeout)[0]
    return _by_cases(space, hypotheses, conclusion, branches, timeout)


def _by_cases(
    space: Space,
    hypotheses: Sequence[Boolean],
    conclusion: Boolean,
    branches: Sequence[tuple[list[Boolean], sp.Basic]],
    timeout: float,
) -> Argument:
    """The same of a conclusion with Max, Min or Abs in its parameters, case by case."""
    every = [h for h in hypotheses if h != sp.true and not any(isinstance(s, Product) for s in h.free_symbols)]
    symbols = {s for conditions, _ in branches for c in conditions for s in c.free_symbols}
    if len(branches) > _BRANCHES or any(isinstance(s, Product) for s in symbols):
        return Argument()
    try:
        region = Region(sorted({*symbols, *(s for h in every for s in h.free_symbols)}, key=str), every)
        points = region.points(_POINTS)
    except UsageError:
        return Argument()
    shown, notes, holds = [], [], ()
    for conditions, relation in branches:
        own = [c for c in conditions if c != sp.true]
        if not any(region.holds(p, own) for p in points):
            continue  # no such case, it seems; whether that is so is shown below
        argument, found = _argued(space, [*hypotheses, *own], relation, timeout)
        if argument.points:
            return argument
        if found is not None:
            shown.append((sp.And(*own), found))
            notes.append(f"where {' and '.join(map(str, own))}: {argument.note}")
            holds = (*holds, *argument.holds)
    whole = by_cases(shown, every, detail=str(conclusion)) if shown else None
    proof = None if whole is None or whole.verdict is not Verdict.PROVED else whole.proof
    return Argument(proof, "; ".join(notes), holds=holds) if proof is not None else Argument()


def _argued(
    space: Space, hypotheses: Sequence[Boolean], conclusion: Boolean, timeout: float
) -> tuple[Argument, Finding | None]:
    """The same of a conclusion without cases, with what was shown."""
    nothing = Argument(), None
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
            return nothing
        found = find(goal, region)
    except UsageError:  # the parameters are not rational, or tied by what is no linear equation: for the provers
        return nothing
    if isinstance(found, Combination):
        shown = found.shown(given, timeout, str(conclusion))
        if shown.verdict is not Verdict.PROVED:
            return Argument(hint=_edge(given, found)), None
        point = {} if region is None else _symbols(region.values(min(region.points(4), key=_length)))
        return Argument(shown.proof, found.note, holds=(point,)), shown
    if type(space) is not Space:  # products that are equal are not known to be, below
        return nothing
    simplest = sorted(found.beyond, key=lambda one: _length(one[1]))[:_TRIES]
    points = [(counterexample(goal, sample), at) for sample, at in simplest]
    numbers = tuple({**_symbols(at), **fails} for fails, at in points if fails is not None)
    return Argument(points=numbers, hint=_edge(given, found)), None


def _edge(given: Sequence[Boolean], found: Combination | Failure) -> str:
    """That a hypothesis like m <= L lets multipliers divide by 0, or hold only where m < L; empty where none does."""
    for h in given:
        if not isinstance(h, sp.Ge | sp.Le):
            continue
        gap = h.lhs - h.rhs
        if isinstance(found, Combination):
            below = [f for w in found.weights.values() for f, _ in sp.factor_list(sp.denom(sp.together(w)))[1]]
            met = any(sp.cancel(gap / f).is_number for f in below)
        else:
            met = bool(found.beyond) and all(gap.subs(_symbols(at)) == 0 for _, at in found.beyond)
        if met:
            strict = ">" if isinstance(h, sp.Ge) else "<"
            return (
                f"{h} lets {h.lhs} = {h.rhs}, where the inequalities of a class may say less; "
                f"assume {h.lhs} {strict} {h.rhs}, and show that case apart"
            )
    return ""


def _with_both_signs(of: sp.Max) -> sp.Expr:
    """Max(|x|, y) as Max(x, -x, y), which has fewer cases."""
    return sp.Max(*(one for x in of.args for one in ((x.args[0], -x.args[0]) if isinstance(x, sp.Abs) else (x,))))


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
