"""Ranks and semidefinite matrices in whole numbers, against elimination in fractions."""

import random
from fractions import Fraction

import pytest

from eqt_theory.kernel.matrix import rank, semidefinite, times, unit


def slowly(S):
    """The rank by elimination in fractions; -1 where some pivot is negative, or zero beside another entry."""
    S = [list(row) for row in S]
    found = 0
    for k in range(len(S)):
        if S[k][k] < 0 or (S[k][k] == 0 and any(S[k][k:])):
            return -1
        if S[k][k]:
            found += 1
            for i in range(k + 1, len(S)):
                factor = S[i][k] / S[k][k]
                S[i] = [a - factor * b for a, b in zip(S[i], S[k], strict=True)]
    return found


def gram(draw, n, d, bits):
    rows = [[Fraction(draw.randint(-(2**bits), 2**bits), draw.randint(1, 2**bits)) for _ in range(d)] for _ in range(n)]
    return times(rows, [list(column) for column in zip(*rows, strict=True)], n)


@pytest.mark.parametrize("seed", range(60))
def test_as_elimination_in_fractions(seed):
    draw = random.Random(seed)
    n = draw.randint(1, 7)
    S = gram(draw, n, draw.randint(1, n), draw.choice([2, 30, 90]))
    assert rank(S) == slowly(S) >= 0 and semidefinite(S)
    i, size = draw.randrange(n), sum(S[k][k] for k in range(n))
    for less in (Fraction(1), Fraction(1, 2**60), Fraction(1, 2**200)):
        T = [list(row) for row in S]
        T[i][i] -= less * size
        assert semidefinite(T) == (slowly(T) >= 0) and rank(T) == slowly(T)


def test_what_is_lost_in_rounding_is_made_up_for():
    # A negative eigenvalue far below the grid, one on it, and the same in a matrix with no trace to speak of.
    for small in (Fraction(1, 2**127), Fraction(1, 2**128), Fraction(1, 2**500)):
        assert not semidefinite([[Fraction(1), Fraction(0)], [Fraction(0), -small]])
        assert not semidefinite([[Fraction(1), 1 + small], [1 + small, Fraction(1)]])
        assert semidefinite([[Fraction(1), 1 - small], [1 - small, Fraction(1)]])
    assert not semidefinite([[Fraction(1), Fraction(0)], [Fraction(0), Fraction(-1)]])
    assert not semidefinite([[Fraction(0), Fraction(1)], [Fraction(1), Fraction(0)]])
    assert semidefinite([[Fraction(0)]]) and semidefinite([]) and not semidefinite([[Fraction(-1)]])
    assert semidefinite(unit(5))
