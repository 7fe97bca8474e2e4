import pytest
import sympy as sp
from sample_certificates import text

from eqt_theory.engines.certificate import certify_point, point_of

HALF = sp.Rational(1, 2)


@pytest.mark.parametrize(
    ("assertions", "point"),
    [
        (["(< x y)"], {"x": sp.Integer(-2), "y": HALF}),
        (["(= (* x x) 2)", "(< x 0)", "(< y x)"], {"x": -sp.sqrt(2), "y": sp.Rational(-3, 2)}),
        (["(= (* x x) 2)", "(= (* y y) 3)", "(< x y)"], {"x": sp.sqrt(2), "y": sp.sqrt(3)}),
        (["(= (* x x x) 2)", "(= (* x y y) 2)", "(not (= x y))"], {"x": sp.cbrt(2), "y": -sp.cbrt(2)}),
    ],
)  # fmt: skip
def test_a_point_goes_into_a_certificate_and_comes_out(assertions: list[str], point: dict):
    found = certify_point(text(*assertions), point)
    assert found is not None and found.shows
    assert all(sp.simplify(value - point[x]) == 0 for x, value in point_of(found).items())


def test_no_certificate_where_it_does_not_hold():
    assert certify_point(text("(< x y)"), {"x": HALF, "y": HALF}) is None
    assert certify_point(text("(< 2 (* x x))", names="x"), {"x": sp.sqrt(2)}) is None
