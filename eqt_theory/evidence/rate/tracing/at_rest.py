"""The matrices of a recurrence from what the steps of a solver gave, once its fixed point is seen to be h*."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar

from eqt_theory.evidence.rate.realisation import Matrix, Recurrence
from eqt_theory.evidence.rate.tracing.carried import Rows, gradients_as_queries
from eqt_theory.evidence.rate.tracing.tape import Refused, Row

Made = TypeVar("Made", bound=Recurrence)

_ROUNDING = Fraction(1, 2**44)
"""How far off a sum of coefficients may be, where rounded numbers were combined before they met a state."""


def at_rest(raw: Rows) -> Recurrence:
    """The matrices, once it is shown that h* is a fixed point.

    Args:
        raw: rows of coefficients, as a solver's steps gave them.

    Returns:
        The recurrence; `mended` says by how much a coefficient was changed to let h* be fixed in exact numbers.

    Raises:
        Refused: h* is no fixed point, or no gradient is asked for.
    """
    raw = gradients_as_queries(raw)
    off = max((abs(row.get("f", Fraction(0))) for row in _rows(raw)), default=Fraction(0))
    made = matrices(raw, Recurrence, off <= _ROUNDING)
    rest = [row[0] for row in made.start]
    mends = [mend(row, rest, want) for row, want in zip(made.A, rest, strict=True)]
    mends += [mend(row, rest, Fraction(1)) for row in [*made.C, *made.H]]
    mends += [mend(row, [Fraction(1)] + [Fraction(0)] * (len(row) - 1), Fraction(1)) for row in made.opening]
    return replace(made, mended=max([off, *mends, *_balance(made)]))


def _balance(made: Recurrence) -> Iterator[Fraction]:
    """Where h* minimises a sum, its gradients cancel there: what a few roundings leave of them is taken away.

    `g / M` and a proximal step of length 1 / M are such two, as 1 / M is rounded. What is off by more stays as it is.
    """
    signs = {"smooth": Fraction(1), "convex": Fraction(-1)}
    asked, before = ([signs[kind] for kind in kinds] for kinds in (made.kinds, made.opened))
    if len({*asked, *before}) < 2:
        return
    rest = [_along(row[1:], before) for row in made.start]
    rows = [*zip(made.A, made.B, rest, strict=True), *zip(made.C, made.D, [Fraction(0)] * len(made.C), strict=True)]
    for states, gradients, want in rows:
        defect = want - _along(states, rest) - _along(gradients, asked)
        largest = max(range(len(gradients)), key=lambda k: abs(gradients[k]))
        if 0 < abs(defect) <= _ROUNDING * abs(gradients[largest]):
            gradients[largest] += defect * asked[largest]
            yield abs(defect)


def _along(row: list[Fraction], at: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(row, at, strict=True)), Fraction(0))


def matrices(raw: Rows, kind: type[Made], without: bool) -> Made:
    """Rows as matrices.

    Args:
        raw: the rows, gradients asked for when they are used.
        kind: Recurrence, or what extends it.
        without: whether the coefficients of the proposal f may be left out.

    Returns:
        The recurrence, whose rest at h* is still to be looked at.

    Raises:
        Refused: no gradient is asked for, or the proposal does not cancel.
    """
    states = [f"x{i}" for i in range(len(raw.steps))]
    gradients = [q.name for q in raw.queries]
    if not gradients:
        raise Refused("a step asks for no gradient")
    opening = ["h0", *(q.name for q in raw.opening)]
    known = {*states, *gradients, *opening, *(["f"] if without else [])}
    if any(set(row) - known for row in _rows(raw)):
        raise Refused("the proposal f does not cancel, so h* is no fixed point of the step")

    def table(rows: Any, columns: list[str]) -> Matrix:
        return [[row.get(c, Fraction(0)) for c in columns] for row in rows]

    points = [q.point for q in raw.queries]
    return kind(
        A=table(raw.steps, states),
        B=table(raw.steps, gradients),
        C=table(points, states),
        D=table(points, gradients),
        H=table([raw.h], states),
        start=table(raw.start, opening),
        opening=table([q.point for q in raw.opening], opening),
        kinds=tuple(q.kind for q in raw.queries),
        opened=tuple(q.kind for q in raw.opening),
        skipped=raw.skipped,
        period=raw.period,
    )


def _rows(raw: Rows) -> list[Row]:
    return [*raw.steps, *(q.point for q in raw.queries), *raw.start, *(q.point for q in raw.opening), raw.h]


def mend(row: list[Fraction], rest: list[Fraction], want: Fraction) -> Fraction:
    """Where row . rest misses `want` by a few roundings, change the largest coefficient.

    Returns:
        By how much it was changed.

    Raises:
        Refused: it misses it by more.
    """
    defect = want - sum((a * b for a, b in zip(row, rest, strict=True)), Fraction(0))
    if not defect:
        return defect
    k = max(range(len(rest)), key=lambda k: abs(row[k]) if rest[k] else Fraction(-1))
    if not rest[k] or abs(defect) > _ROUNDING:
        raise Refused("h* is no fixed point of the step: with zero gradients the states do not stay there")
    row[k] += defect / rest[k]
    return abs(defect / rest[k])
