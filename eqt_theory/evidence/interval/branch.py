"""Branch and bound: a relation shown on every point of a box, by cutting it until each piece is certain."""

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from flint import arb
from sympy.core.relational import Relational

from eqt_theory.core.errors import UsageError
from eqt_theory.evidence.interval.ball import Value, ball, decide, evaluate, precision
from eqt_theory.evidence.interval.enclosure import Enclosure, fraction

Ranges = Mapping[sp.Symbol, tuple[Value, Value]]


@dataclass(frozen=True)
class OnBox:
    """What branch and bound found out about a relation on a box.

    Args:
        holds: True when it holds at every point; False when it fails at `point`; None when not decided.
        boxes: pieces looked at.
        point: where it fails, `{symbol: exact value}`.
        reason: why it was not decided.
    """

    holds: bool | None
    boxes: int
    point: dict[sp.Symbol, Fraction] | None = None
    reason: str = ""


def certify_on(
    relation: Relational, ranges: Ranges, *, max_boxes: int = 20_000, bits: int = 96, fixed: Mapping | None = None
) -> OnBox:
    """Whether a relation `<`, `<=`, `>` or `>=` holds everywhere on a box.

    Each piece is bounded by plain evaluation and, where derivatives exist, by the mean value form; the piece that
    is least certain is cut first.

    Args:
        relation: between smooth expressions of the symbols.
        ranges: `{symbol: (low, high)}`, finite.
        max_boxes: how many pieces to look at before giving up.
        bits: working precision.
        fixed: values of symbols that are not cut.

    Returns:
        The outcome; a relation that holds with equality at some point is usually not decided.

    Raises:
        UsageError: not an inequality, or a range is not finite.
    """
    if not isinstance(relation, (sp.Lt, sp.Le, sp.Gt, sp.Ge)):
        raise UsageError(f"expected an inequality, got {relation}")
    difference = relation.gts - relation.lts  # has to be > 0 or >= 0
    symbols = list(ranges)
    slopes = _slopes(difference, symbols)
    with precision(bits):
        other = {s: ball(v) for s, v in (fixed or {}).items()}
        start = [(fraction(ball(a).lower()), fraction(ball(b).upper())) for a, b in ranges.values()]
        counter = itertools.count()
        queue = [(0.0, next(counter), start)]
        looked = 0
        while queue:
            _, _, box = heapq.heappop(queue)
            looked += 1
            if looked > max_boxes:
                return OnBox(None, looked - 1, reason=f"{max_boxes} pieces were not enough")
            env = {**other, **{s: ball(side) for s, side in zip(symbols, box, strict=True)}}
            low = _lower_bound(difference, slopes, symbols, box, env, other)
            if low > 0 or (low >= 0 and not relation.is_strict):
                continue
            center = {s: (a + b) / 2 for s, (a, b) in zip(symbols, box, strict=True)}
            at_center = decide(relation, {**other, **{s: ball(v) for s, v in center.items()}})
            if at_center is False:
                return OnBox(False, looked, point=center)
            widest = max(range(len(box)), key=lambda i: box[i][1] - box[i][0])
            a, b = box[widest]
            middle = (a + b) / 2
            if not a < middle < b or (b - a) < Fraction(1, 2**bits):
                return OnBox(None, looked, reason="a piece of width zero is not decided")
            for part in ((a, middle), (middle, b)):
                priority = float(low.mid()) if low.is_finite() else float("-inf")
                heapq.heappush(queue, (priority, next(counter), [*box[:widest], part, *box[widest + 1 :]]))
        return OnBox(True, looked)


def _slopes(expr: sp.Expr, symbols: list[sp.Symbol]) -> list[sp.Expr] | None:
    if expr.has(sp.Max, sp.Min, sp.Abs, sp.Piecewise):
        return None
    return [sp.diff(expr, s) for s in symbols]


def _lower_bound(expr, slopes, symbols, box, env, other) -> arb:
    direct = evaluate(expr, env)
    if slopes is None:
        return direct.lower() if direct.is_finite() else arb.nan()
    middle = {s: ball((a + b) / 2) for s, (a, b) in zip(symbols, box, strict=True)}
    value = evaluate(expr, {**other, **middle})
    for slope, s, (a, b) in zip(slopes, symbols, box, strict=True):
        value += evaluate(slope, env) * (ball((a, b)) - middle[s])
    bounds = [x.lower() for x in (direct, value) if x.is_finite()]
    if not bounds:
        return arb.nan()
    return bounds[0] if len(bounds) == 1 else bounds[0].max(bounds[1])


