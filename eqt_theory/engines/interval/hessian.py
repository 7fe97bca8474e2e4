"""Interval Hessians: curvature bounds that hold at every point of a box."""

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp

from eqt_theory.core.budget import look
from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.boxes import Domain, Ranges, Sides, halves
from eqt_theory.engines.interval.expression import Env, environment, evaluate_all, number, smooth
from eqt_theory.engines.interval.interval import UNKNOWN, Interval, precision
from eqt_theory.engines.interval.spectrum import Matrix, positive_definite
from eqt_theory.engines.interval.values import Enclosure, Value

_SMALL = 3  # dimensions in which third derivatives are worth their time
_NARROWEST = Fraction(1, 2**40)


@dataclass(frozen=True)
class CurvatureOnBox:
    """What is known of the Hessian's eigenvalues on a box.

    Args:
        holds: True when they lie within the bounds everywhere; False when one certainly does not at `point`.
        boxes: pieces looked at.
        point: where it fails, `{symbol: exact value}`.
        direction: a vector v there with `v^T H v` outside the bounds times |v|^2, exact.
        reason: why it was not decided.
    """

    holds: bool | None
    boxes: int
    point: dict[sp.Symbol, Fraction] | None = None
    direction: tuple[Fraction, ...] = ()
    reason: str = ""


def hessian_of(expr: sp.Expr, symbols: Sequence[sp.Symbol]) -> sp.Matrix:
    """The symbolic Hessian.

    Args:
        expr: composed of smooth functions.
        symbols: d symbols.

    Returns:
        Shape (d, d).

    Raises:
        UsageError: the expression may have kinks or jumps, of which a Hessian knows nothing.
    """
    if not smooth(expr):
        raise UsageError(f"expected a twice differentiable expression, got {expr}, which may have kinks or jumps")
    return sp.hessian(expr, list(symbols))


def hessian_enclosure(expr: sp.Expr, values: Ranges, *, bits: int = 96) -> list[list[Enclosure]]:
    """The Hessian at every point of a box, enclosed entry by entry.

    Args:
        expr: composed of smooth functions.
        values: `{symbol: number or range}`; the symbols are the rows and columns, in this order.
        bits: working precision.

    Returns:
        Shape (d, d), for `eigenvalue_bounds`; not bounded where the expression may be undefined in the box.
    """
    with precision(bits):
        env = environment(values)
        matrix = _Hessian(expr, list(values), centred=False).natural(env)
        return [[Enclosure.of(x) for x in row] for row in matrix]


def certify_curvature(
    expr: sp.Expr,
    ranges: Ranges,
    *,
    mu: Value | None = None,
    lipschitz: Value | None = None,
    max_boxes: int = 2000,
    bits: int = 64,
) -> CurvatureOnBox:
    """Whether all eigenvalues of the Hessian lie in [mu, lipschitz] everywhere on a box.

    A piece is done when `H - mu I` and `lipschitz I - H` are positive definite on all of it; it is cut otherwise. A
    bound that is reached inside the box is not decided.

    Args:
        expr: composed of smooth functions.
        ranges: `{symbol: (low, high)}`, finite.
        mu: lower bound, exact; None for none.
        lipschitz: upper bound, exact; None for none.
        max_boxes: pieces to look at before giving up.
        bits: working precision.

    Returns:
        The outcome.

    Raises:
        UsageError: no bound is given, the expression may have kinks or jumps, or a range is not finite.
    """
    if mu is None and lipschitz is None:
        raise UsageError("expected mu, lipschitz or both, got neither")
    hessian = _Hessian(expr, list(ranges), centred=len(ranges) <= _SMALL)
    with precision(bits):
        domain = Domain.of(ranges)
        bounds = tuple(None if b is None else number(b) for b in (mu, lipschitz))
        counter = itertools.count()
        queue: list[tuple[Fraction, int, Sides]] = [(Fraction(0), next(counter), domain.outer)]
        looked = 0
        while queue:
            look()
            if looked == max_boxes:
                return CurvatureOnBox(None, looked, reason=f"{max_boxes} pieces were not enough")
            sides = heapq.heappop(queue)[2]
            looked += 1
            if _within(hessian.on(domain, sides), *bounds):
                continue
            center = domain.center(sides)
            if center is not None:
                direction = _violation(hessian.natural(environment(center)), *bounds)
                if direction:
                    return CurvatureOnBox(False, looked, center, direction)
            parts = halves(sides, _NARROWEST)
            if parts is None:
                return CurvatureOnBox(None, looked, reason="the bound is reached, or nearly so, inside the domain")
            for part in parts:
                width = max(b - a for a, b in part)
                heapq.heappush(queue, (-width, next(counter), part))
        return CurvatureOnBox(True, looked)


