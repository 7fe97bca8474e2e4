"""What stands behind a counterexample in Gram symbols: vectors, and functions or operators of the classes it is about.

A positive semidefinite matrix is a Gram matrix, so it refutes a statement about vectors. It refutes a statement about
all functions of a class only where some function attains it, which the inequalities of the class show where they are
those of all pairs and interpolation conditions; the function is then written down and checked at every point.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.coordinates import Frame, Row, factored
from eqt_theory.engines.gram.shared import of_all
from eqt_theory.engines.smt.replay import holds_at
from eqt_theory.engines.smt.structure import Owned, Realised


@dataclass(frozen=True)
class Origin:
    """Where an inequality comes from.

    Args:
        family: the class.
        points: the points that it is about.
        member: the member of the class that collects its points; None where none does.
        relation: the inequality itself, as it was handed out. Another one that reads the same, of another argument
            with these vectors, says nothing of these points.
    """

    family: Any
    points: tuple[Any, ...]
    member: Any = None
    relation: Any = field(default=None, compare=False, repr=False)

    def remembered(self, space: Any) -> Boolean:
        """The inequality, one object for all that ask for the one of this class or member."""
        known = space.origins.setdefault(self.relation, [])
        for other in known:
            if other.member is self.member and (self.member is not None or other == self):
                return other.relation
        known.append(self)
        return self.relation


def origins_of(space: Any, relation: Boolean) -> list[Origin]:
    """Where an inequality comes from: that very object, or, where it was written anew, any that reads the same."""
    known = space.origins.get(relation, [])
    return [origin for origin in known if origin.relation is relation] or known


def assumed_of(space: Any, hypotheses: Sequence[Boolean]) -> list[tuple[Any, tuple[Any, ...]]]:
    """Classes and points of one member, all of whose inequalities are among the hypotheses, as they were handed out.

    What else a class says of such points may be used. Of a relation that only reads the same nobody knows that it is
    said of a member of the class, nor of which of its points.

    Args:
        space: of the points.
        hypotheses: what is assumed.

    Returns:
        Them.
    """
    assumed = set(hypotheses)
    own = [o for h in hypotheses for o in space.origins.get(h, ()) if o.relation is h]
    found = dict.fromkeys((o.family, o.points) for o in own)
    return [(family, points) for family, points in found if assumed >= {*family.relations(points)} - {sp.true}]


@dataclass(frozen=True)
class Located:
    """A point with exact values: coordinates of x and of the image, and the value where it is one of a function."""

    x: Row
    image: Row
    value: Any


def realise(
    space: Any, statement: Sequence[Boolean], hypotheses: Sequence[Boolean], values: Mapping[sp.Symbol, sp.Expr]
) -> Realised:
    """Vectors with these inner products, and members of the classes that the hypotheses are about.

    Args:
        space: the Space whose inner products occur.
        statement: hypotheses and conclusions.
        hypotheses: what was assumed.
        values: an exact number for every symbol.

    Returns:
        What was found and checked, or the reason why the values are no witness.
    """
    frame = factored(space.gram.applyfunc(lambda symbol: values.get(symbol, sp.Integer(0))))
    if frame is None:
        return Realised(reason="no vectors have these inner products: the Gram matrix is not positive semidefinite")
    members = members_of(space, hypotheses)
    groups, of_both = shared(members)
    if not all(family.by_pairs for group in groups if len(group) > 1 for family, _ in group):
        return Realised(reason=of_both)
    covered: set[sp.Symbol] = set()
    for family, points in members:
        if failing := [str(limit) for limit in family.limits if not holds_at(limit, values)]:
            return Realised(reason=f"{family} has members only where {' and '.join(failing)}; assume that")
        if reason := _lacking(family, points, hypotheses):
            return Realised(reason=reason)
        covered |= {s for p in points if p.value is not None for s in sp.sympify(p.value).free_symbols}
    loose = sorted((values_of_functions(space, statement) - covered), key=lambda s: s.name)
    if loose:
        return Realised(
            reason=f"{', '.join(map(str, loose))} stand beside inner products as values of a function do, and nothing"
            " shows that a function attains them: state the inequalities of its class for all pairs of its points"
        )
    used = {s for relation in statement for s in relation.free_symbols if isinstance(s, Owned)}
    named = [k for k in range(len(space.names)) if used & set(space.gram.row(k))]
    shown = ["vectors " + ", ".join(f"{space.names[k]} = {frame.shown(frame.rows[k])}" for k in named)]
    lines = []
    for group in groups:
        located = [_located(p, frame, values) for p in points_of(group)]
        if len(group) == 1:
            found = group[0][0].attained(located, frame, values)
        else:
            found = of_all([family for family, _ in group], located, frame, values)
            found = Realised(reason=f"{of_both}; {found.reason}") if found.reason else found
        if found.reason:
            return found
        shown.append(found.shown)
        lines += found.lines
    return Realised("; ".join(shown), tuple(lines))


def members_of(space: Any, hypotheses: Sequence[Boolean]) -> list[tuple[Any, list[Any]]]:
    """Each member of a class that the hypotheses are about, as the class and all its points."""
    members: list[tuple[Any, Any, list[Any]]] = []
    for origin in (o for h in hypotheses for o in origins_of(space, h)):
        own, points = (origin.family, origin.points) if origin.member is None else origin.member.whole
        for member, family, known in members:
            if member is origin.member and (member is not None or family == own):
                known += [p for p in points if p not in known]
                break
        else:
            members.append((origin.member, own, list(points)))
    collected = [(family, points) for member, family, points in members if member is not None]
    by_hand = [(family, points) for member, family, points in members if member is None]
    found = list(collected)
    for family, points in by_hand:
        alike = [
            (f, known) for f, known in (*collected, *by_hand) if f in (family, family.kind) and known is not points
        ]
        # The same inequality may have been written by hand and by a member: what one covers is not looked at twice.
        if not any(_covers(f, known, family, points) for f, known in alike):
            # Else it may be one of those that is meant: what is said must be so of all these points as those of one.
            found.append((family, [*points, *(p for _, known in alike for p in known if p not in points)]))
    return found


def _covers(whole: Any, known: Sequence[Any], family: Any, points: Sequence[Any]) -> bool:
    if whole == family:
        return all(p in known for p in points)
    return _apart(family, points) <= _apart(whole, known)


def _apart(family: Any, points: Sequence[Any]) -> set[tuple[sp.Expr, ...]]:
    """By how much points and images are apart, both ways; without what is not apart at all."""
    found = set()
    for d, D in family.differences(points):
        entries = [sp.expand(a) for a in (*d.coefficients, *D.coefficients)]
        found |= {tuple(entries), tuple(sp.expand(-a) for a in entries)} if any(entries) else set()
    return found


def shared(members: Sequence[tuple[Any, list[Any]]]) -> tuple[list[list[tuple[Any, list[Any]]]], str]:
    """Members, those together that must be one operator of several classes, and why it is not enough to satisfy each.

    Args:
        members: classes and points, as of `members_of`.

    Returns:
        The groups, most of them of one; and why a group may have no operator, empty where all are of one.
    """
    groups, reason = [[member] for member in members], ""
    apart = [_apart(family, points) for family, points in members]
    for (i, (family, _)), (k, (other, _)) in combinations(enumerate(members), 2):
        if family == other or not apart[i] & apart[k]:
            continue  # members of one class are told apart by who made them
        if family.by_pairs and other.by_pairs and len(apart[i]) == len(apart[k]) == 2:
            continue  # a rotation and a scaling attain whatever two points and their images allow
        reason = reason or (
            f"{family} and {other} say something of the same points and images, and what both say need not be enough"
            " for one function or operator to be of both classes"
        )
        one, two = (next(group for group in groups if any(m is members[at] for m in group)) for at in (i, k))
        if one is not two:
            one += two
            groups = [group for group in groups if group is not two]
    return groups, reason


def points_of(group: Sequence[tuple[Any, list[Any]]]) -> list[Any]:
    """The points of members, each once."""
    return list(dict.fromkeys(point for _, points in group for point in points))


def _lacking(family: Any, points: Sequence[Any], hypotheses: Sequence[Boolean]) -> str:
    """Why the inequalities that are assumed do not make the points those of a member of the class."""
    if reason := family.incomplete(points):
        return f"the inequalities of {family} do not make a function: {reason}"
    assumed = set(hypotheses)
    everything = family.relations(points)
    missing = [relation for relation in everything if relation != sp.true and relation not in assumed]
    if not missing:
        return ""
    return (
        f"of the {len(everything)} inequalities of {family} between {len(points)} points {len(missing)} are not among"
        f" the hypotheses, so that no member of the class need attain this; add {missing[0]} (points of several members"
        " are told apart by a Member for each)"
    )


def values_of_functions(space: Any, statement: Iterable[Boolean]) -> set[sp.Symbol]:
    """The symbols that stand for values of functions.

    Those of a Point do. So do those of no sign that are added to inner products in an inequality, unless they are
    factors of products elsewhere, as curvatures are, or are defined by an equation with products.

    Args:
        space: of the points.
        statement: the relations in which the symbols occur.

    Returns:
        The symbols.
    """
    relations = [r for boolean in statement for r in boolean.atoms(Relational)]
    symbols = {s for r in relations for s in r.free_symbols}
    beside: set[sp.Symbol] = set()
    factors: set[sp.Symbol] = set()
    for relation in relations:
        if not any(isinstance(s, Owned) for s in relation.free_symbols):
            continue
        for term in sp.Add.make_args(sp.expand(relation.lhs - relation.rhs)):
            alone = {s for s in term.free_symbols if s.is_nonnegative is s.is_nonpositive is None}
            if isinstance(relation, sp.Eq) or any(isinstance(s, Owned) for s in term.free_symbols):
                factors |= alone
            else:
                beside |= alone
    declared = {s for value in space.values for s in sp.sympify(value).free_symbols}
    return ((beside - factors) | (declared & symbols)) - {s for s in symbols if isinstance(s, Owned)}


def _located(point: Any, frame: Frame, values: Mapping[sp.Symbol, sp.Expr]) -> Located:
    def at(vector: Any) -> Row:
        return frame.combination([sp.sympify(a).subs(values) for a in vector.coefficients])

    value = None if point.value is None else sp.sympify(point.value).subs(values)
    return Located(at(point.x), at(point.gradient), value)
