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
_WIDE = 1.05
"""By what factor numbers between two bounds may differ at least, so that there is one that does at all points."""
_FEW = 8
"""Letters of which products of any size are looked at."""
_SIMPLE = 16
"""The largest denominator of the number before a product."""
_NOTHING = 1e-30
"""What a letter is put to be where it is 0: a product with it is then too small there, or too large."""
_FAR = 20.0
"""The logarithm of what counts as no bound."""
_SHARE = 0.7
"""Of the samples, how many a form must fit."""


def factors(expressions: Sequence[sp.Expr], region: Region) -> list[sp.Expr]:
    """The irreducible factors of expressions in the free symbols, each once up to a number; numbers left out."""
    found: list[sp.Expr] = []
    for expression in expressions:
        numerator, denominator = sp.fraction(sp.together(region.expression(expression)))
        for part in map(sp.expand, (numerator, denominator)):
            for factor, _ in () if part.is_number else sp.factor_list(part)[1]:
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
    table = _table(letters, points, region)
    if min(values) <= 0 or table is None:
        return None
    logs, wanted = table, np.log(np.array(values))
    for size in range(_MOST + 1):
        exponents = _exponents(len(letters), size)
        rest = wanted[:, None] - logs @ exponents.T
        middle = np.median(rest, axis=0)
        off = np.quantile(np.abs(rest - middle), _SHARE, axis=0)  # a program may have missed one of its samples
        for k in np.argsort(off, kind="stable")[:3]:
            if off[k] > _CLOSE:
                break
            c = math.exp(float(middle[k]))
            simple = Fraction(c).limit_denominator(_SIMPLE)
            if simple > 0 and abs(float(simple) - c) < _CLOSE * c:
                return _product(simple, letters, exponents[k], points[0], region)
    return None


def product_between(
    ends: Sequence[tuple[float, float]], letters: Sequence[sp.Expr], points: Sequence[Point], region: Region
) -> sp.Expr | None:
    """The same with values that lie between two bounds each: of the simplest that do the one with most room."""
    return next(iter(products_between(ends, letters, points, region, 1)), None)


def products_between(
    ends: Sequence[tuple[float, float]], letters: Sequence[sp.Expr], points: Sequence[Point], region: Region, most: int
) -> list[sp.Expr]:
    """Products whose values lie between two bounds each.

    Args:
        ends: lower and upper bounds, one pair per point, not negative; the upper ones may be infinite.
        letters: factors.
        points: of the region.
        region: the parameters.
        most: how many are asked for.

    Returns:
        Those that do at all points, the simplest ones first, of these the one with most room. Where there is next to
        no room the number before them is a simple one. Proposals, too.
    """
    found: list[sp.Expr] = []
    table = _table(letters, points, region, _NOTHING)
    if table is None:
        return found
    largest = _MOST if len(letters) <= _FEW else _MOST - 2
    with np.errstate(divide="ignore"):
        low, high = np.log(np.array(ends).T)
    for size in range(largest + 1):
        exponents = _exponents(len(letters), size)
        values = table @ exponents.T
        upper = np.minimum((high[:, None] - values).min(axis=0), _FAR) + _CLOSE
        lower = np.maximum((low[:, None] - values).max(axis=0) - _CLOSE, upper - _FAR)
        for k in np.argsort(lower - upper, kind="stable")[: most - len(found)]:
            room, middle = float(upper[k] - lower[k]), float(upper[k] + lower[k]) / 2
            part = min(room, 2.0) / (4 if room > math.log(_WIDE) else 2)
            if room <= 0:
                break
            c = _simplest(math.exp(middle - part), math.exp(middle + part))
            if room > math.log(_WIDE) or c.denominator <= _SIMPLE:
                found.append(_product(c, letters, exponents[k], points[0], region))
        if len(found) == most:
            break
    return found


def _table(
    letters: Sequence[sp.Expr], points: Sequence[Point], region: Region, least: float = 0.0
) -> np.ndarray | None:
    """Logarithms of the letters at the points, in modulus, which is put to be `least` or more; None where one is 0."""
    table = np.array([[max(abs(float(region.at(letter, p))), least) for letter in letters] for p in points])
    table = table.reshape(len(points), len(letters))
    return np.log(table) if (table > 0).all() else None


def _product(c: Fraction, letters: Sequence[sp.Expr], exponents: np.ndarray, point: Point, region: Region) -> sp.Expr:
    """`|c * product letter^e|`, of which the sign is that at a point."""
    made = sp.Mul(*(letter ** int(e) for letter, e in zip(letters, exponents, strict=True)))
    sign = 1 if region.at(made, point) > 0 else -1
    return sign * sp.Rational(c.numerator, c.denominator) * made


def _simplest(low: float, high: float) -> Fraction:
    """The fraction of least denominator between two positive numbers."""
    whole = math.floor(low)
    if whole == low or whole + 1 <= high:
        return Fraction(max(1, whole + (whole != low)))
    return whole + 1 / _simplest(1 / (high - whole), 1 / (low - whole))


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
