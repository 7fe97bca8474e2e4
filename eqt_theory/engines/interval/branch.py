"""Branch and bound: a relation shown on every point of a box, by cutting it until each piece is certain."""

import heapq
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import And, Boolean, BooleanFalse, BooleanTrue

from eqt_theory.core.budget import look
from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.boxes import Domain, Ranges, Sides, halves
from eqt_theory.engines.interval.expression import (
    Env,
    cancelled,
    continuous,
    decide,
    environment,
    evaluate,
    evaluate_all,
    smooth,
)
from eqt_theory.engines.interval.interval import UNKNOWN, Interval, precision
from eqt_theory.engines.interval.values import Value


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
    relation: Boolean | bool,
    ranges: Ranges,
    *,
    max_boxes: int = 20_000,
    bits: int = 96,
    fixed: Mapping[sp.Symbol, Value] | None = None,
) -> OnBox:
    """Whether inequalities `<`, `<=`, `>` or `>=`, one or several joined by And, hold everywhere on a box.

    Each piece is bounded by plain evaluation and, where the expressions are smooth, by the mean value form on the
    face to which monotone variables lead; the piece that is least certain is cut first.

    Args:
        relation: between expressions of the symbols.
        ranges: `{symbol: (low, high)}`, finite.
        max_boxes: how many pieces to look at before giving up, for each inequality.
        bits: working precision.
        fixed: values of symbols that are not cut, as for `enclose`.

    Returns:
        The outcome; a relation that holds with equality inside the box is usually not decided, at a corner it is.

    Raises:
        UsageError: not an inequality, or a range is not finite.
    """
    with precision(bits):
        domain = Domain.of(ranges)
        other = environment(fixed)
        match relation:
            case True | BooleanTrue():
                return OnBox(True, 0)
            case False | BooleanFalse():
                return OnBox(False, 0, point=domain.center(domain.outer))
            case And():
                parts = relation.args
            case _:
                parts = (relation,)
        looked = 0
        undecided: OnBox | None = None
        for part in parts:
            found = _Bound(part, domain, other).search(max_boxes, bits)
            looked += found.boxes
            if found.holds is False:
                return OnBox(False, looked, found.point)
            if found.holds is None and undecided is None:
                undecided = found
        return OnBox(True, looked) if undecided is None else OnBox(None, looked, reason=undecided.reason)


