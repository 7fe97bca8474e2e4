"""Witnesses: a prover's model as exact numbers, made as small and readable as the relations allow."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from eqt_theory.engines.smt.script import names_of

Point = dict[sp.Symbol, sp.Expr]


def point_of(model: Mapping[str, Any], symbols: Sequence[sp.Symbol]) -> Point:
    """The exact value of each symbol in a worker's model; symbols the model leaves out are 0."""
    names = names_of(symbols)
    point: Point = {}
    for symbol in symbols:
        value = model.get(names[symbol], ["rational", "0"])
        point[symbol] = _number(value)
    return point


def _number(value: Sequence[Any]) -> sp.Expr:
    kind, data, *rest = value
    if kind == "rational":
        return sp.Rational(data)
    variable = sp.Dummy("x")
    polynomial = sp.Poly([sp.Rational(c) for c in reversed(data)], variable)
    roots = [root for root, _ in sp.real_roots(polynomial, multiple=False)]
    if kind == "root":
        return roots[rest[0]]
    low, high = (sp.Rational(bound) for bound in rest[0])
    return next(root for root in roots if low < root < high or low == root == high)  # the interval is open


def simplify(point: Point, confirms: Callable[[Point], bool]) -> Point:
    """A point with smaller numbers that still confirms; the given one where none is found.

    All entries are rounded together first, then one at a time, to the simplest value that the
    relations allow.

    Args:
        point: exact values that confirm.
        confirms: whether a point is a witness, decided exactly.

    Returns:
        A point that confirms.
    """
    for denominator in (1, 2, 4, 10, 100, 1000, 10**6):
        rounded = {symbol: _rounded(value, denominator) for symbol, value in point.items()}
        if confirms(rounded):
            point = rounded
            break
    for symbol in point:
        for candidate in _simpler(point[symbol]):
            trial = {**point, symbol: candidate}
            if confirms(trial):
                point = trial
                break
    return point


def _rounded(value: sp.Expr, denominator: int) -> sp.Rational:
    exact = value if value.is_Rational else sp.Rational(str(value.evalf(30)))
    return exact.limit_denominator(denominator)


def _simpler(value: sp.Expr) -> Iterator[sp.Rational]:
    """Numbers that are easier to read than the value, easiest first."""
    plain = [sp.Rational(p, q) for p, q in ((0, 1), (1, 1), (-1, 1), (2, 1), (-2, 1), (1, 2), (-1, 2), (3, 1), (3, 2))]
    near = [_rounded(value, q) for q in (1, 2, 3, 4, 5, 10, 20, 100, 1000)]
    seen: set[sp.Rational] = set()
    for candidate in (*plain, *near):
        if candidate == value:
            return
        if candidate not in seen:
            seen.add(candidate)
            yield candidate
