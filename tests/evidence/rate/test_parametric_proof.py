import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.parametric_proof import Setting, _positive

x, y = sp.symbols("x y", real=True)


def positive(product, where):
    region = Region((x, y), where)
    setting = Setting(None, sp.S.One, region, region.points(2), where, 5)
    return _positive(setting, product)


@pytest.mark.parametrize("where", [[x > 1, y < -1], [x > 1, y < 0, x * y <= -1, x**2 <= 4, x + y <= 0]])
def test_a_product_is_positive_by_the_signs_of_its_factors(where):
    found = positive((1 - x) ** 3 * y * (1 - x * y) ** 2, where)
    assert all(f.verdict is eqt.Verdict.PROVED and f.shown_by == "kernel" for f in found)


def test_a_product_whose_factors_have_no_sign_of_their_own_is_proved_itself():
    (finding,) = positive(x * y, [x * y > 0])
    assert finding.verdict is eqt.Verdict.PROVED


@pytest.mark.parametrize("product", [x * (2 - x), -x * y, x * (y - 1) ** 2])
def test_a_product_that_is_not_positive_somewhere_is_not_proved(product):
    assert any(f.verdict is not eqt.Verdict.PROVED for f in positive(product, [x > 0, y > 0, x < 4]))
