"""A rate that is at least another one, with Max and roots, cases that never occur, and rates that are no numbers."""

import pytest
import sympy as sp

from eqt_theory import Verdict
from eqt_theory.evidence.rate.parametric_looser import at_least
from eqt_theory.evidence.rate.region import Region

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
    ],
)
def test_what_is_smaller_somewhere_or_no_number_is_not(rate, smaller):
    assert at_least(rate, smaller, REGION, 10) is None
