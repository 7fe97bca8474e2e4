from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from eqt_theory.core.errors import UsageError
from eqt_theory.engines.interval import certify, certify_on

x, y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    "relation, ranges",
    [
        (sp.exp(x) >= 1 + x, {x: (-3, 3)}),
        (sp.sin(x) * sp.cos(y) < sp.Rational(101, 100), {x: (-3, 3), y: (-3, 3)}),
        (x**2 * y >= 0, {x: (0, Fraction(1, 3)), y: (0, 1)}),
        (sp.log(x) <= x - sp.Rational(99, 100), {x: (Fraction(1, 50), 20)}),
        (sp.Abs(x - 1) + sp.Max(x, y) > sp.Rational(49, 50), {x: (-2, 2), y: (-1, 1)}),
        (sp.And(x**2 < 5, x > -3), {x: (-2, 2)}),
        (sp.Piecewise((x**2, x <= 0), (2 * x, True)) > -sp.Rational(1, 100), {x: (-2, 2)}),
        (x < sp.sqrt(2) + sp.Rational(1, 10**9), {x: (0, sp.sqrt(2))}),
        (sp.sqrt(x) < 2, {x: (0, 3)}),
    ],
)
def test_what_holds_is_certified(relation, ranges):
    assert certify_on(relation, ranges).holds is True


@pytest.mark.parametrize(
    "relation, ranges",
    [
        (x**2 - x + sp.Rational(1, 5) > 0, {x: (-3, 3)}),
        (sp.sin(x) * sp.cos(y) < sp.Rational(99, 100), {x: (-3, 3), y: (-3, 3)}),
        (sp.Abs(x - 1) + sp.Max(x, y) > sp.Rational(51, 50), {x: (-2, 2), y: (-1, 1)}),
        (sp.And(x**2 < 5, x > -1), {x: (-2, 2)}),
        (x > 0, {x: (Fraction(-1, 3), Fraction(-1, 3))}),
    ],
)
def test_what_fails_is_refuted_at_an_exact_point_of_the_box(relation, ranges):
    found = certify_on(relation, ranges)
    assert found.holds is False and found.point is not None
    assert certify(relation, found.point) is False
    assert all(a <= found.point[s] <= b for s, (a, b) in ranges.items())


@pytest.mark.parametrize(
    "relation, ranges, reason",
    [
        ((x - sp.sqrt(2)) ** 2 * sp.exp(x) > 0, {x: (0, 2)}, "equal"),
        (1 / x > 0, {x: (-1, 0)}, None),
        (sp.sin(1 / x) <= 1, {x: (-1, 1)}, None),
        (x**2 + y**2 > sp.Rational(1, 10**12), {x: (-1, 1), y: (0, 1)}, None),
    ],
)
def test_what_is_not_certain_is_not_claimed(relation, ranges, reason):
    found = certify_on(relation, ranges, max_boxes=300)
    if found.holds is False:  # 1/x > 0 fails at negative points, and the last one fails at 0
        assert certify(relation, found.point) is False
    else:
        assert found.holds is None and found.reason and (reason is None or reason in found.reason)


def test_values_of_other_symbols_are_fixed():
    assert certify_on(x + y > 0, {x: (0, 1)}, fixed={y: Fraction(1, 3)}).holds is True
    assert certify_on(x + y > 0, {x: (0, 1)}, fixed={y: (-1, 1)}).holds is None
    assert certify_on(x + y > 0, {x: (0, 1)}, fixed={y: (-3, -2)}).holds is False


def test_relations_that_sympy_decides_need_no_boxes():
    assert certify_on(sp.true, {x: (0, 1)}).holds is True
    assert certify_on(sp.false, {x: (0, 1)}).point == {x: Fraction(1, 2)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=2, max_size=5),
    st.fractions(-2, 2, max_denominator=8),
    st.fractions(0, 2, max_denominator=8),
)
def test_polynomials_against_exact_values(coefficients, low, width):
    poly = sp.Poly(coefficients, x).as_expr()
    relation = sp.Gt(poly, 0)
    found = certify_on(relation, {x: (low, low + width)}, max_boxes=500)
    values = [poly.subs(x, sp.Rational(low + width * k / 20)) for k in range(21)]
    if found.holds is True:
        assert all(v > 0 for v in values)
    if found.holds is False and found.point is not None:
        assert poly.subs(x, sp.Rational(found.point[x])) <= 0
    if min(values) <= 0:
        assert found.holds is not True


@pytest.mark.parametrize(
    "relation, ranges, message",
    [
        (sp.Eq(x, 1), {x: (0, 1)}, "inequality"),
        (x > 0, {x: (1, 0)}, "must not be empty"),
        (x > 0, {x: (0, sp.oo)}, "finite"),
        (x > 0, {x: (0, float("inf"))}, "finite"),
        (x > 0, {}, "at least one symbol"),
        (x + y > 0, {x: (0, 1)}, "symbol y"),
    ],
)
def test_bad_input(relation, ranges, message):
    with pytest.raises(UsageError, match=message):
        certify_on(relation, ranges)
