"""Multiples of polynomials that add up to 0, exact: the equations solved, and the multiples of each fact summed up."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import flint

from eqt_theory.engines.certificate.terms import Poly, rational
from eqt_theory.engines.certificate.tree import Ref
from eqt_theory.engines.certificate.work import Work

Line = tuple[int, list[tuple[int, Fraction]], Fraction]
"""An unknown, others with factors, and a value, which the unknown is but for those others times their factors."""


def solved(polys: Sequence[Poly], strict: Sequence[int], work: Work) -> tuple[list[Line], list[int]] | None:
    """The equations that multiples of polynomials add up to 0, and those of the strict ones to 1.

    Args:
        polys: what is multiplied.
        strict: some of them, by index.
        work: what may be spent.

    Returns:
        Some of the multiples, solved for, and which stay open, any numbers; None where there are no such multiples.

    Raises:
        Exhausted: the work is used up.
    """
    rows: dict[tuple[int, ...], int] = {}
    entries = [(rows.setdefault(m, len(rows)), k, c) for k, p in enumerate(polys) for m, c in p.terms()]
    work.spend(len(polys) ** 2 * (1 + len(rows) // 10))
    n = len(polys)
    matrix = flint.fmpq_mat(len(rows) + 1, n + 1)
    for i, k, c in entries:
        matrix[i, k] = c
    for k in [*strict, n]:
        matrix[len(rows), k] = 1
    reduced, rank = matrix.rref()
    pivots = [next(k for k in range(n + 1) if reduced[i, k] != 0) for i in range(rank)]
    if n in pivots:
        return None
    open_ = [k for k in range(n) if k not in set(pivots)]
    lines = [
        (p, [(k, rational(reduced[i, k])) for k in open_ if reduced[i, k] != 0], rational(reduced[i, n]))
        for i, p in enumerate(pivots)
    ]
    return lines, open_


def summed(parts: Iterable[tuple[Ref, Poly, Fraction]]) -> tuple[tuple[Ref, Poly], ...]:
    """What each fact is multiplied with: the sum of its polynomials, each times a number."""
    sums: dict[Ref, Poly] = {}
    for ref, p, c in parts:
        if c:
            term = p * flint.fmpq(c.numerator, c.denominator)
            sums[ref] = sums[ref] + term if ref in sums else term
    return tuple(sums.items())
