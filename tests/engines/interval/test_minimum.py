from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from eqt_theory.engines.interval import certify, enclose_minimum

x, y = sp.symbols("x y", real=True)
p = 1 / (1 + sp.exp(-2 * x))
confidence = -p * sp.log(p) - (1 - p) * sp.log(1 - p) - sp.log(sp.Max(p, 1 - p))


@pytest.mark.parametrize(
    "expr, low, high, value, places",
    [
        ((x**2 - 1) ** 2, -2, 2, 0, [-1, 1]),
        (x**3 - 3 * x, -1, 3, -2, [1]),
        (x, Fraction(1, 3), 2, 1 / 3, [1 / 3]),
        (sp.Abs(x - sp.sqrt(2)), 0, 3, 0, [2**0.5]),
        (sp.Piecewise((1, x < 1), (x - 2, True)), 0, 3, -1, [1]),
        (confidence + x**2 / 2, -3, 3, 0.956484, [-0.789449, 0.789449]),
    ],
)
def test_the_least_value_and_every_minimiser(expr, low, high, value, places):
    least, found = enclose_minimum(expr, x, low, high)
    assert float(least.low) - 1e-6 <= value <= float(least.high) + 1e-6
    assert least.high - least.low < Fraction(1, 10**5)
    assert len(found) == len(places)
    assert all(float(f.low) - 1e-6 <= place <= float(f.high) + 1e-6 for f, place in zip(found, places, strict=True))
    grid = np.linspace(float(low), float(high), 101)[1:-1]
    assert all(float(least.low) <= float(expr.subs(x, v)) + 1e-12 for v in grid)


def test_the_value_is_reached_and_never_undercut():
    least, _ = enclose_minimum(x**4 - x, x, -1, 1)
    truth = -3 / (4 * sp.Rational(4) ** sp.Rational(1, 3))
    assert certify(sp.And(sp.Ge(truth, least.low), sp.Le(truth, least.high))) is True


def test_nothing_is_claimed_where_the_expression_may_be_undefined():
    least, _ = enclose_minimum(1 / x, x, -1, 1, max_boxes=200)
    assert not least.bounded and least.sign is None


def test_a_small_budget_is_sound():
    least, found = enclose_minimum((x - 1) ** 2 * sp.exp(x), x, -3, 3, max_boxes=5)
    assert least.low <= 0 <= least.high
    assert any(f.low <= 1 <= f.high for f in found)


def test_other_symbols_are_fixed():
    least, _ = enclose_minimum(x**2 + y, x, -1, 1, fixed={y: 3})
    assert least.low <= 3 <= least.high
