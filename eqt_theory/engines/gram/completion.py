"""Multipliers that equations tell: function values cancel, and on some vectors nothing may be left."""

from collections.abc import Callable, Sequence

import numpy as np
import sympy as sp

from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.sample import Sample
from eqt_theory.engines.rational import factored
from eqt_theory.engines.region import Point, Region

_ZERO = 1e-3

Weights = dict[int, sp.Expr]
Closed = Callable[[Sequence[float]], sp.Expr | None]


def samples_at(goal: Goal, region: Region, points: Sequence[Point]) -> list[Sample]:
    """A goal at points of its parameters."""
    return [Sample(goal.numbers(lambda x, p=p: region.at(x, p)), len(goal.space.names)) for p in points]


def left_rows(goal: Goal, weights: Weights) -> list[sp.Expr]:
    """What is left of each product and value of the conclusion."""
    return [row - sum(w * goal.rows[1 + i][k] for i, w in weights.items()) for k, row in enumerate(goal.rows[0])]


def solved(sums: Sequence[sp.Expr], unknown: dict[int, sp.Dummy]) -> Weights | None:
    """The unknown multipliers with which all of these are 0; None where that does not tell them all."""
    told = told_by(sums, unknown)
    return told if len(told) == len(unknown) else None


def told_by(sums: Sequence[sp.Expr], unknown: dict[int, sp.Dummy]) -> Weights:
    """Those of the unknown multipliers that follow from all of these being 0."""
    together = [t for s in sums if s != 0 and (t := sp.expand(sp.numer(sp.together(s)))) != 0]
    row = next(iter(sp.linsolve(together, *unknown.values())), ()) if together else ()
    return {i: factored(x) for i, x in zip(unknown, row, strict=False) if not x.has(*unknown.values())}


def form_of(goal: Goal, rows: Sequence[sp.Expr]) -> sp.Matrix:
    """What is left of the products as the symmetric matrix S of `tr(S G)`."""
    size = len(goal.space.names)
    S = sp.zeros(size, size)
    for product, row in zip(goal.products, rows, strict=False):
        i, j = product.pair
        S[i, j] += row / 2
        S[j, i] += row / 2
    return S


def times_vectors(goal: Goal, rows: Sequence[sp.Expr], vectors: Sequence[Sequence[sp.Expr]]) -> list[sp.Expr]:
    """What is left as a symmetric form, times each of the vectors: 0 where the form is semidefinite and 0 on them."""
    S = form_of(goal, rows)
    return [x for v in vectors for x in S * sp.Matrix(v)]


def kernel(bases: Sequence[tuple[np.ndarray, list[int]]], closed: Closed) -> list[list[sp.Expr]]:
    """Vectors on which a form is 0, from those at every sample: the ones of which closed forms are found."""
    if any(pivots != bases[0][1] for _, pivots in bases):
        return []
    found = []
    for rows in zip(*(rows for rows, _ in bases), strict=True):
        vector = [_signed([float(x) for x in entries], closed) for entries in zip(*rows, strict=True)]
        if None not in vector:
            found.append(vector)
    return found


def _signed(values: Sequence[float], closed: Closed) -> sp.Expr | None:
    """A closed form of numbers that are all 0, all above or all below it."""
    if max(map(abs, values)) < _ZERO:
        return sp.Integer(0)
    size = closed([abs(x) for x in values]) if min(values) > 0 or max(values) < 0 else None
    return None if size is None else size * (1 if values[0] > 0 else -1)
