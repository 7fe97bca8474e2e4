from fractions import Fraction as F

from hypothesis import given, settings

from eqt_theory.engines.exact import PiecewiseQuadratic, Twin, descent
from eqt_theory.engines.exact.draw import gammas, piecewise_quadratics, rationals


@settings(max_examples=40, deadline=None)
@given(piecewise_quadratics(-2, 5), rationals(-3, 3), gammas(), rationals(-5, 5))
def test_agrees_with_the_arithmetic_it_does_not_share(energy, f, gamma, h):
    twin, phi = Twin(energy, f, gamma), energy.plus(1 / gamma, f)
    assert twin.value(h) == phi.value(h)
    assert twin.slope(h) == phi.derivative(h)


def test_by_hand():
    twin = Twin(PiecewiseQuadratic.quadratic(1), F(2), F(1))
    assert (twin.value(F(1)), twin.slope(F(2))) == (1, 2)
    assert twin.descent(F(1, 4), 2) == [2, F(3, 2), F(5, 4)]
    assert twin.descent(F(1, 2), 1, start=F(4)) == [4, 1]


def test_trajectories_agree():
    energy = PiecewiseQuadratic((F(1), F(3)), (F(1, 2),))
    assert Twin(energy, F(2), F(2)).descent(F(1, 5), 5) == descent(energy, 2, 2, F(1, 5), 5)
