from fractions import Fraction

import pytest
import sympy as sp

import eqt_theory as eqt
from eqt_theory.engines.region import Region
from eqt_theory.evidence.rate.parametric_slower import slower
from eqt_theory.evidence.rate.question import Question
from eqt_theory.evidence.rate.trace import trace

q = sp.Symbol("q", positive=True)
REGION = Region([q], [q < 1])
POINTS = [{q: Fraction(1, 2)}, {q: Fraction(1, 4)}]


def found(rate):
    """Of gradient descent with step 1 on the class with m = q and M = 1, whose rate is 1 - q."""
    method = trace(eqt.GradientDescent(1.0), Fraction(1))
    return slower(rate, REGION, POINTS, lambda point: Question(method, point[q], Fraction(1)))


def test_the_first_point_where_the_rate_is_too_small_refutes_it():
    refuted = found(1 - 2 * q + sp.Rational(3, 2) * q**2)  # below 1 - q where q < 2/3
    assert refuted.verdict is eqt.Verdict.REFUTED and eqt.recheck(refuted.certificate)
    assert sp.Rational(refuted.witness[q]) == sp.Rational(1, 2)
    later = found(1 - q - (sp.Rational(1, 2) - q) / 10)  # the truth at the first point
    assert sp.Rational(later.witness[q]) == sp.Rational(1, 4)
    assert found(1 - q) is None


def test_a_pole_refutes_nothing_and_a_negative_rate_is_an_error_where_no_point_does():
    assert found(1 + 1 / (q - sp.Rational(1, 2)) ** 2) is None
    with pytest.raises(eqt.UsageError, match="not be negative on the region, it is -1/2"):
        found(4 * q - sp.Rational(3, 2))
    below = found(sp.Rational(1, 4) - (q - sp.Rational(1, 4)) * 2)  # negative at 1/2, below 3/4 at 1/4
    assert sp.Rational(below.witness[q]) == sp.Rational(1, 4)
