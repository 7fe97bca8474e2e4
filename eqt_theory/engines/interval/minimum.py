"""The global minimum of an expression on an interval, enclosed."""

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

from eqt_theory.engines.interval.boxes import Domain, Side, halves
from eqt_theory.engines.interval.branch import Form
from eqt_theory.engines.interval.expression import Env, environment, evaluate
from eqt_theory.engines.interval.interval import UNKNOWN, Interval, precision
from eqt_theory.engines.interval.values import Enclosure, Value


def enclose_minimum(
    expr: sp.Expr,
    symbol: sp.Symbol,
    low: Value,
    high: Value,
    *,
    max_boxes: int = 20_000,
    bits: int = 96,
    fixed: Mapping[sp.Symbol, Value] | None = None,
) -> tuple[Enclosure, list[Enclosure]]:
    """The global minimum of an expression on [low, high]: its value, and pieces that hold every minimiser.

    Args:
        expr: continuous in the symbol.
        symbol: the variable.
        low: left end.
        high: right end.
        max_boxes: how many pieces to look at.
        bits: working precision.
        fixed: values of the other symbols, as for `enclose`.

    Returns:
        The enclosure of the least value, and disjoint enclosures, left to right; outside them the value is larger.
        The value is not bounded where the expression is not known to be defined on the whole range.
    """
    with precision(bits):
        domain = Domain.of({symbol: (low, high)})
        other = environment(fixed)
        form = Form(expr, domain, other)
        best: Interval | None = None
        pieces: list[Side] = [domain.outer[0]]
        looked, least_width = 0, Fraction(1, 2 ** (bits // 4))
        while True:
            for side in pieces:
                best = _better(best, expr, domain, side, other)
            bounded = [(side, form.on((side,))) for side in pieces]
            looked += len(pieces)
            # A piece stays unless it is certainly above a value that is reached.
            kept = [(side, bound) for side, bound in bounded if best is None or not (best - bound).negative]
            cuts = {side: halves((side,), least_width) for side, _ in kept}
            if looked >= max_boxes or not any(cuts.values()):
                break
            pieces = [
                part for side, cut in cuts.items() for part in ((side,) if cut is None else (cut[0][0], cut[1][0]))
            ]
        places = _merged([side for side, _ in kept])
        if best is None or not all(bound.known for _, bound in kept):
            return Enclosure.of(UNKNOWN), places
        lowest = min(bound.ends[0] for _, bound in kept)
        return Enclosure((lowest, best.ends[1])), places


def _better(best: Interval | None, expr: sp.Expr, domain: Domain, side: Side, other: Env) -> Interval | None:
    """The least value met so far, from the middle and the ends of a piece; the minimum is not above it."""
    a, b = side
    for x in (a, (a + b) / 2, b):
        point = domain.center(((x, x),))
        if point is None:
            continue
        value = evaluate(expr, {**other, **environment(point)})
        if value.known and (best is None or value.hi < best.hi):
            best = Interval(value.hi, value.hi)
    return best


def _merged(pieces: list[Side]) -> list[Enclosure]:
    merged: list[Side] = []
    for a, b in sorted(pieces):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return [Enclosure(piece) for piece in merged]
