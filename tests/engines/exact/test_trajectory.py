from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given, settings

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.exact import PiecewiseQuadratic, descent, equilibria, equilibrium, proximal_descent
from eqt_theory.engines.exact.draw import gammas, piecewise_quadratics, rationals, step_sizes


@settings(max_examples=60, deadline=None)
@given(piecewise_quadratics(), rationals(-3, 3), gammas(), step_sizes(1))
def test_trajectories_contract_at_the_tight_rates(energy, f, gamma, share):
    g = 1 / gamma
    star = equilibrium(energy, f, gamma)
    assert energy.derivative(star) + g * (star - f) == 0
    alpha = share * 2 / (energy.L + g)
    rate = max(abs(1 - alpha * (energy.mu + g)), abs(1 - alpha * (energy.L + g)))
    path = descent(energy, f, gamma, alpha, 4)
    assert path[0] == f and len(path) == 5
    assert all(abs(b - star) <= rate * abs(a - star) for a, b in zip(path, path[1:], strict=False))
    alpha = share * 2 / energy.L
    rate = max(abs(1 - alpha * energy.mu), abs(1 - alpha * energy.L)) / (1 + alpha * g)
    path = proximal_descent(energy, f, gamma, alpha, 4)
    assert all(abs(b - star) <= rate * abs(a - star) for a, b in zip(path, path[1:], strict=False))


def test_the_equations_by_hand():
    energy = PiecewiseQuadratic.quadratic(1)
    assert descent(energy, 1, 1, F(3, 5), 2) == [1, F(2, 5), F(13, 25)]
    assert proximal_descent(energy, 1, 1, F(1, 2), 1) == [1, F(2, 3)]
    assert descent(energy, 0, 1, F(1, 2), 1, start=4) == [4, 0]


def test_against_floating_point():
    energy = PiecewiseQuadratic((1, 5, 2), (-1, 1), slope=1)
    h = 2.0
    for _ in range(30):
        slope = np.interp(h, [-101, -1, 1, 101], [-104, -4, 6, 206])
        h -= 0.1 * (slope + (h - 2) / 0.5)
    assert abs(float(descent(energy, 2, F(1, 2), F(1, 10), 30)[-1]) - h) < 1e-12


def test_several_equilibria_are_all_found():
    kink = PiecewiseQuadratic((1, -3, 1), (-1, 1))
    assert equilibria(kink, 0, 1) == [-2, 2]
    with pytest.raises(UsageError, match="one equilibrium"):
        equilibrium(kink, 0, 1)


def test_gamma_must_be_positive():
    with pytest.raises(UsageError, match="gamma must be positive, got 0"):
        descent(PiecewiseQuadratic.quadratic(1), 0, 0, 1, 1)
