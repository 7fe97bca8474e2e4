"""What `prove` asks a Space: multipliers that show a conclusion, or numbers at which it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import said
from eqt_theory.core.verdict import Verdict
from eqt_theory.engines.cases import by_cases
from eqt_theory.engines.gram.bounds import each_bound, squared
from eqt_theory.engines.gram.counterexample import counterexample
from eqt_theory.engines.gram.edge import Edge
from eqt_theory.engines.gram.goal import Goal, is_linear, weak
from eqt_theory.engines.gram.multipliers import Combination, Failure, find
from eqt_theory.engines.gram.realise import assumed_of, values_of_functions
from eqt_theory.engines.gram.rotations import turning
from eqt_theory.engines.gram.space import Product, Space
from eqt_theory.engines.gram.vanishing import Vanishing
from eqt_theory.engines.region import Region, cases
from eqt_theory.engines.smt import prove
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
_EDGES = 3
"""Edges on which a statement is shown apart, one inside the other."""


@dataclass(frozen=True)
class _Found:
    """What came of one statement without cases.

    Args:
        argument: a proof, or points, or neither.
        shown: the finding that the proof is of.
        edge: where the statement may be shown in two cases instead.
    """

    argument: Argument = Argument()
    shown: Finding | None = None
    edge: Edge | None = None


@dataclass(frozen=True)
class _Statement:
    """A statement in Gram symbols.

    Args:
        space: the vectors whose products occur.
        hypotheses: what is assumed.
        conclusion: one relation.
        besides: what classes say on the edge of their parameters, and how it reads here.
        linear: what follows from hypotheses that are not linear in inner products, and is; likewise.
        timeout: the budget of each prover for each obligation.
    """

    space: Space
    hypotheses: tuple[Boolean, ...]
    conclusion: Boolean
    besides: Mapping[Boolean, Boolean]
    linear: Mapping[Boolean, Boolean]
    timeout: float

    def given(self, *more: Boolean) -> "_Statement":
        """The same where more is assumed."""
        return replace(self, hypotheses=(*self.hypotheses, *more))

    @property
    def plain(self) -> list[Boolean]:
        """What is assumed that is not about inner products."""
        return [h for h in self.hypotheses if h != sp.true and not any(isinstance(s, Product) for s in h.free_symbols)]


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
    if not isinstance(conclusion, sp.Ge | sp.Le | sp.Eq) or conclusion.has(sp.Piecewise):
        return Argument()
    gap = sp.sympify(conclusion.lhs - conclusion.rhs)
    if isinstance(conclusion, sp.Eq) and isinstance(gap, Product):
        return Argument()  # that a vector of length 0 has product 0 with others is what `combine` rests on itself
    members = assumed_of(space, hypotheses)
    besides = {r: r for family, points in members for r in family.on_the_edge(points) if r != sp.true}
    linear = {r: r for family, points in members for r in family.linear_ones(points) if r not in hypotheses}
    linear |= {one[0]: one[0] for h in hypotheses if (one := squared(h)) is not None and not one[1]}
    whole = _Statement(space, tuple(hypotheses), conclusion, besides, linear, timeout)
    ends = [conclusion] if not isinstance(conclusion, sp.Eq) else [sp.Ge(s * gap, 0, evaluate=False) for s in (1, -1)]
    lengths = squared(conclusion)
    (ends, signs) = (ends, []) if lengths is None else ([lengths[0]], lengths[1])
    parts: list[Argument] = []
    for relation in (r for end in ends for r in each_bound(end, space.values.keys() & end.free_symbols)):
        parts.append(_with_edges(replace(whole, conclusion=relation), _EDGES))
        if parts[-1].proof is None:
            return parts[-1]
    if signs:
        parts.append(Argument(prove(whole.plain, signs, timeout).proof))
        if parts[-1].proof is None:
            return Argument()
    found = _all(parts)
    return replace(found, known=tuple(dict.fromkeys(found.known)))


def _with_edges(statement: _Statement, most: int) -> Argument:
    """The statement at once; or inside of the edge that keeps it from that, and on it."""
    pinned = Edge.pinned(statement.plain) if most else None
    if pinned is not None:
        return _pinned(statement, pinned, most)
    found = _with_cases(statement)
    edge = found.edge
    if edge is None and found.argument == Argument():
        return _where_tied(statement, most)
    if edge is None or edge.tied is None or not most or found.argument.proof is not None:
        return found.argument
    inside = _with_edges(statement.given(edge.inside), most - 1)
    if inside.proof is None:
        return inside if inside.points else replace(inside, hint=inside.hint or edge.hint)
    there, left = _there(statement, edge), Argument(hint=edge.hint)
    if there is None:
        return left
    on_it = _with_edges(there, most - 1)
    if on_it.proof is None:
        points = tuple(edge.whole(point) for point in on_it.points)
        return replace(left, points=points, hint=on_it.hint or edge.hint)
    every = prove([*statement.plain, sp.Not(edge.inside)], edge.reached, statement.timeout)
    if every.proof is None:
        return left
    both = replace(inside, note=f"where {said(edge.inside)}: {inside.note}")
    return _all([both, replace(on_it, note=f"where {edge}: {on_it.note}", holds=()), Argument(every.proof)])


def _there(statement: _Statement, edge: Edge) -> _Statement | None:
    """The statement on an edge; None where nothing is left of it there."""
    *hypotheses, conclusion = edge.put([*statement.hypotheses, *edge.signs, statement.conclusion])
    if sp.false in hypotheses or not isinstance(conclusion, sp.Ge | sp.Le):
        return None
    besides, linear = (
        dict(zip(some, edge.put(list(some.values())), strict=True)) for some in (statement.besides, statement.linear)
    )
    return replace(statement, hypotheses=tuple(hypotheses), conclusion=conclusion, besides=besides, linear=linear)


def _where_tied(statement: _Statement, most: int) -> Argument:
    """The statement with the value put for a parameter of which an equation is assumed, as m = L."""
    equations = (
        Edge(h) for h in statement.plain if isinstance(h, sp.Eq) and not h.free_symbols & statement.space.values.keys()
    )
    tie = next((edge for edge in equations if edge.tied is not None), None)
    return Argument() if tie is None or not most else _put(statement, tie, most)


def _pinned(statement: _Statement, edge: Edge, most: int) -> Argument:
    """The statement on an edge that two hypotheses leave alone, and that they do."""
    found = _put(statement, edge, most)
    if found.proof is None:
        return found
    every = prove(statement.plain, edge.reached, statement.timeout)
    return Argument() if every.proof is None else _all([found, Argument(every.proof)])


def _put(statement: _Statement, tie: Edge, most: int) -> Argument:
    """The statement where a parameter has the value that it is tied to."""
    there = _there(statement, tie)
    if there is None:
        return Argument()
    found = _with_edges(there, most - 1)
    points, holds = (tuple(tie.whole(p) for p in some) for some in (found.points, found.holds))
    note = f"where {tie}: {found.note}" if found.note else ""
    return replace(found, note=note, points=points, holds=holds)


def _all(parts: Sequence[Argument]) -> Argument:
    """One argument that is made of several proofs, of which the first has the hypotheses of all."""
    proofs = [part.proof for part in parts if part.proof is not None]
    proof = replace(
        proofs[0],
        obligations=tuple(o for proof in proofs for o in proof.obligations),
        identities=tuple(i for proof in proofs for i in proof.identities),
    )
    return Argument(
        proof,
        "; ".join(part.note for part in parts if part.note),
        holds=tuple(point for part in parts for point in part.holds),
        known=tuple(r for part in parts for r in part.known),
    )


def _with_cases(statement: _Statement) -> _Found:
    """The same of a conclusion that may have Max, Min or Abs in its parameters, case by case."""
    branches = cases(statement.conclusion.replace(lambda e: isinstance(e, sp.Max), _with_both_signs))
    if len(branches) == 1:
        return _argued(statement)
    every = statement.plain
    symbols = {s for conditions, _ in branches for c in conditions for s in c.free_symbols}
    if len(branches) > _BRANCHES or any(isinstance(s, Product) for s in symbols):
        return _Found()
    try:
        region = Region(sorted({*symbols, *(s for h in every for s in h.free_symbols)}, key=str), every)
        points = region.points(_POINTS)
    except UsageError:
        return _Found()
    shown, notes, holds, known = [], [], (), ()
    for conditions, relation in branches:
        own = [c for c in conditions if c != sp.true]
        if not any(region.holds(p, own) for p in points):
            continue  # no such case, it seems; whether that is so is shown below
        found = _argued(replace(statement.given(*own), conclusion=relation))
        if found.argument.points or found.edge is not None:
            return found
        if found.shown is not None:
            shown.append((sp.And(*own), found.shown))
            notes.append(f"where {' and '.join(map(str, own))}: {found.argument.note}")
            holds, known = (*holds, *found.argument.holds), (*known, *found.argument.known)
    whole = by_cases(shown, every, detail=str(statement.conclusion)) if shown else None
    if whole is None or whole.verdict is not Verdict.PROVED:
        return _Found()
    return _Found(Argument(whole.proof, "; ".join(notes), holds=holds, known=known), whole)


def _argued(statement: _Statement) -> _Found:
    """The same of a conclusion without cases."""
    space, conclusion = statement.space, statement.conclusion
    values = values_of_functions(space, [*statement.hypotheses, conclusion])
    hypotheses = [*statement.hypotheses, *declared(sorted(values, key=str))]
    about = [h for h in hypotheses if any(isinstance(s, Product) or s in values for s in h.free_symbols)]
    given = [h for h in hypotheses if h not in about and h != sp.true]
    used = [weak(h) for h in about if is_linear(h, values)]
    try:
        plain = len(Goal.of(conclusion, used, space, values).inequalities)
        used += [r for r in statement.linear.values() if r != sp.true]
        goal = Goal.of(conclusion, used, space, values)
        assumed, vanishing = len(goal.inequalities), Vanishing.of(goal)
        if vanishing is not None:
            goal = Goal.of(conclusion, [*used, *(r for r in statement.besides.values() if r != sp.true)], space, values)
            vanishing = Vanishing.of(goal)
        small, kept = (goal, []) if vanishing is None else vanishing.smaller
        parameters = sorted({*small.parameters, *(s for h in given for s in h.free_symbols)}, key=str)
        region = Region(parameters, given) if parameters else None
        if len(small.inequalities) > _MOST:
            return _Found()
        found = find(small, region)
    except UsageError:  # the parameters are not rational, or tied by what is no linear equation: for the provers
        return _Found()
    edge = Edge.of([*given, *declared(parameters)], found)
    hint = "" if edge is None else edge.hint
    if isinstance(found, Combination):
        note = found.note
        if vanishing is not None:
            weights = {kept[i]: w for i, w in found.weights.items()}
            found = replace(found, goal=goal, weights=weights, zeros=vanishing.lifted(weights))
            note = f"{vanishing.note}; {note}"
        known = [*statement.linear] if any(plain <= i < assumed for i in found.weights) else []
        known += statement.besides if any(i >= assumed for i in found.weights) else []
        shown = found.shown(given, statement.timeout, str(conclusion))
        if shown.verdict is not Verdict.PROVED:
            return _Found(Argument(hint=hint), None, edge)
        point = {} if region is None else _symbols(region.values(min(region.points(4), key=_length)))
        return _Found(Argument(shown.proof, note, holds=(point,), known=tuple(known)), shown)
    if type(space) is not Space:  # products that are equal are not known to be, below
        return _Found(Argument(hint=hint), None, edge)
    simplest = sorted(found.beyond, key=lambda one: _length(one[1]))[:_TRIES]
    points = [(counterexample(small, sample), at) for sample, at in simplest]
    numbers = tuple({**_symbols(at), **fails} for fails, at in points if fails is not None)
    numbers = numbers if vanishing is None else tuple(vanishing.whole(point) for point in numbers)
    if vanishing is None:
        numbers = (*_turning(goal, hypotheses, found), *numbers)
    return _Found(Argument(points=numbers, hint=hint), None, edge)


def _turning(goal: Goal, hypotheses: Sequence[Boolean], failure: Failure) -> list[dict[sp.Symbol, sp.Expr]]:
    """Points at which operators of several classes that are scaled rotations refute a goal, of the simplest sample."""
    for sample, at in sorted(failure.beyond, key=lambda one: _length(one[1])):
        if found := turning(goal, hypotheses, sample, at):
            return [{**_symbols(at), **one} for one in found]
    return []


def _with_both_signs(of: sp.Max) -> sp.Expr:
    """Max(|x|, y) as Max(x, -x, y), which has fewer cases."""
    return sp.Max(*(one for x in of.args for one in ((x.args[0], -x.args[0]) if isinstance(x, sp.Abs) else (x,))))


def _symbols(at: Mapping[sp.Symbol, Fraction]) -> dict[sp.Symbol, sp.Expr]:
    return {s: sp.Rational(x.numerator, x.denominator) for s, x in at.items()}


def _length(point: Mapping[sp.Symbol, Fraction]) -> int:
    return sum(x.denominator + abs(x.numerator) for x in point.values())
