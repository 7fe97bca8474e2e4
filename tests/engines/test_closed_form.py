import sympy as sp

from eqt_theory.engines.closed_form import factors, product_of_powers
from eqt_theory.engines.region import Region

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