class _Bound:
    """One inequality on one domain."""

    def __init__(self, relation: Boolean, domain: Domain, other: Env) -> None:
        if not isinstance(relation, (sp.Lt, sp.Le, sp.Gt, sp.Ge)):
            raise UsageError(f"expected an inequality, got {relation}")
        self._relation: Relational = relation
        self._strict = isinstance(relation, (sp.Lt, sp.Gt))
        self._form = Form(relation.gts - relation.lts, domain, other)  # has to be > 0 or >= 0
        self._cancelled = cancelled(relation)  # have to have a value
        self._domain, self._other = domain, other

    def search(self, max_boxes: int, bits: int) -> OnBox:
        counter = itertools.count()
        queue: list[tuple[float, int, Sides]] = [(0.0, next(counter), self._domain.outer)]
        looked = 0
        while queue:
            look()
            rank, _, sides = heapq.heappop(queue)
            if looked == max_boxes:
                why = (
                    ""
                    if math.isfinite(rank)
                    else f", and a side has no value, or no bounded one, {self._around(sides)}"
                )
                return OnBox(None, looked, reason=f"{max_boxes} pieces were not enough{why}")
            looked += 1
            value, defined = self._form.on(sides), self._defined(sides)
            if defined and (value.positive or (not self._strict and value.known and value.lo >= 0)):
                continue
            center = self._domain.center(sides)
            if center is not None and self._fails(center):
                return OnBox(False, looked, point=center)
            parts = halves(sides, Fraction(1, 2 ** (bits // 2)))
            rank = _rank(value) if defined else -math.inf
            if parts is None:
                bounded = math.isfinite(rank)
                what = "both sides are equal, or nearly so," if bounded else "a side has no value, or no bounded one,"
                return OnBox(None, looked, reason=f"{what} {self._around(sides)}")
            for part in parts:
                heapq.heappush(queue, (rank, next(counter), part))
        return OnBox(True, looked)

    def _around(self, sides: Sides) -> str:
        corner = {str(s): float(a) for s, (a, _) in zip(self._domain.symbols, sides, strict=True)}
        return f"around {corner}"

    def _defined(self, sides: Sides) -> bool:
        """Whether what cancels between the sides has a value all over a piece."""
        env = {**self._other, **self._domain.intervals(sides)}
        return all(part.known for part in evaluate_all(self._cancelled, env))

    def _fails(self, center: Mapping[sp.Symbol, Fraction]) -> bool:
        return decide(self._relation, {**self._other, **environment(center)}) is False


class Form:
    """Lower bounds of an expression on pieces of a domain.

    The best of plain evaluation, the mean value form and, for one smooth variable, Taylor's form of second order; each
    on the face to which the variables lead in which the expression is monotone. With kinks (Abs, Max, Min) the mean
    value theorem holds for the generalised derivative (Lebourg 1975): SymPy's sign and Heaviside, taken as sets.

    Args:
        expr: the expression.
        domain: names the sides.
        other: intervals of the other symbols.
    """

    def __init__(self, expr: sp.Expr, domain: Domain, other: Env) -> None:
        self._expr, self._domain, self._other = expr, domain, other
        self._slopes = [sp.diff(expr, s) for s in domain.symbols] if continuous(expr) else None
        if self._slopes is not None and any(slope.has(sp.Derivative, sp.Subs) for slope in self._slopes):
            self._slopes = None
        plain = self._slopes is not None and len(self._slopes) == 1 and smooth(expr)
        self._second = sp.diff(self._slopes[0], domain.symbols[0]) if self._slopes and plain else None

    def on(self, sides: Sides) -> Interval:
        """An interval whose lower end is below the expression everywhere on the piece; UNKNOWN where there is none."""
        env = self._env(sides)
        if self._slopes is None:
            return evaluate(self._expr, env)
        whole, *tilts = evaluate_all([self._expr, *self._slopes], env)
        if not whole.known or not all(tilt.known for tilt in tilts):
            return whole
        face = tuple(
            (a, a) if tilt.lo >= 0 else (b, b) if tilt.hi <= 0 else (a, b)
            for tilt, (a, b) in zip(tilts, sides, strict=True)
        )
        direct = whole if face == sides else evaluate(self._expr, self._env(face))
        if all(a == b for a, b in face):
            return direct
        middle = [(a + b) / 2 for a, b in face]
        at_middle = self._env(tuple((x, x) for x in middle))
        offsets = [Interval.of(a - x, b - x) for x, (a, b) in zip(middle, face, strict=True)]
        centred = evaluate(self._expr, at_middle)
        for tilt, offset in zip(tilts, offsets, strict=True):
            centred += tilt * offset
        return direct.intersection(centred).intersection(self._taylor(at_middle, env, offsets[0]))

    def _taylor(self, at_middle: Env, env: Env, offset: Interval) -> Interval:
        if self._second is None or self._slopes is None:
            return UNKNOWN
        value, slope = evaluate_all([self._expr, self._slopes[0]], at_middle)
        bend = evaluate(self._second, env)
        return value + slope * offset + bend * offset.power(2) * Interval.of(Fraction(1, 2))

    def _env(self, sides: Sides) -> dict[sp.Symbol, Interval]:
        return {**self._other, **self._domain.intervals(sides)}


def _rank(value: Interval) -> float:
    """Least certain first; the order decides only how soon an answer is found."""
    low = float(value.lo)
    return low if math.isfinite(low) else -math.inf