class _Hessian:
    """The Hessian of an expression, on pieces of a box.

    Args:
        expr: composed of smooth functions.
        symbols: rows and columns.
        centred: whether to use the mean value form too, which needs third derivatives.
    """

    def __init__(self, expr: sp.Expr, symbols: Sequence[sp.Symbol], *, centred: bool) -> None:
        matrix, self._d = hessian_of(expr, symbols), len(symbols)
        self._places = [(i, j) for i in range(self._d) for j in range(i, self._d)]
        # A kink can cancel out of the Hessian, as that of sqrt(x^2) does; it shows where the gradient is undefined.
        self._guards = [expr, *(sp.diff(expr, s) for s in symbols)]
        self._entries = [matrix[place] for place in self._places]
        self._thirds = [sp.diff(entry, s) for entry in self._entries for s in symbols] if centred else []

    def natural(self, env: Env) -> Matrix:
        """Each entry evaluated; nothing is known of it where the expression or its gradient may be undefined."""
        found = evaluate_all([*self._guards, *self._entries], env)
        guards, entries = found[: len(self._guards)], found[len(self._guards) :]
        return self._matrix(entries if all(guard.known for guard in guards) else [UNKNOWN] * len(entries))

    def on(self, domain: Domain, sides: Sides) -> Matrix:
        """The better of plain evaluation and the mean value form, entry by entry."""
        env = domain.intervals(sides)
        found = evaluate_all([*self._guards, *self._entries, *self._thirds], env)
        first, last = len(self._guards), len(self._guards) + len(self._places)
        if not all(guard.known for guard in found[:first]):
            return self._matrix([UNKNOWN] * len(self._places))
        entries, thirds = found[first:last], found[last:]
        if not thirds:
            return self._matrix(entries)
        middle = [(a + b) / 2 for a, b in sides]
        centre = evaluate_all(self._entries, domain.intervals(tuple((x, x) for x in middle)))
        offsets = [Interval.of(a - x, b - x) for x, (a, b) in zip(middle, sides, strict=True)]
        for k, at_centre in enumerate(centre):
            for third, offset in zip(thirds[k * self._d : (k + 1) * self._d], offsets, strict=True):
                at_centre += third * offset
            if entries[k].known:
                entries[k] = entries[k].intersection(at_centre)
        return self._matrix(entries)

    def _matrix(self, upper: Sequence[Interval]) -> Matrix:
        at = dict(zip(self._places, upper, strict=True))
        return [[at[min(i, j), max(i, j)] for j in range(self._d)] for i in range(self._d)]


def _within(matrix: Matrix, mu: Interval | None, lipschitz: Interval | None) -> bool:
    above = mu is None or positive_definite(_shifted(matrix, -mu))
    return above and (
        lipschitz is None or positive_definite(_shifted([[-x for x in row] for row in matrix], lipschitz))
    )


def _shifted(matrix: Matrix, shift: Interval) -> Matrix:
    return [[entry + shift if i == j else entry for j, entry in enumerate(row)] for i, row in enumerate(matrix)]


def _violation(matrix: Matrix, mu: Interval | None, lipschitz: Interval | None) -> tuple[Fraction, ...]:
    """A vector whose Rayleigh quotient certainly lies outside the bounds; empty where none is seen."""
    middle = np.array([[float((entry.lo + entry.hi) / 2) for entry in row] for row in matrix])
    if not np.isfinite(middle).all():
        return ()
    vectors = np.linalg.eigh((middle + middle.T) / 2)[1]
    for bound, column, sign in ((mu, 0, 1), (lipschitz, -1, -1)):
        if bound is None:
            continue
        v = _readable(vectors[:, column])
        terms = [x * y for x in v for y in v]
        entries = [entry for row in matrix for entry in row]
        gap = -(bound * Interval.of(sum(x * x for x in v)))
        for term, entry in zip(terms, entries, strict=True):
            gap += Interval.of(term) * entry
        if gap.negative if sign > 0 else gap.positive:
            return v
    return ()


def _readable(vector: np.ndarray) -> tuple[Fraction, ...]:
    """A short rational vector in nearly this direction, its largest entry 1."""
    scaled = vector / vector[np.abs(vector).argmax()]
    return tuple(Fraction(float(x)).limit_denominator(1000) for x in scaled)
