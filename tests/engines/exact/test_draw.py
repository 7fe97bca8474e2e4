from fractions import Fraction as F

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact import PiecewiseQuadratic
from eqt_theory.engines.exact.draw import (
    gammas,
    piecewise_quadratics,
    rational_quadratics,
    rationals,
    separable_sums,
    shares,
    step_sizes,
)

quiet = settings(database=None, max_examples=500, derandomize=True)


@given(st.fractions(-5, 5), st.fractions(0, 3), st.data())
def test_rationals_stay_in_their_range(low, width, data):
    assert low <= data.draw(rationals(low, low + width)) <= low + width


@given(piecewise_quadratics(F(-1, 2), 7, pieces=3), separable_sums(1, 2), step_sizes(3), shares(open_high=False))
def test_drawn_cases_are_of_their_class(energy, separable, alpha, share):
    assert F(-1, 2) <= energy.mu <= energy.L <= 7 and len(energy.curvatures) <= 3
    assert 1 <= separable.mu <= separable.L <= 2
    assert 0 < alpha < 3 and 0 < share <= 1


@settings(max_examples=50, deadline=None)
@given(rational_quadratics(F(1, 2), 3, dim=3))
def test_drawn_quadratics_have_their_spectrum_in_the_range(quadratic):
    assert quadratic.curvature_in(F(1, 2), 3)


def test_cases_shrink_to_what_one_can_read():
    assert find(piecewise_quadratics(), lambda e: True, settings=quiet) == PiecewiseQuadratic((F(1),))
    assert find(gammas(), lambda g: True, settings=quiet) == 1
    assert find(step_sizes(2), lambda a: True, settings=quiet) == 1
    assert find(rationals(-3, 3), lambda x: x > F(1, 4), settings=quiet) == 1
    energy = find(piecewise_quadratics(), lambda e: len(e.curvatures) > 1, settings=quiet)
    assert len(energy.breaks) == 1 and energy.breaks[0].denominator == 1


def test_an_empty_range_is_refused():
    with pytest.raises(UsageError, match="low must not exceed high"):
        rationals(2, 1)
