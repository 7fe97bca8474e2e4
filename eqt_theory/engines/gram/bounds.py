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
