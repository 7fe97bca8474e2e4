"""Lookahead: its factor is the smallest that holds, and a method of fixed steps."""

import pytest

import eqt_theory as eqt
from eqt_theory import Lookahead, Sharpness, UsageError, Verdict, certify_rate


@pytest.mark.parametrize(("inner", "weight"), [(1, 0.5), (2, 0.5), (3, 1.0)])
def test_its_factor_is_certified_and_nothing_less(inner, weight):
    solver = Lookahead(0.1, inner, weight)
    promised = solver.guarantee(1.0, 10.0)
    assert promised.rate == pytest.approx(1 - weight + weight * 0.9**inner, rel=1e-14)
    assert promised.sharpness is Sharpness.TIGHT
    found = certify_rate(solver, 1, 10)
    assert float(found.rate) == pytest.approx(promised.rate, rel=1e-7)
    assert certify_rate(solver, 1, 10, promised.rate * (1 - 1e-9)).verdict is Verdict.REFUTED


def test_of_one_step_and_weight_one_it_is_gradient_descent(logistics):
    one, descent = Lookahead(0.1, 1, 1.0), eqt.GradientDescent(0.1)
    assert eqt.trace(one) == eqt.trace(eqt.StepRule(lambda o, h: h - 0.1 * o.gradient(h)))
    assert one.guarantee(1.0, 10.0).rate == descent.guarantee(1.0, 10.0).rate
    # Steps that are too long: an upper bound only, as the two ends pull apart.
    assert Lookahead(0.19, 2, 0.5).guarantee(1.0, 10.0).sharpness is Sharpness.UPPER


@pytest.mark.parametrize("arguments", [(0.0,), (0.1, 0), (0.1, 2, 0.0), (0.1, 2, 1.5), (0.1, 2.5)])
def test_parameters_that_are_none(arguments):
    with pytest.raises(UsageError, match="step_size|inner_steps|weight"):
        Lookahead(*arguments)
