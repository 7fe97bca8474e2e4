"""Closed forms of numbers that were found at some values of the parameters: products of powers of a few factors."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import sympy as sp

from eqt_theory.engines.region import Point, Region

_HIGHEST = 3
_MOST = 6
_CLOSE = 3e-4
_SHARE = 0.7
"""Of the samples, how many a form must fit."""


def factors(expressions: Sequence[sp.Expr], region: Region) -> list[sp.Expr]:
    """The irreducible factors of expressions in the free symbols, each once up to a number; numbers left out."""
    found: list[sp.Expr] = []
    for expression in expressions:
        numerator, denominator = sp.fraction(sp.together(region.expression(expression)))
        for part in (numerator, denominator):
            for factor, _ in sp.factor_list(part)[1]:
                if factor.free_symbols and factor not in found and -factor not in found:
                    found.append(factor)
    return found


def product_of_powers(
    values: Sequence[float], letters: Sequence[sp.Expr], points: Sequence[Point], region: Region
) -> sp.Expr | None:
    """`c * product letter^e` with small integers e and a simple number c that gives the values at the points.

    Args:
        values: one per point, positive.
        letters: factors.
        points: of the region.
        region: the parameters.

    Returns:
        The simplest that fits all values; None where none does. A proposal: nothing is shown by it.
    """
    if min(values) <= 0:
        return None
    table = np.array([[abs(float(region.at(letter, p))) for letter in letters] for p in points])
    if not (table > 0).all():
        return None
    logs, wanted = np.log(table), np.log(np.array(values))
    for size in range(_MOST + 1):
        exponents = _exponents(len(letters), size)
        rest = wanted[:, None] - logs @ exponents.T
        middle = np.median(rest, axis=0)
        off = np.quantile(np.abs(rest - middle), _SHARE, axis=0)  # a program may have missed one of its samples
        for k in np.argsort(off, kind="stable")[:3]:
            if off[k] > _CLOSE:
                break
            c = math.exp(float(middle[k]))
            simple = Fraction(c).limit_denominator(16)
            if simple > 0 and abs(float(simple) - c) < _CLOSE * c:
                made = sp.Mul(*(letter ** int(e) for letter, e in zip(letters, exponents[k], strict=True)))
                sign = 1 if region.at(made, points[0]) > 0 else -1
                return sign * sp.Rational(simple.numerator, simple.denominator) * made
    return None


def _exponents(count: int, size: int) -> np.ndarray:
    """All vectors of `count` integers whose absolute values add up to `size`."""
    found = []
    for places in itertools.combinations_with_replacement(range(count), size):
        powers = [places.count(i) for i in range(count)]
        if max(powers, default=0) > _HIGHEST:
            continue
        used = [i for i, k in enumerate(powers) if k]
        for signs in itertools.product((1, -1), repeat=len(used)):
            row = list(powers)
            for i, s in zip(used, signs, strict=True):
                row[i] *= s
            found.append(row)
    return np.array(found or [[0] * count], dtype=float).reshape(-1, count)
