from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory import UsageError
from eqt_theory.engines.gram import Averaged, Cocoercive, Convex, Lipschitz, Monotone
from eqt_theory.operators.classes import known


def test_constants_are_read_exactly():
    found = known(Monotone(1), Lipschitz(sp.Rational(7, 3)), Lipschitz(0.5), Cocoercive(Fraction(1, 3)), Averaged(0.25))
    assert (found.monotone, found.lipschitz) == (1, Fraction(1, 2))
    assert (found.cocoercive, found.averaged) == (Fraction(1, 3), Fraction(1, 4))
    assert known(Lipschitz(1)).nonexpansive and known(Averaged(0.5)).nonexpansive
    assert not known(Lipschitz(1.001)).nonexpansive and not known(Monotone(1)).nonexpansive


@pytest.mark.parametrize("one", [Convex(0), "x", 3, Lipschitz(sp.Symbol("L")), Lipschitz(0), Averaged(sp.Symbol("t"))])
def test_what_is_no_class_with_numbers(one):
    with pytest.raises(UsageError):
        known(one)
