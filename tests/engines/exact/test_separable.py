from fractions import Fraction as F

import pytest
import sympy as sp

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact import PiecewiseQuadratic, RationalQuadratic, SeparableSum

parts = (PiecewiseQuadratic((1, 4), (0,), slope=1), PiecewiseQuadratic.quadratic(2, 1))
energy = SeparableSum(parts)


def test_value_gradient_and_constants():
    assert (energy.dim, energy.mu, energy.L) == (2, 1, 4)
    assert energy.value((1, 3)) == parts[0].value(1) + 4
    assert energy.gradient((1, 3)) == (5, 4)
    h1, h2 = sp.symbols("h1 h2", real=True)
    assert energy.symbolic((h1, h2)).subs({h1: 1, h2: 3}) == sp.Rational(energy.value((1, 3)))


def test_quadratic_parts_agree_with_the_quadratic():
    separable = SeparableSum((PiecewiseQuadratic.quadratic(3), PiecewiseQuadratic.quadratic(5)))
    dense = RationalQuadratic(((3, 0), (0, 5)))
    assert separable.equilibrium((1, 2), F(1, 2)) == dense.equilibrium((1, 2), F(1, 2))
    assert separable.descent((1, 2), F(1, 2), F(1, 7), 5) == dense.descent((1, 2), F(1, 2), F(1, 7), 5)


def test_the_equilibrium_is_stationary():
    star = energy.equilibrium((2, -1), 2)
    assert all(x + (a - f) / 2 == 0 for x, a, f in zip(energy.gradient(star), star, (2, -1), strict=True))


def test_text_and_bad_input():
    assert str(energy).endswith("in h_2: (h - 1)^2")
    with pytest.raises(UsageError, match="at least one"):
        SeparableSum(())
    with pytest.raises(UsageError, match="2 entries"):
        energy.value((1,))
