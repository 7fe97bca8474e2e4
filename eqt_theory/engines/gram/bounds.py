"""Conclusions about the largest or the modulus of what holds inner products: one bound for each."""

from collections.abc import Collection

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.space import Product

_MOST = 16


def each_bound(conclusion: Boolean, values: Collection[sp.Basic]) -> list[Boolean]:
    """Bounds that hold all together exactly where the conclusion does, as -x <= b and x <= b of |x| <= b.

    Args:
        conclusion: an inequality.
        values: symbols that stand for function values.

    Returns:
        The bounds; the conclusion itself where it is none of a modulus, a largest or a smallest of products or values.
    """
    found, open_ = [], [conclusion]
    while open_:
        relation = open_.pop(0)
        parts = _parts(relation, values) if isinstance(relation, sp.Ge | sp.Le) else []
        found += [] if parts else [relation]
        open_ += parts
        if len(found) + len(open_) > _MOST:
            return [conclusion]
    return found if all(isinstance(r, sp.Ge | sp.Le) for r in found) else [conclusion]


def squared(conclusion: Boolean) -> tuple[Boolean, list[Boolean]] | None:
    """A bound of one length by another without the roots: `a^2 A <= b^2 B` for `a sqrt(A) <= b sqrt(B)`; one may be 1.

    Args:
        conclusion: an inequality.

    Returns:
        The bound of the squares, and that a and b are at least 0, with which it says the same where A and B are, too;
        None where the conclusion is none of this form.
    """
    if not isinstance(conclusion, sp.Ge | sp.Le):
        return None
    below, above = (conclusion.lts, conclusion.gts)
    sides: list[tuple[sp.Expr, sp.Expr]] = []
    for side in map(sp.factor_terms, (below, above)):
        roots, others = [], []
        for part in sp.Mul.make_args(side):
            whole = isinstance(part, sp.Pow) and part.exp == sp.Rational(1, 2)
            (roots if whole and part.has(Product) else others).append(part)
        factor = sp.Mul(*others)
        if len(roots) > 1 or factor.has(Product):
            return None
        sides.append((factor, roots[0].base if roots else sp.Integer(1)))
    if all(inside == 1 for _, inside in sides):
        return None
    (a, A), (b, B) = sides
    return sp.Ge(b**2 * B - a**2 * A, 0, evaluate=False), [f >= 0 for f in (a, b) if (f >= 0) != sp.true]


def _parts(relation: Boolean, values: Collection[sp.Basic]) -> list[Boolean]:
    """The bounds with each of the choices of one modulus, largest or smallest in it."""
    below, above = (relation.lhs, relation.rhs) if isinstance(relation, sp.Le) else (relation.rhs, relation.lhs)
    gap = above - below
    for e in sorted(gap.atoms(sp.Abs, sp.Max, sp.Min), key=lambda e: (e.count_ops(), str(e))):
        if not any(isinstance(s, Product) or s in values for s in e.free_symbols):
            continue
        place = sp.Dummy("place", real=True)
        factor = gap.subs(e, place).diff(place)
        if place in factor.free_symbols or not (factor.is_positive if isinstance(e, sp.Min) else factor.is_negative):
            continue
        choices = [e.args[0], -e.args[0]] if isinstance(e, sp.Abs) else e.args
        return [relation.subs(e, one) for one in choices]
    return []
