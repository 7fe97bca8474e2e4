"""Scaled rotations of the plane on which a statement about operators of several classes may fail, found at numbers."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice, product
from typing import Any

import numpy as np
import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.realise import members_of, points_of, shared
from eqt_theory.engines.gram.sample import Sample
from eqt_theory.engines.gram.space import Vector

_COMBINED = 400
"""Choices of a rotation for each operator that are looked at."""
_EXACT = 3
"""Of them, those that are put into fractions."""
_FINE = 64
_NULL = 1e-9

_Members = list[tuple[Any, list[Any]]]
_Rotation = tuple[Fraction, Fraction]


def turning(
    goal: Goal, hypotheses: Sequence[Boolean], sample: Sample, at: Mapping[sp.Symbol, Fraction]
) -> list[dict[sp.Symbol, sp.Expr]]:
    """Inner products of vectors whose images are those under scaled rotations, at which the conclusion fails.

    Args:
        goal: the conclusion and the inequalities.
        hypotheses: as they were handed over.
        sample: the goal at some values of the parameters.
        at: these values.

    Returns:
        Values of the inner products, worst first; none where no two classes share points, or a member is no operator.
    """
    groups, of_both = shared(members_of(goal.space, hypotheses))
    if not of_both or not all(family.by_pairs for group in groups for family, _ in group):
        return []
    values = {s: sp.Rational(x.numerator, x.denominator) for s, x in at.items()}
    rows = [_rows(group, goal.space.names, values) for group in groups]
    if any(row is None for row in rows):
        return []
    form = sample.numbers.matrices(sample.size)[0]
    found = []
    for turns in islice(product(*(_rotations(group, values) for group in groups)), _COMBINED):
        M = np.vstack([D - complex(*turn) * d for turn, (d, D) in zip(turns, rows, strict=True)])  # pyright: ignore
        kernel = _kernel(M)
        if kernel.shape[1]:
            lowest, vectors = np.linalg.eigh(kernel.conj().T @ form @ kernel)
            found.append((float(lowest[0]), len(found), turns, kernel @ vectors[:, 0]))
    worst = sorted(one for one in found if one[0] < -_NULL)[:_EXACT]
    exact = [_exact(goal, rows, turns, near) for _, _, turns, near in worst]  # pyright: ignore
    return [one for one in exact if one is not None]


def _rows(group: _Members, names: Sequence[str], values: Mapping[sp.Symbol, sp.Expr]) -> Any:
    """By how much the points and images of an operator are apart from its first, as combinations of the vectors."""

    def row(vector: Vector) -> list[sp.Expr]:
        return [sp.sympify(a).subs(values) for a in vector.coefficients]

    first, *others = points_of(group)
    d, D = ([row(getattr(p, of) - getattr(first, of)) for p in others] for of in ("x", "gradient"))
    if not others or not all(x.is_Rational for rows in (d, D) for r in rows for x in r):
        return None
    return tuple(np.array([[Fraction(int(x.p), int(x.q)) for x in r] for r in rows]) for rows in (d, D))


def _rotations(group: _Members, values: Mapping[sp.Symbol, sp.Expr]) -> list[_Rotation]:
    """A and b of maps a h + b J h of all classes of a group, at the ends of what they allow and between."""
    sizes = {Fraction(1)}
    for family, _ in group:
        own = [sp.sympify(x).subs(values) for x in vars(family).values()]
        numbers = [Fraction(int(x.p), int(x.q)) for x in own if x.is_Rational]
        sizes |= {y for x in numbers if x != 0 for y in (abs(x), 1 / abs(x))}
    ends = sorted(sizes)
    grid = {0, *ends, *(-x for x in ends), *(sign * x / 2 for x in ends for sign in (1, -1))}
    grid |= {(x + y) / 2 for x in ends for y in ends} | {x * y for x in ends for y in ends}

    def forms(a: Any, square: Any) -> list[Fraction]:
        every = [sp.sympify(family.form(1, a, square)).subs(values) for family, _ in group]
        return [Fraction(int(x.p), int(x.q)) for x in every if x.is_Rational]

    found: list[_Rotation] = []
    for a in sorted(Fraction(x) for x in grid):
        here = sp.Rational(a.numerator, a.denominator)
        level, slope = forms(here, here**2), [y - x for x, y in zip(forms(0, 0), forms(0, 1), strict=True)]
        if len(level) < len(group) or min(level) < 0:
            continue
        bounds = [-x / y for x, y in zip(level, slope, strict=True) if y < 0]
        longest = _root(min(bounds)) if bounds else ends[-1]
        found += [(a, b) for b in dict.fromkeys((Fraction(0), longest / 2, longest))]
    return found


def _root(x: Fraction) -> Fraction:
    """A square root, or a fraction just below it."""
    exact = Fraction(math.isqrt(x.numerator), math.isqrt(x.denominator)) if x else x
    return exact if exact**2 == x else Fraction(math.floor(math.sqrt(x) * _FINE), _FINE)


def _kernel(M: np.ndarray) -> np.ndarray:
    M = M.astype(complex)
    _, sizes, rows = np.linalg.svd(M, full_matrices=True)
    rank = int((sizes > _NULL * max(1.0, sizes.max(initial=0))).sum())
    return rows[rank:].conj().T


def _exact(
    goal: Goal, rows: Sequence[Any], turns: Sequence[_Rotation], near: np.ndarray
) -> dict[sp.Symbol, sp.Expr] | None:
    """The inner products of vectors near to these, whose images are exactly so."""
    M = sp.Matrix(
        [
            [_rational(y - a * x) - sp.I * _rational(b * x) for x, y in zip(u, v, strict=True)]
            for (a, b), (d, D) in zip(turns, rows, strict=True)
            for u, v in zip(d, D, strict=True)
        ]
    )
    basis = M.nullspace(simplify=True)
    if not basis:
        return None
    columns = np.array([[complex(x) for x in vector] for vector in basis]).T
    weights = np.linalg.lstsq(columns, near / np.abs(near).max(), rcond=None)[0]
    weights = weights / weights[np.abs(weights).argmax()]
    fine = [(Fraction(round(w.real * _FINE), _FINE), Fraction(round(w.imag * _FINE), _FINE)) for w in weights]
    total = sp.zeros(M.cols, 1)
    for (re, im), vector in zip(fine, basis, strict=True):
        total += (_rational(re) + sp.I * _rational(im)) * vector
    vectors = [sp.expand(x) for x in total]
    square = next((sp.expand(x * sp.conjugate(x)) for x in vectors if x != 0), sp.Integer(1))
    pairs = ((i, j) for i in range(len(vectors)) for j in range(i + 1))
    return {goal.space.gram[i, j]: sp.re(sp.expand(vectors[i] * sp.conjugate(vectors[j]))) / square for i, j in pairs}


def _rational(x: Fraction) -> sp.Rational:
    return sp.Rational(x.numerator, x.denominator)
