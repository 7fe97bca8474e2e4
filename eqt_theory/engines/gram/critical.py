"""Multipliers in the middle of those that do: where a minor of what they leave is largest, or where it ends.

What may be chosen between two roots is, as a rule, no product of powers; half of their sum is rational all the same.
"""

import sympy as sp

from eqt_theory.engines.gram.completion import Weights, form_of, left_rows
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.rational import factored, factored_minors

_SIZE = 5
"""Vectors of a form beyond which its minors are not looked at."""
_MOST = 6


def critical_ones(goal: Goal, weights: Weights, use: list[int]) -> list[sp.Expr]:
    """Values of the first of some multipliers that are open, where all of them hang on one number.

    Args:
        goal: of which they are.
        weights: multipliers that are known.
        use: the inequalities of those that are not, by their place.

    Returns:
        Proposals: the vertex of each minor that is a parabola, those of the largest minors first, then its zeros where
        it is linear. None where more than one number is open.
    """
    unknown = {k: sp.Dummy(f"w{k}", real=True) for k in use}
    rows = left_rows(goal, {**weights, **unknown})
    solution = _solved([s for s in rows[len(goal.products) :] if s != 0], list(unknown.values()))
    open_ = set().union(*(x.free_symbols for x in solution)) & set(unknown.values())
    if len(open_) != 1:
        return []
    (w,) = open_
    told = dict(zip(unknown.values(), solution, strict=True))
    form = form_of(goal, [row.subs(told) for row in rows])
    vertices, ends = [], []
    for block in _blocks(form):
        minors = factored_minors(form.extract(block, block)) if len(block) <= _SIZE else None
        for minor in reversed(minors or ()):
            for factor in sp.Mul.make_args(minor):
                poly = sp.Poly(factor, w) if w in factor.free_symbols and factor.is_polynomial(w) else None
                if poly is not None and poly.degree() == 2:
                    vertices.append(-poly.coeff_monomial(w) / poly.LC() / 2)
                elif poly is not None and poly.degree() == 1:
                    ends.append(-poly.coeff_monomial(1) / poly.LC())
    first = solution[0]
    return list(dict.fromkeys(factored(first.subs(w, x)) for x in (*vertices, *ends)))[:_MOST]


def _solved(sums: list[sp.Expr], unknown: list[sp.Dummy]) -> tuple[sp.Expr, ...]:
    """The unknown numbers with which all sums are 0, in those of them that are left open; none where there are none."""
    if not sums:
        return tuple(unknown)
    return next(iter(sp.linsolve([sp.numer(sp.together(s)) for s in sums], *unknown)), ())


def _blocks(form: sp.Matrix) -> list[list[int]]:
    """The places of a symmetric form that hang together, those of each part in order."""
    left = [i for i in range(form.rows) if any(form.row(i))]
    found = []
    while left:
        block = [left.pop(0)]
        for i in block:
            beside = [j for j in left if form[i, j] != 0]
            block += beside
            left = [j for j in left if j not in beside]
        found.append(sorted(block))
    return found
