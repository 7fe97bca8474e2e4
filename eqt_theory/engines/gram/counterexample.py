"""Inner products and function values at which inequalities hold and a conclusion does not, found at numbers.

They are looked for well inside of the inequalities, where rounding changes nothing. Whether there are vectors and a
function with these numbers is for `realise` to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp

from eqt_theory.engines.certificate.rounding import diagonal
from eqt_theory.engines.gram.goal import Goal
from eqt_theory.engines.gram.sample import Sample
from eqt_theory.engines.sdp import minimise, packed, unpacked

_LEAST = 1e-7
_LARGEST = 16.0
_TOLERANCE = 1e-10
_PARTS = (16, 2)
_FLAT = 1e-4
"""Relative to the largest, which dimensions are left out."""
_BITS = (0, 1, 2, 4, 7, 11, 16, 24, 34, 44)

Form = list[list[Fraction]]


def counterexample(goal: Goal, sample: Sample) -> dict[sp.Symbol, sp.Rational] | None:
    """Where a goal fails at the numbers of a sample.

    Args:
        goal: the conclusion and the inequalities.
        sample: its numbers.

    Returns:
        Values of the inner products and function values, exact; None where none were found.
    """
    equal = _equations(sample.numbers.forms, sample.numbers.values)
    inside = _inside(sample, equal, None)
    if inside is None:
        return None
    flat = [(_inside(sample, equal, inside.margin / part), True) for part in _PARTS]
    for near, low in (*flat, (inside, False)):
        found = None if near is None else _rounded(sample, equal, near, low)
        if found is not None:
            gram, values = found
            symbols = dict(zip(goal.unknowns[len(goal.products) :], map(_rational, values), strict=True))
            for i, row in enumerate(gram):
                symbols |= {goal.space.gram[i, j]: _rational(row[j]) for j in range(i + 1)}
            return symbols
    return None


def _equations(forms: Form, values: Form) -> list[int]:
    """The inequalities, counted from 1, whose opposites are among them."""
    rows = [(*form, *value) for form, value in zip(forms, values, strict=True)]
    opposite = {tuple(-x for x in row) for row in rows[1:]}
    return [i for i, row in enumerate(rows) if i and row in opposite]


@dataclass(frozen=True)
class _Near:
    """A Gram matrix, scaled, function values, and how far inside of everything they are; floats."""

    gram: np.ndarray
    values: np.ndarray
    margin: float


def _inside(sample: Sample, equal: Sequence[int], margin: float | None) -> _Near | None:
    """As far inside as can be; or with that margin in as few dimensions as the least trace leaves."""
    S, values, _ = sample.scaled
    n, count = sample.size, values.shape[1] - 1
    forms, heights, constants = packed(S), values[:, :-1], values[:, -1]
    open_ = [i for i in range(1, len(S)) if i not in equal]
    size, unit = forms.shape[1], packed(np.eye(n))

    def rows(form: np.ndarray, height: np.ndarray, last: float) -> np.ndarray:
        return np.hstack([form, height, np.full((len(form), 1), last)])

    ends = np.vstack([np.eye(count), -np.eye(count)])
    below = [
        rows(-forms[open_], -heights[open_], 1.0),
        rows(forms[:1], heights[:1], 1.0),
        rows(unit[None, :], np.zeros((1, count)), 0.0),
        rows(np.zeros((2 * count, size)), ends, 0.0),
    ]
    bounds = np.concatenate([constants[open_], -constants[:1], np.full(1 + 2 * count, _LARGEST)])
    fixed, right = rows(forms[list(equal)], heights[list(equal)], 0.0), -constants[list(equal)]
    cone, cost = np.hstack([-np.eye(size), np.zeros((size, count)), unit[:, None]]), np.eye(size + count + 1)[-1]
    if margin is None:
        cost = -cost
    else:
        fixed, right = np.vstack([fixed, cost]), np.append(right, margin)
        cone[:, -1], cost[:size], cost[-1] = 0, unit, 0
    answer = minimise(
        cost, (fixed, right), (np.vstack(below), bounds), [(cone, np.zeros(size), n)], tolerance=_TOLERANCE
    )
    if not answer.usable or "olved" not in answer.status or answer.x[-1] < _LEAST:
        return None
    trace = float(unit @ answer.x[:size])
    grown = _LARGEST / max(trace, float(np.abs(answer.x[size:]).max())) if not constants.any() else 1.0
    found = grown * answer.x
    return _Near(unpacked(found[:size], n), found[size:-1], float(answer.x[-1]))


def _rounded(sample: Sample, equal: Sequence[int], near: _Near, low: bool) -> tuple[Form, list[Fraction]] | None:
    """The simplest fractions near by at which the conclusion fails and all else holds."""
    return next((found for bits in _BITS if (found := _at(sample, equal, near, low, bits)) is not None), None)


def _at(sample: Sample, equal: Sequence[int], near: _Near, low: bool, bits: int) -> tuple[Form, list[Fraction]] | None:
    """Fractions of so many bits; of few dimensions, by coordinates."""
    numbers = sample.numbers
    lengths = [Fraction(float(x)) for x in sample.lengths]
    if low:
        coordinates = [[_near(float(x), bits) for x in row] for row in _coordinates(near.gram)]
        scaled = [[sum(a * b for a, b in zip(u, v, strict=True)) for v in coordinates] for u in coordinates]
    else:
        scaled = [[_near(float(x), bits) for x in row] for row in near.gram]
    gram = [[x / a / b for x, b in zip(row, lengths, strict=True)] for row, a in zip(scaled, lengths, strict=True)]
    rows = [(*form, *value) for form, value in zip(numbers.forms, numbers.values, strict=True)]
    at = [*(gram[i][j] for i, j in numbers.pairs), *(_near(float(x), bits) for x in near.values), Fraction(1)]
    at = _on([rows[i] for i in equal], at)
    for (i, j), x in zip(numbers.pairs, at, strict=False):
        gram[i][j] = gram[j][i] = x
    left = [sum(a * x for a, x in zip(row, at, strict=True)) for row in rows]
    fails = left[0] < 0 and min(left[1:], default=0) >= 0 and diagonal(gram) is not None
    return (gram, at[len(numbers.pairs) : -1]) if fails else None


def _coordinates(gram: np.ndarray) -> np.ndarray:
    """Vectors with nearly this Gram matrix, one a row, in a basis in which many coordinates are 0."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _FLAT * values[-1]
    return np.linalg.qr((vectors[:, kept] * np.sqrt(values[kept])).T)[1].T


def _on(equations: Sequence[Sequence[Fraction]], at: list[Fraction]) -> list[Fraction]:
    """The point moved as little as can be so that the equations hold; as it is where it cannot."""
    if not equations:
        return at
    every = sp.Matrix([[_rational(x) for x in row] for row in equations])
    every = every.extract(list(every.T.rref()[1]), list(range(every.cols)))  # those that do not follow from others
    off, E = every * sp.Matrix([_rational(x) for x in at]), every[:, :-1]
    if (E * E.T).det() == 0:
        return at
    change = E.T * (E * E.T).LUsolve(off)
    return [*(x - Fraction(int(c.p), int(c.q)) for x, c in zip(at, change, strict=False)), Fraction(1)]


def _near(x: float, bits: int) -> Fraction:
    return Fraction(round(x * 2**bits), 2**bits)


def _rational(x: Fraction) -> sp.Rational:
    return sp.Rational(x.numerator, x.denominator)