def enclose_root(
    expr: sp.Expr, symbol: sp.Symbol, low: Value, high: Value, *, bits: int = 128, fixed: Mapping | None = None
) -> Enclosure:
    """The only root of an expression in [low, high], shown to exist and to be unique there.

    Existence by a certain change of sign, uniqueness by a derivative of one certain sign; narrowed by interval Newton.

    Args:
        expr: continuously differentiable in the symbol on the range.
        symbol: the unknown.
        low: left end, exact.
        high: right end, exact.
        bits: working precision.
        fixed: values of the other symbols.

    Returns:
        An enclosure of the root.

    Raises:
        UsageError: no certain change of sign, or the derivative may vanish; narrow the range.
    """
    slope = sp.diff(expr, symbol)
    with precision(bits):
        other = {s: ball(v) for s, v in (fixed or {}).items()}
        a, b = ball(low), ball(high)
        at_a, at_b = evaluate(expr, {**other, symbol: a}), evaluate(expr, {**other, symbol: b})
        if not ((at_a < 0 and at_b > 0) or (at_a > 0 and at_b < 0)):
            raise UsageError(f"{expr} has no certain change of sign between {low} and {high}: {at_a} and {at_b}")
        whole = a.union(b)
        if not _one_sign(slope, symbol, fraction(a.lower()), fraction(b.upper()), other):
            raise UsageError(f"{expr} may not be monotone between {low} and {high}; narrow the range")
        root = whole
        for _ in range(200):
            middle = root.mid()
            newton = middle - evaluate(expr, {**other, symbol: middle}) / evaluate(slope, {**other, symbol: root})
            better = (
                newton.intersection(root)
                if newton.is_finite() and newton.overlaps(root)
                else _bisect(expr, symbol, root, at_a, other)
            )
            if not better.rad() < root.rad() * arb("0.9"):
                return Enclosure(better)
            root = better
        return Enclosure(root)


def _bisect(expr, symbol, root: arb, at_low: arb, other) -> arb:
    middle = root.mid()
    value = evaluate(expr, {**other, symbol: middle})
    if value > 0 or value < 0:
        return middle.union(root.upper()) if (value > 0) == (at_low > 0) else root.lower().union(middle)
    return root


def _one_sign(slope: sp.Expr, symbol: sp.Symbol, low: Fraction, high: Fraction, other) -> bool:
    stack, sign, looked = [(low, high)], 0, 0
    while stack:
        a, b = stack.pop()
        looked += 1
        value = evaluate(slope, {**other, symbol: ball((a, b))})
        if value > 0 or value < 0:
            here = 1 if value > 0 else -1
            if sign not in (0, here):
                return False
            sign = here
            continue
        if looked > 4096 or b - a < Fraction(1, 2**60):
            return False
        middle = (a + b) / 2
        stack += [(a, middle), (middle, b)]
    return True


def enclose_minimum(
    expr: sp.Expr, symbol: sp.Symbol, low: Value, high: Value, *, max_boxes: int = 20_000, bits: int = 96
) -> tuple[Enclosure, list[Enclosure]]:
    """The global minimum of an expression on [low, high]: its value, and pieces that hold every minimiser.

    Args:
        expr: continuous in the symbol.
        symbol: the variable.
        low: left end, exact.
        high: right end, exact.
        max_boxes: how many pieces to look at.
        bits: working precision.

    Returns:
        The enclosure of the least value, and disjoint enclosures, left to right; outside them the value is larger.
    """
    slopes = _slopes(expr, [symbol])
    with precision(bits):
        best: arb | None = None
        pieces = [(fraction(ball(low).lower()), fraction(ball(high).upper()))]
        looked = 0
        while True:
            kept = []
            for a, b in pieces:
                at_middle = evaluate(expr, {symbol: ball((a + b) / 2)}).upper()
                best = at_middle if best is None else best.min(at_middle)
            bounds = [_lower_bound(expr, slopes, [symbol], [p], {symbol: ball(p)}, {}) for p in pieces]
            looked += len(pieces)
            kept = [(p, lo) for p, lo in zip(pieces, bounds, strict=True) if not lo > best]
            width = max((b - a for (a, b), _ in kept), default=Fraction(0))
            if looked > max_boxes or width < Fraction(1, 2 ** (bits // 4)):
                break
            pieces = []
            for (a, b), _ in kept:
                pieces += [(a, (a + b) / 2), ((a + b) / 2, b)]
        least = min((lo for _, lo in kept), key=lambda x: float(x))
        return Enclosure(least.union(best)), _merged([p for p, _ in kept])


def _merged(pieces: list[tuple[Fraction, Fraction]]) -> list[Enclosure]:
    merged: list[tuple[Fraction, Fraction]] = []
    for a, b in sorted(pieces):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return [Enclosure(ball(piece)) for piece in merged]
