"""A rate that is at least another one, with Max and roots, cases that never occur, and rates that are no numbers."""

import pytest
import sympy as sp

from eqt_theory import GradientDescent, Verdict, prove_rate
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.parametric_looser import at_least

q, a = sp.symbols("q a", positive=True)
REGION = Region([q, a], [q < 1, a <= 2])
ENDS = sp.Max(sp.Abs(1 - a), sp.Abs(1 - a * q))


@pytest.mark.parametrize(
    ("rate", "smaller"),
    [
        (sp.sqrt(1 - q), 1 - q),
        (1 - q / 2, 1 - q),
        (1 - q / 2, q - 1),
        (sp.Max(1 - a * q / 2, a - 1), ENDS),
        (sp.Max(1 - q / 2, -a), 1 - q),
        (2 + a * q, sp.Max(a * q, sp.Abs(3 * a * q - 4) / 2)),
        (1 + a, sp.Max(q, sp.Rational(1, 2), sp.Abs(a * q - 1))),
    ],
)
def test_a_larger_rate_is_shown_to_be_one(rate, smaller):
    proofs = at_least(rate, smaller, REGION, 10)
    assert proofs
    assert all(f.verdict is Verdict.PROVED for f in proofs)


@pytest.mark.parametrize(
    ("rate", "smaller"),
    [
        (1 - 2 * q, 1 - q),
        ((1 - q) ** 2, 1 - q),
        (1 - a * q / 2, ENDS),
        (q - 1, 1 - q),
        (sp.sqrt(q - sp.Rational(1, 2)), sp.Integer(0)),
        (1 / (a - 1), sp.Integer(0)),
        (a + sp.Rational(1, 2), sp.Max(a * (1 + q), sp.Abs(a - 1) / 2)),
        (sp.Rational(1, 2), sp.Max(sp.Rational(1, 3), sp.Abs(3 * q - 2) / 2)),
    ],
)
def test_what_is_smaller_somewhere_or_no_number_is_not(rate, smaller):
    assert at_least(rate, smaller, REGION, 10) is None


def test_a_sliver_where_a_product_is_larger_is_seen():
    # Abs(g h) is g h, so that no part of it may be taken for it. Where g is about 3/5 and h about 7/5 the rate is
    # g h - 1e-6, and quadratics force g h; no point that is drawn is so near.
    g, h = sp.symbols("g h", positive=True)
    region = [h >= 1, h <= 2, g * h < 1, g * h >= sp.Rational(47, 100)]
    near = 3 * (h - sp.Rational(14142, 10000)) ** 2 + 3 * (g - sp.Rational(60001, 100000)) ** 2
    for less, verdict in ((sp.Rational(1, 10**6), Verdict.INCONCLUSIVE), (sp.Integer(0), Verdict.PROVED)):
        rate = g * h + near - less
        found = prove_rate(lambda g, h: GradientDescent(1 - g * h), [g, h], rate, m=1, M=3, where=region)
        assert found.verdict is verdict, found.detail
