from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import eqt_theory as eqt
from eqt_theory import UsageError
from eqt_theory.evidence.rate.linear_method import TwoTerms, two_terms


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.floats(0.01, 2.2), st.floats(0, 0.95), st.floats(1, 1e4), st.floats(0, 1), st.booleans(), st.floats(0.9, 1.1))
def test_within_means_no_root_above(share, beta, kappa, where, nesterov, stretch):
    solver = (eqt.Nesterov if nesterov else eqt.HeavyBall)(share / kappa, beta)
    pair = two_terms(solver, 1 + where * (kappa - 1))
    radius = max(abs(np.roots([1, -float(pair.trace), float(pair.product)])))
    if abs(stretch - 1) > 1e-6 and radius > 1e-3:
        # The other way to compute: a double root costs numpy half the digits.
        assert pair.within(Fraction(radius * stretch)) == (stretch > 1)


def test_the_recurrence_is_that_of_the_solver():
    obj = eqt.Objective(eqt.Quadratic(torch.tensor([[3.0]], dtype=torch.float64)), torch.zeros(1, dtype=torch.float64))
    for solver in (eqt.HeavyBall(0.1, 0.4), eqt.Nesterov(0.1, 0.4)):
        run = eqt.solve(obj, solver, torch.ones(1, dtype=torch.float64), record=True, max_steps=6)
        e = run.trajectory[:, 0].tolist()
        pair = two_terms(solver, 4)
        for k in range(1, 6):
            assert e[k + 1] == pytest.approx(float(pair.trace) * e[k] - float(pair.product) * e[k - 1], rel=1e-12)


def test_escape_is_the_negation_of_within():
    rng = np.random.default_rng(0)
    for _ in range(300):
        pair = TwoTerms(Fraction(rng.uniform(-2, 2)), Fraction(rng.uniform(-1, 1)))
        rate = Fraction(rng.uniform(0, 1.5))
        assert bool(pair.escape(rate)[0]) != pair.within(rate)


def test_other_solvers_and_parameters_for_each_state():
    with pytest.raises(UsageError, match="itself"):
        two_terms(eqt.GradientDescent(0.1), 1)
    with pytest.raises(UsageError, match="one number"):
        two_terms(eqt.HeavyBall(torch.ones(2) / 10, 0.1), 1)
