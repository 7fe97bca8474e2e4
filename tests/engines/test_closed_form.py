import math

import pytest
import sympy as sp

from eqt_theory.engines.closed_form import factors, product_between, product_of_powers, products_between
from eqt_theory.engines.region import Region, border, far_ones, tied_by

m, M, alpha = sp.symbols("m M alpha", positive=True)
REGION = Region((m, M, alpha), [m < M, alpha * M <= 1])
LETTERS = factors([m, M, M - m, 1 - alpha * m, alpha], REGION)


def fitted(expression, spoil=()):
    points = REGION.points(8)
    values = [float(REGION.at(expression, p)) * (1.5 if k in spoil else 1 + 1e-6 * k) for k, p in enumerate(points)]
    return product_of_powers(values, LETTERS, points, REGION)


def test_products_of_powers_are_found_from_inexact_numbers():
    for truth in (2 * (1 - alpha * m) / alpha, m / (M - m), sp.Rational(3, 4) * alpha**2, sp.Integer(1)):
        assert sp.simplify(fitted(truth) - truth) == 0
        assert sp.simplify(fitted(truth, spoil=(3,)) - truth) == 0


def test_a_sum_is_no_product():
    assert fitted(1 + alpha * M + m / M) is None
    assert fitted(2 * alpha, spoil=(0, 1, 2, 3)) is None
    assert product_of_powers([0.0, 1.0], LETTERS, REGION.points(2), REGION) is None


def test_factors_come_once():
    assert len(factors([m * (M - m), (m - M) ** 2, 3 * m], REGION)) == 2
    assert factors([m**2 / (m + 1) - m + 1], REGION) == [m + 1]  # of which the numerator is 1


@pytest.mark.parametrize(
    ("low", "high"),
    [
        (m / 2, 3 * m),
        (m * M / (M - m), 4 * m * M / (M - m)),
        (sp.Integer(0), 1 / M),
        ((1 - alpha * m) / alpha, sp.oo),
        (m + M, 3 * M),
    ],
)
def test_products_between_bounds_are_simple(low, high):
    points = REGION.points(8)
    points += far_ones(REGION, points[0], 12)
    ends = [(float(REGION.at(low, p)), math.inf if high is sp.oo else float(REGION.at(high, p))) for p in points]
    found = product_between(ends, LETTERS, points, REGION)
    assert found is not None and sp.count_ops(found) <= 2 + max(3, sp.count_ops(low))
    for p, (least, most) in zip(points, ends, strict=True):
        assert least < float(REGION.at(found, p)) < most


def test_between_bounds_without_room_there_is_none():
    points = REGION.points(8)
    ends = [(x, 1.01 * x) for x in (float(REGION.at(m + alpha, p)) for p in points)]
    assert product_between(ends, LETTERS, points, REGION) is None


def test_where_bounds_leave_no_room_the_number_is_a_simple_one():
    points = REGION.points(8)
    for number, wanted in ((sp.Rational(3, 2), True), (sp.Rational(101, 1001), False)):
        exact = [float(REGION.at(number * m / M, p)) for p in points]
        found = products_between([(x, x) for x in exact], LETTERS, points, REGION, 2)
        assert found == ([number * m / M] if wanted else [])


def test_the_border_of_a_region_is_reached_or_come_near():
    region = Region([m, M, alpha], [m < M, alpha <= 2 / M])
    points = border(region, region.points(2))
    assert all(region.holds(p) for p in points)
    assert any(p[alpha] * p[M] == 2 for p in points)
    assert any(0 < p[M] - p[m] < p[m] / 2 for p in points)
    assert tied_by(m**2 - M) == (M, m**2) and tied_by(m * M + M**2 * m**2) is None


def test_far_points_lie_in_the_region_and_far_apart():
    (point,) = REGION.points(1)
    far = far_ones(REGION, point, 12)
    assert 6 <= len(far) <= 12 and all(REGION.holds(p) for p in far)
    for s in (m, M, alpha):
        assert max(p[s] for p in far) >= 64 * min(p[s] for p in far)
