from fractions import Fraction

import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.parametric_factor import conditions, rate_at, square_of

q, t = sp.symbols("q t", positive=True)
REGION = Region((q, t), [q < 1])


def test_the_square_of_a_root_is_rational():
    assert sp.simplify(square_of(sp.sqrt(1 - q)) - (1 - q)) == 0
    assert sp.simplify(square_of((1 - q) * sp.sqrt(1 + q) / sp.sqrt(t)) - (1 - q) ** 2 * (1 + q) / t) == 0
    for bad in (sp.sqrt(q) + 1, (1 - q) ** sp.Rational(1, 3), sp.exp(q)):
        with pytest.raises(UsageError, match="rational"):
            square_of(bad)


def test_a_root_is_rounded_upwards_and_a_fraction_is_not_rounded():
    point = {q: Fraction(1, 2), t: Fraction(1)}
    assert rate_at(1 - q, point, REGION) == Fraction(1, 2)
    root = rate_at(sp.sqrt(1 - q), point, REGION)
    assert Fraction(1, 2) < root**2 < Fraction(1, 2) + Fraction(1, 2**50)
    assert rate_at(-sp.sqrt(1 - q), point, REGION) < 0
    with pytest.raises(UsageError, match="real"):
        rate_at(sp.sqrt(q - 1), point, REGION)


def test_what_makes_a_rate_a_number_that_is_not_negative():
    assert sp.Ge(1 - q, 0) in conditions(sp.sqrt(1 - q))
    asked = conditions((1 - 2 * q) * sp.sqrt(1 - q) / sp.sqrt(t - q))
    assert {sp.Ge(1 - 2 * q, 0), sp.Ge(1 - q, 0), sp.Ge(t - q, 0), sp.Ne(t - q, 0)} <= set(asked)
