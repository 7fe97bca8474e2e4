from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval.boxes import Domain, halves

x, y = sp.symbols("x y")


def test_rational_ends_are_exact_and_others_rounded_both_ways():
    domain = Domain.of({x: (Fraction(1, 3), 1), y: (0, sp.sqrt(2))})
    assert domain.outer[0] == domain.inner[0] == (Fraction(1, 3), 1)
    assert domain.inner[1][1] ** 2 < 2 < domain.outer[1][1] ** 2


def test_a_middle_outside_the_domain_is_none():
    domain = Domain.of({y: (0, sp.sqrt(2))})
    end = domain.outer[0][1]
    assert domain.center(((end, end),)) is None
    assert domain.center(((Fraction(0), Fraction(1)),)) == {y: Fraction(1, 2)}


def test_the_widest_side_is_cut():
    sides = ((Fraction(0), Fraction(1)), (Fraction(0), Fraction(3)))
    parts = halves(sides, Fraction(1, 8))
    assert parts is not None
    first, second = parts
    assert first == (sides[0], (0, Fraction(3, 2))) and second == (sides[0], (Fraction(3, 2), 3))
    assert halves(sides, Fraction(3)) is None


def test_an_empty_range_is_refused():
    with pytest.raises(UsageError, match="range of x must not be empty"):
        Domain.of({x: (2, 1)})
