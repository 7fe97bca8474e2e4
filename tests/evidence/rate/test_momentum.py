"""Potentials for momentum methods: what is found is sound, and a broken one is turned down."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

import eqt_theory as eqt
from eqt_theory import FunctionClass, Verdict
from eqt_theory.evidence.rate.certify_class import certify_rate, recurrence
from eqt_theory.evidence.rate.momentum import Momentum, best_rate, find_potential, holds

SMALL = Momentum(Fraction(99, 100), Fraction(1, 20), Fraction(1, 10), False)
AHEAD = Momentum(Fraction(3, 4), Fraction(2, 5), Fraction(1, 20), True)


def function(rng, m):
    """Gradient and value of a random convex function of two variables, curvature between m and 1, minimum 0 at 0."""
    a, t = rng.normal(size=(3, 2)), rng.uniform(0.1, 3, size=3)
    a *= np.sqrt((1 - m) / np.linalg.norm(a.T @ a, 2))

    def value(x):
        huber = np.where(np.abs(a @ x) < t, (a @ x) ** 2 / 2, t * np.abs(a @ x) - t**2 / 2)
        return m * x @ x / 2 + huber.sum()

    return value, lambda x: m * x + a.T @ np.clip(a @ x, -t, t)


@pytest.mark.parametrize("method", [SMALL, AHEAD])
def test_the_potential_shrinks_on_functions_that_are_not_quadratic(method):
    rate, found = best_rate(method, Fraction(0))
    assert 0 < rate < 1 and holds(method, rate, found)
    alpha, beta, m = float(method.alpha), float(method.beta), float(method.m)
    p, q, r, c = map(float, (*found.P, found.c))
    rng = np.random.default_rng(0)
    tightest = 0.0
    for _ in range(300):
        value, gradient = function(rng, m)
        x, back = rng.normal(size=(2, 2)) * rng.choice([0.3, 3.0])

        def potential(x, back, value=value):
            return p * x @ x + 2 * q * x @ back + r * back @ back + c * value(x)

        y = x + beta * (x - back) if method.extrapolates else x
        new = x + beta * (x - back) - alpha * gradient(y)
        assert potential(x, back) > 0
        quotient = potential(new, x) / potential(x, back)
        assert quotient <= float(rate) ** 2 * (1 + 1e-9)
        tightest = max(tightest, quotient)
    assert tightest > 0.5 * float(rate) ** 2  # the bound is used


def test_broken_potentials_and_rates_are_turned_down():
    rate, found = best_rate(SMALL, Fraction(0))
    assert not holds(SMALL, rate * Fraction(9, 10), found)
    assert not holds(SMALL, rate, replace(found, sector=Fraction(0)))
    assert not holds(SMALL, rate, replace(found, sector=-found.sector))
    assert not holds(SMALL, rate, replace(found, P=tuple(-x for x in found.P)))
    assert not holds(SMALL, Fraction(2), found)  # the weights would change sign
    assert not holds(replace(SMALL, alpha=Fraction(21, 10)), rate, found)
    assert not holds(replace(SMALL, m=SMALL.m / 2), rate, found)


def test_no_rate_below_the_slowest_quadratic_is_found():
    for method in (SMALL, AHEAD):
        rate, _ = best_rate(method, Fraction(0))
        rule = eqt.Nesterov if method.extrapolates else eqt.HeavyBall
        solver = rule(float(method.alpha), float(method.beta))
        for eigenvalue in (method.m, Fraction(1)):
            assert recurrence(solver, eigenvalue).within(rate * (1 + Fraction(1, 10**12)))


def test_without_momentum_the_rate_is_nearly_that_of_gradient_descent():
    rate, _ = best_rate(Momentum(Fraction(1), Fraction(0), Fraction(1, 10), False), Fraction(0))
    assert Fraction(9, 10) <= rate < Fraction(9, 10) + Fraction(1, 10**5)


def test_the_heavy_ball_that_cycles_is_certified_for_nothing():
    """Step size 1/9 and momentum 4/9 for m = 1, M = 25: on some function it cycles for ever (Lessard et al. 2016)."""
    cycles = Momentum(Fraction(25, 9), Fraction(4, 9), Fraction(1, 25), False)
    assert best_rate(cycles, Fraction(0)) is None
    assert find_potential(cycles, Fraction(1)) is None
    found = certify_rate(eqt.HeavyBall(1 / 9, 4 / 9), 1, 25, on=FunctionClass.STRONGLY_CONVEX)
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("beta", [1e-4, 0.01, 0.3])
def test_the_heavy_ball_has_a_certified_rate_on_all_strongly_convex_functions(beta):
    solver = eqt.HeavyBall(0.05, beta)
    best = certify_rate(solver, 1.1, 10.1, on=FunctionClass.STRONGLY_CONVEX)
    assert best.verdict is Verdict.CERTIFIED and "checked in fractions" in best.detail
    rate = best.enclosures["rate"]
    assert rate < 1 - Fraction(0.05) * Fraction(1.1) + Fraction(1, 10**5)  # momentum helps, or hardly harms
    again = certify_rate(solver, 1.1, 10.1, rate + Fraction(1, 10**5), on=FunctionClass.STRONGLY_CONVEX)
    assert again.verdict is Verdict.CERTIFIED
    slower = certify_rate(solver, 1.1, 10.1, 0.5, on=FunctionClass.STRONGLY_CONVEX)
    assert slower.verdict is Verdict.REFUTED


def test_nesterov_off_the_closed_form_is_certified_too():
    m, M = 1.1, 10.1
    beyond = eqt.Nesterov(1.05 / M, 0.5)
    found = certify_rate(beyond, m, M, 0.95)
    assert found.verdict is Verdict.CERTIFIED and "sector multiplier" in found.enclosures
    better = certify_rate(eqt.Nesterov.optimal(m, M), m, M, 0.8)  # the closed form shows 0.8185
    assert better.verdict is Verdict.CERTIFIED
    open_ = certify_rate(eqt.Nesterov.optimal(m, M), m, M, 0.7)
    assert open_.verdict is Verdict.INCONCLUSIVE and "no other was found" in open_.detail
