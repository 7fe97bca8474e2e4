import re
from fractions import Fraction as F

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact import PiecewiseQuadratic
from eqt_theory.engines.exact.draw import piecewise_quadratics, rationals

h = sp.Symbol("h", real=True)
energies = piecewise_quadratics(-3, 5)


def exact(x: F) -> sp.Rational:
    return sp.Rational(x.numerator, x.denominator)


@settings(max_examples=60, deadline=None)
@given(energies, rationals(-4, 4))
def test_value_and_derivatives_agree_with_sympy(energy, at):
    twin = energy.symbolic(h)
    assert twin.subs(h, exact(at)) == exact(energy.value(at))
    room = min((abs(b - at) for b in energy.breaks if b != at), default=F(1)) / 2
    if at not in energy.breaks:
        assert energy.derivative(at) == (energy.value(at + room) - energy.value(at - room)) / (2 * room)
        assert energy.curvature_at(at) == (energy.derivative(at + room) - energy.derivative(at)) / room


@settings(max_examples=60, deadline=None)
@given(energies, rationals(-4, 4), rationals(-4, 4))
def test_the_slope_changes_by_mu_to_L_times_the_distance(energy, a, b):
    if a != b:
        ratio = (energy.derivative(a) - energy.derivative(b)) / (a - b)
        assert energy.mu <= ratio <= energy.L


@settings(max_examples=100, deadline=None)
@given(energies, st.lists(rationals(-6, 6), min_size=5, max_size=5))
def test_minimisers_are_stationary_and_below_every_sample(energy, samples):
    try:
        found = energy.minimisers()
    except UsageError:
        assert 0 in (energy.curvatures[0], energy.curvatures[-1])
        return
    if found:
        assert all(energy.derivative(x) == 0 for x in found)
        assert all(energy.value(found[0]) <= energy.value(x) for x in samples)
    else:
        assert min(energy.curvatures[0], energy.curvatures[-1]) <= 0
        lowest = min(energy.value(x) for x in samples)
        assert min(energy.value(10**6), energy.value(-(10**6))) < lowest


def test_two_minimisers_of_a_double_well():
    well = PiecewiseQuadratic((1, -1, 1), (-1, 1))
    assert well.minimisers() == [-2, 2] and well.stationary_points() == [-2, 0, 2]


def test_a_flat_minimum_without_an_end_is_named():
    ramp = PiecewiseQuadratic((0, 1), (0,))
    with pytest.raises(UsageError, match="unbounded stretch"):
        ramp.minimisers()
    assert PiecewiseQuadratic((1, 0, 1), (0, 2)).minimisers() == [0, 2]
    assert PiecewiseQuadratic((0, 1), (0,), slope=1).minimisers() == []


def test_adding_a_parabola():
    energy = PiecewiseQuadratic((2, -1), (1,), slope=3)
    raised = energy.plus(4, F(1, 2))
    for at in (F(-2), F(1, 3), F(5)):
        assert raised.value(at) == energy.value(at) + 2 * (at - F(1, 2)) ** 2
    assert (raised.mu, raised.L) == (3, 6)


@pytest.mark.parametrize(
    "energy, text",
    [
        (PiecewiseQuadratic((1,)), "h^2/2"),
        (PiecewiseQuadratic.quadratic(10, 1), "5 (h - 1)^2"),
        (PiecewiseQuadratic((F(1, 3),), level=F(2, 3)), "h^2/6 + 2/3"),
        (PiecewiseQuadratic((2,), slope=4), "(h + 2)^2 - 4"),
        (PiecewiseQuadratic((-2,)), "-h^2"),
        (PiecewiseQuadratic((0,), slope=-2, level=1), "-2 h + 1"),
        (PiecewiseQuadratic((0,)), "0"),
        (PiecewiseQuadratic((1, 3), (2,)), "e'' = (1, 3) with breaks at (2), e'(0) = 0, e(0) = 0"),
    ],
)
def test_text(energy, text):
    assert str(energy) == text
    if not energy.breaks:
        readable = re.sub(r"(\d) (?=[h(])", r"\1*", text.replace("^", "**"))
        assert sp.expand(sp.sympify(readable, locals={"h": h}) - energy.symbolic(h)) == 0


@pytest.mark.parametrize(
    "curvatures, breaks, message", [((1, 2), (), "one entry more"), ((1, 2, 3), (2, 1), "breaks must increase")]
)
def test_bad_input(curvatures, breaks, message):
    with pytest.raises(UsageError, match=message):
        PiecewiseQuadratic(curvatures, breaks)
