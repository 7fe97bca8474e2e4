"""Triple momentum: what it promises is the exact worst case, and nothing is promised outside its hypotheses."""

import math
from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import TripleMomentum, UsageError, Verdict, bound_after, certify_rate
from eqt_theory.solvers.triple_momentum import root_below


@pytest.mark.parametrize("kappa", [2.0, 10.0, 1000.0])
def test_its_guarantee_is_the_exact_worst_case_after_a_few_steps(kappa):
    solver = TripleMomentum.optimal(1.0, kappa)
    promised = solver.guarantee(1.0, kappa)
    assert promised.rate == pytest.approx(1 - 1 / math.sqrt(kappa), rel=1e-12)
    for steps in (1, 2, 4):
        found = bound_after(solver, steps, 1, Fraction(kappa), measure="distance")
        declared = (promised.constant * promised.rate**steps) ** 2
        assert float(found.enclosures["attained"]) <= declared * (1 + 1e-9)
        assert float(found.enclosures["bound"]) == pytest.approx(declared, rel=1e-4)


def test_a_little_above_its_rate_is_certified_and_below_it_refuted():
    solver = TripleMomentum.optimal(1.0, 10.0)
    rate = Fraction(solver.guarantee(1.0, 10.0).rate)
    assert certify_rate(solver, 1, 10, rate + (1 - rate) / 10**5).verdict is Verdict.CERTIFIED
    assert certify_rate(solver, 1, 10, rate - (1 - rate) / 10**5).verdict is Verdict.REFUTED


@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_distance_stays_below_the_guaranteed_curve(problems, request):
    case = request.getfixturevalue(problems)
    solver = TripleMomentum.optimal(case.m, case.M)
    promised = solver.guarantee(case.m, case.M)
    trajectory = eqt.solve(case.objective, solver, tolerance=1e-14, max_steps=50, record=True).trajectory
    errors = torch.linalg.vector_norm(trajectory - case.h_star, dim=-1)
    curve = promised.constant * promised.rate ** torch.arange(len(errors), dtype=torch.float64)
    assert (errors <= curve.unsqueeze(-1) * errors[0] + 1e-9).all()


def test_no_promise_outside_the_hypotheses():
    solver = TripleMomentum(0.099, 0.3)
    assert solver.guarantee(1.0, 10.0) is not None
    assert solver.guarantee(0.8, 10.0) is None  # root^2 above m step_size
    assert solver.guarantee(1.0, 10.2) is None  # step above 1/M
    assert TripleMomentum.optimal(3.0, 3.0).guarantee(3.0, 3.0).rate < 1e-7


@pytest.mark.parametrize(("step_size", "root"), [(0.0, 0.3), (0.1, 0.0), (0.1, 1.1), (0.1, math.nan), ("1", 0.3)])
def test_parameters_that_are_none(step_size, root):
    with pytest.raises(UsageError, match="step_size|root"):
        TripleMomentum(step_size, root)


def test_the_root_is_never_above():
    for value in (Fraction(1, 3), Fraction(4, 9), Fraction(1, 4), Fraction(10) ** -12):
        assert Fraction(root_below(value)) ** 2 <= value
        assert root_below(value) == pytest.approx(math.sqrt(value), rel=1e-15)
