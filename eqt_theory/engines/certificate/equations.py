"""Multiples of polynomials that add up to 0, exact: the equations solved, and the multiples of each fact summed up."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

import flint

from eqt_theory.engines.certificate.terms import Poly, rational
from eqt_theory.engines.certificate.tree import Ref
from eqt_theory.engines.certificate.work import Work

_PRIME = 2**61 - 1
"""Modulo this prime one sees which unknowns follow from which equations; whether it was so is checked exactly."""


@dataclass(frozen=True)
class Solutions:
    """The solutions of linear equations: some unknowns are open, any numbers, and the others follow from them.

    Args:
        equations: a row each, with its right side as last entry.
        rows: the equations that the unknowns follow from, which are independent.
        follow: the unknowns that follow, as many.
        open_: the others.
    """

    equations: flint.fmpq_mat
    rows: Sequence[int]
    follow: Sequence[int]
    open_: Sequence[int]

    def at(self, numbers: Sequence[Fraction]) -> list[Fraction] | None:
        """All unknowns, where these are the open ones; None where some equation is not met then."""
        n = self.equations.ncols() - 1
        known = flint.fmpq_mat(n + 1, 1)
        for k, x in zip(self.open_, numbers, strict=True):
            known[k, 0] = flint.fmpq(x.numerator, x.denominator)
        known[n, 0] = -1
        left = self.equations * known
        matrix = flint.fmpq_mat([[self.equations[i, k] for k in self.follow] for i in self.rows])
        # One solution is found digit by digit, modulo powers of a prime; all of them at once take far longer.
        found = matrix.solve(flint.fmpq_mat([[-left[i, 0]] for i in self.rows]))
        for k, j in enumerate(self.follow):
            known[j, 0] = found[k, 0]
        if any((self.equations * known).entries()):
            return None
        return [rational(known[k, 0]) for k in range(n)]


def solved(polys: Sequence[Poly], strict: Sequence[int], work: Work) -> Solutions | None:
    """The equations that multiples of polynomials add up to 0, and those of the strict ones to 1.

    Args:
        polys: what is multiplied.
        strict: some of them, by index.
        work: what may be spent.

    Returns:
        The multiples, of which some may stay open; None where there are none.

    Raises:
        Exhausted: the work is used up.
    """
    rows: dict[tuple[int, ...], int] = {}
    entries = [(rows.setdefault(m, len(rows)), k, c) for k, p in enumerate(polys) for m, c in p.terms()]
    work.spend(len(polys) ** 2 * (1 + len(rows) // 10))
    n = len(polys)
    entries += [(len(rows), k, flint.fmpq(1)) for k in (*strict, n)]
    equations = flint.fmpq_mat(len(rows) + 1, n + 1)
    for i, k, c in entries:
        equations[i, k] = c
    scales = [1] * (len(rows) + 1)
    for i, _, c in entries:
        scales[i] = math.lcm(scales[i], int(c.q))
    small = [[0] * (n + 1) for _ in scales]
    for i, k, c in entries:
        small[i][k] = int(c.p) * (scales[i] // int(c.q)) % _PRIME
    follow = _pivots(small)
    if n in follow:
        return None
    independent = _pivots([list(column) for column in zip(*small, strict=True)][:n])
    return Solutions(equations, independent, follow, sorted(set(range(n)) - set(follow)))


def _pivots(matrix: list[list[int]]) -> list[int]:
    """The first columns that are independent of those before them, modulo the prime."""
    reduced, rank = flint.nmod_mat(len(matrix), len(matrix[0]), list(chain(*matrix)), _PRIME).rref()
    found: list[int] = []
    for i in range(rank):
        found.append(next(k for k in range(found[-1] + 1 if found else 0, len(matrix[0])) if reduced[i, k] != 0))
    return found


def summed(parts: Iterable[tuple[Ref, Poly, Fraction]]) -> tuple[tuple[Ref, Poly], ...]:
    """What each fact is multiplied with: the sum of its polynomials, each times a number."""
    sums: dict[Ref, Poly] = {}
    for ref, p, c in parts:
        if c:
            term = p * flint.fmpq(c.numerator, c.denominator)
            sums[ref] = sums[ref] + term if ref in sums else term
    return tuple(sums.items())
