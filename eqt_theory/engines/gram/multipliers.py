"""Multipliers with which inequalities add up to a conclusion: rational numbers, or closed forms in the parameters."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp
from sympy.logic.boolalg import Boolean

from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Finding
from eqt_theory.core.symbols import said
from eqt_theory.engines.closed_form import factors, product_of_powers
from eqt_theory.engines.gram.combine import Zero, combine
from eqt_theory.engines.gram.completion import Weights, kernel, left_rows, samples_at, solved, times_vectors
from eqt_theory.engines.gram.coordinates import factored
from eqt_theory.engines.gram.goal import Goal, Numbers
from eqt_theory.engines.gram.sample import Sample, few
from eqt_theory.engines.gram.slack import fails_at, simple_ones
from eqt_theory.engines.gram.space import Vector
from eqt_theory.engines.region import Point, Region, border, far_ones

_SAMPLES = 8
_LOOKED_AT, _LAYERS, _FAR = 60, 3, 12
"""Points at which multipliers are tried that were found elsewhere: so many anywhere, and in each layer so many far from
those of the last one, up to so many from each."""
_ROUNDS = 4
"""Points at which they failed, from which others come."""
_SHORT = (1e-7, 1e-6)
"""By how much a form may fail to be semidefinite in floating point: the second try is for longer runs."""
_LETTERS = 8
_CLOSE = 1e-5
_DENOMINATORS = (10, 100, 1000, 10_000, 100_000)
_BITS = 40

Squares = list[tuple[sp.Expr, Vector]]
Beyond = tuple[tuple[Sample, dict[sp.Symbol, Fraction]], ...]


@dataclass(frozen=True)
class Combination:
    """What adds up to the conclusion of a goal, as far as floating point can tell.

    Args:
        goal: it.
        weights: multipliers of its inequalities, by their place.
        squares: `(weight, vector)`, parts of the form that is left which are known.
        zeros: products that are 0, parts of it, too.
    """

    goal: Goal
    weights: Weights
    squares: Squares
    zeros: Sequence[Zero] = ()

    @property
    def uses(self) -> list[tuple[sp.Expr, Boolean]]:
        """Each multiplier with its inequality."""
        return [(weight, self.goal.inequalities[i]) for i, weight in self.weights.items()]

    @property
    def note(self) -> str:
        """The multipliers in words."""
        return "multipliers: " + ("; ".join(f"{weight} of {said(use)}" for weight, use in self.uses) or "none")

    def shown(self, hypotheses: Sequence[Boolean], timeout: float, detail: str) -> Finding:
        """That they do add up, put to `combine`."""
        goal = self.goal
        return combine(
            hypotheses,
            goal.conclusion,
            self.uses,
            goal.space,
            squares=self.squares,
            zeros=self.zeros,
            timeout=timeout,
            detail=detail,
        )


@dataclass(frozen=True)
class Failure:
    """Why no multipliers were found.

    Args:
        reason: in words.
        beyond: samples at which there are none, so that the conclusion may fail there, with their parameters.
    """

    reason: str
    beyond: Beyond = ()


def find(goal: Goal, region: Region | None) -> Combination | Failure:
    """Multipliers of a goal. Nothing is shown by them; `Combination.shown` does that.

    Args:
        goal: it.
        region: its parameters; None where it has none.

    Returns:
        The multipliers, or why there are none.

    Raises:
        UsageError: the hypotheses hold nowhere, or a number is not rational.
    """
    whole = _with_slack(goal)
    found = _at_numbers(whole) if region is None else _in_closed_form(whole, region)
    if isinstance(found, Failure):
        return found
    weights = {i: w for i, w in found.weights.items() if i < len(goal.inequalities)}
    return replace(found, goal=goal, weights=weights)


def _with_slack(goal: Goal) -> Goal:
    """The goal with 1 >= 0 at the end where there are constants, as of noise: what is left of them may be positive."""
    if not any(row[-1] != 0 for row in goal.rows):
        return goal
    return replace(goal, inequalities=(*goal.inequalities, sp.Ge(1, 0, evaluate=False)))


def parameters(goal: Goal, hypotheses: Sequence[Boolean]) -> list[sp.Symbol]:
    """The parameters of a goal and of what is assumed of them, in order."""
    return sorted({*goal.parameters, *(s for h in hypotheses for s in h.free_symbols)}, key=str)


def _at_numbers(goal: Goal) -> Combination | Failure:
    """Rational multipliers, the simplest ones first."""
    numbers = goal.numbers(_exact)
    sample = Sample(numbers, len(goal.space.names))
    failure = Failure("no multipliers of these inequalities show it", ((sample, {}),))
    for short in _SHORT:
        found = few([sample], len(goal.inequalities), short)
        for weights in () if found is None else _rounded(numbers, found[0]):
            squares = _left_over(goal, numbers, weights) if all(w >= 0 for w in weights.values()) else None
            if squares is not None:
                return Combination(goal, {i: sp.Rational(*_ratio(w)) for i, w in weights.items() if w}, squares)
        if found is not None:
            near = ", ".join(f"{w:.9g}" for w in found[0].values())
            failure = Failure(f"no exact multipliers were found close to {near}")
    return failure


def _exact(coefficient: sp.Expr) -> Fraction:
    if not coefficient.is_Rational:
        raise UsageError(f"numbers must be rational, got {coefficient}")
    return Fraction(int(coefficient.p), int(coefficient.q))


def _rounded(numbers: Numbers, found: dict[int, float]) -> Iterator[dict[int, Fraction]]:
    """Fractions near the multipliers, with which the function values cancel."""
    for most in _DENOMINATORS:
        near = {i: Fraction(x).limit_denominator(most) for i, x in found.items()}
        if all(abs(float(w) - found[i]) < _CLOSE * max(1, found[i]) for i, w in near.items()):
            yield from _cancelling(numbers, near)
    yield from _cancelling(numbers, {i: Fraction(round(x * 2**_BITS), 2**_BITS) for i, x in found.items()})


def _cancelling(numbers: Numbers, weights: dict[int, Fraction]) -> Iterator[dict[int, Fraction]]:
    """The weights, changed as little as can be so that no function value is left."""
    use = list(weights)
    V = sp.Matrix(len(numbers.values[0]), len(use), lambda i, j: sp.Rational(*_ratio(numbers.values[1 + use[j]][i])))
    wanted = sp.Matrix([sp.Rational(*_ratio(x)) for x in numbers.values[0]])
    off = wanted - V * sp.Matrix(len(use), 1, [sp.Rational(*_ratio(w)) for w in weights.values()])
    kept = list((V.T).rref()[1])  # equations that do not follow from the others
    change = sp.zeros(len(use), 1)
    if any(off):
        part = V.extract(kept, list(range(len(use))))
        change = part.T * (part * part.T).LUsolve(off.extract(kept, [0])) if kept else change
    if V * change == off:
        yield {i: weights[i] + Fraction(int(c.p), int(c.q)) for i, c in zip(use, change, strict=True)}


def _ratio(x: Fraction) -> tuple[int, int]:
    return x.numerator, x.denominator


def _left_over(goal: Goal, numbers: Numbers, weights: dict[int, Fraction]) -> Squares | None:
    """The form that these multipliers leave, as squares; None where it is not positive semidefinite."""
    form = list(numbers.forms[0])
    for i, weight in weights.items():
        form = [a - weight * b for a, b in zip(form, numbers.forms[1 + i], strict=True)]
    size = len(goal.space.names)
    S = sp.zeros(size, size)
    for (i, j), x in zip(numbers.pairs, form, strict=True):
        S[i, j] += sp.Rational(*_ratio(x)) / 2
        S[j, i] += sp.Rational(*_ratio(x)) / 2
    frame = factored(S)
    if frame is None:
        return None
    columns = zip(*frame.rows, strict=True)
    return [(square, Vector(goal.space, tuple(c))) for square, c in zip(frame.squares, columns, strict=True)]


def _in_closed_form(goal: Goal, region: Region) -> Combination | Failure:
    """Multipliers as functions of the parameters, tried at many more points than those that they come from."""
    points = region.points(min(_SAMPLES, 3 + 2 * len(region.free)))
    if not points:
        raise UsageError("hypotheses must hold somewhere: no rational point that satisfies them was found")
    found = _proposed(goal, region, points)
    first = found  # where there are none, provers know simpler numbers
    others, layer = region.points(_LOOKED_AT, seed=1), points[:1]
    for _ in range(_LAYERS):
        layer = [q for p in layer for q in far_ones(region, p, _FAR) if q not in others]
        layer = layer[:: max(1, -(-len(layer) // _LOOKED_AT))]
        others += layer
    others += [p for p in border(region, others[:: max(1, len(others) // _LOOKED_AT)]) if p not in others]
    for _ in range(_ROUNDS):
        fails = fails_at(goal, region, found.weights, others) if isinstance(found, Combination) else None
        if fails is None:
            break
        points = [*points, fails]
        found = _proposed(goal, region, points)
    if isinstance(found, Combination):
        return found
    if isinstance(first, Combination) or first.beyond:
        return first
    samples = samples_at(goal, region, others)
    return replace(first, beyond=tuple(b for b in _beyond(region, others, samples) if math.isfinite(b[0].best[1])))


def _beyond(region: Region, points: Sequence[Point], samples: Sequence[Sample]) -> Beyond:
    """The samples at which there are no multipliers, with their parameters."""
    return tuple((s, region.values(p)) for s, p in zip(samples, points, strict=True) if s.best[1] >= _SHORT[0])


def _proposed(goal: Goal, region: Region, points: Sequence[Point]) -> Combination | Failure:
    """Multipliers that do at some points."""
    samples = samples_at(goal, region, points)
    beyond = _beyond(region, points, samples)
    found = few(samples, len(goal.inequalities), _SHORT[bool(beyond)])
    if found is None:
        return Failure("no multipliers of these inequalities show it at sampled values of the parameters", beyond)
    letters = factors([*goal.parameters, *_coefficients(goal)], region)[:_LETTERS]

    def form(values: Sequence[float]) -> sp.Expr | None:
        return product_of_powers(values, letters, points, region)

    weights = {i: w for i in found[0] if (w := form([f[i] for f in found])) is not None}
    missing = [i for i in found[0] if i not in weights]
    if not missing:
        return Combination(goal, weights, [])
    unknown = {i: sp.Dummy(f"w{i}") for i in missing}
    rows = left_rows(goal, {**weights, **unknown})
    told = solved(rows[len(goal.products) :], unknown)
    if told is None:
        vectors = kernel([s.kernel(f) for s, f in zip(samples, found, strict=True)], form)
        told = solved([*rows[len(goal.products) :], *times_vectors(goal, rows, vectors)], unknown)
    if told is not None:
        return Combination(goal, {**weights, **told}, [])

    shown = "; ".join(", ".join(f"{f[i]:.6g}" for f in found[:3]) for i in missing)
    simple = simple_ones(goal, region, points, list(found[0]), letters)
    if simple is not None:
        return Combination(goal, simple, [])
    return Failure(f"no closed form was found of multipliers that are, at some points, {shown}", beyond)


def _coefficients(goal: Goal) -> list[sp.Expr]:
    """Of products and values, and the sums that are written in the relations, as 1 - a m in (1 - a m)^2."""
    every = {x for row in goal.rows for x in row if x.free_symbols}
    written = {
        e
        for relation in (goal.conclusion, *goal.inequalities)
        for e in relation.atoms(sp.Add)
        if e.free_symbols and e.free_symbols <= set(goal.parameters)
    }
    return sorted(every | written, key=lambda x: (x.count_ops(), str(x)))
