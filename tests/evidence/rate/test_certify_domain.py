from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Metric, Verdict
from eqt_theory.evidence.oracle import Landscape, minimise
from eqt_theory.evidence.rate.certify_domain import certify_contraction, certify_limit
from eqt_theory.evidence.rate.worst_start import Promise


def star(obj):
    return minimise(Landscape(obj), obj.proposal.numpy())


def certified(obj, solver, rate, domain):
    return certify_contraction(
        obj, solver, Fraction(rate), domain, star(obj), Promise(float(rate), Metric.DISTANCE, 1.0, 1)
    )


EXACT = eqt.Objective(
    eqt.Quadratic.diagonal(torch.tensor([0.5, 3.0], dtype=torch.float64)), torch.ones(2).double(), 0.5
)


def test_the_edge_is_decided_exactly():
    solver = eqt.GradientDescent(0.125)  # eigenvalues 2.5 and 5: factor 1 - 2.5/8 = 0.6875
    assert certified(EXACT, solver, 0.6875, eqt.WholeSpace(2)).verdict is Verdict.CERTIFIED
    below = certified(EXACT, solver, Fraction(0.6875) - Fraction(1, 2**60), eqt.WholeSpace(2))
    assert below.verdict is Verdict.REFUTED
    assert below.witness["direction"] in ([1.0, 0.0], [-1.0, 0.0])  # that of the eigenvalue 2.5
    long = eqt.GradientDescent(0.375)  # 1 - 5 * 0.375 = -0.875
    assert certified(EXACT, long, 0.875, eqt.WholeSpace(2)).verdict is Verdict.CERTIFIED
    slow = certified(EXACT, long, 0.874, eqt.WholeSpace(2))
    assert slow.verdict is Verdict.REFUTED
    assert slow.witness["direction"] in ([0.0, 1.0], [0.0, -1.0])


def test_a_direction_refutes_only_where_the_domain_reaches_along_it():
    solver = eqt.GradientDescent(0.125)
    h = star(EXACT).h.tolist()
    around, beside = eqt.Ball(h, 0.1), eqt.Ball([h[0] + 5, h[1]], 1.0)
    assert certified(EXACT, solver, 0.6, around).verdict is Verdict.REFUTED
    assert certified(EXACT, solver, 0.6, beside) is None
    assert certified(EXACT, solver, 0.6, eqt.Box([h[0] - 1, h[1] - 1], [h[0] + 1, h[1] + 1])).verdict is Verdict.REFUTED
    assert certified(EXACT, solver, 0.6, eqt.Box([h[0], h[1] - 1], [h[0] + 1, h[1] + 1])) is None  # on the edge
    assert certified(EXACT, solver, 0.6, eqt.Box([h[0], h[1] - 1], [h[0], h[1] + 1])) is None  # flat


def test_rotated_quadratics_in_more_dimensions():
    obj = eqt.Objective(
        eqt.Quadratic.with_spectrum(torch.linspace(0.1, 9, 12, dtype=torch.float64), 1), torch.ones(12).double(), 1.0
    )
    assert certified(obj, eqt.GradientDescent(0.1), 0.8900001, eqt.WholeSpace(12)).verdict is Verdict.CERTIFIED
    assert certified(obj, eqt.GradientDescent(0.1), 0.8899, eqt.WholeSpace(12)).verdict is Verdict.REFUTED


def test_only_gradient_steps_are_certified():
    rule = eqt.StepRule(lambda o, h: h - 0.125 * o.gradient(h))
    assert certified(EXACT, rule, 0.99, eqt.WholeSpace(2)) is None
    several = eqt.GradientDescent(torch.tensor([0.1, 0.2], dtype=torch.float64))
    assert certified(EXACT, several, 0.99, eqt.WholeSpace(2)) is None


def test_curved_energies_need_the_solution_inside():
    well = eqt.Objective(eqt.DoubleWell(), torch.tensor([0.9], dtype=torch.float64), 1.0)
    solver = eqt.GradientDescent(0.05)
    assert certified(well, solver, 0.8, eqt.Ball([1.0], 0.1)).verdict is Verdict.CERTIFIED
    assert certified(well, solver, 0.8, eqt.Box([0.9], [1.1])).verdict is Verdict.CERTIFIED
    assert certified(well, solver, 0.8, eqt.Ball([1.3], 0.1)) is None  # h* is outside
    assert certified(well, solver, 0.5, eqt.Ball([1.0], 0.1)) is None  # and too fast for the curvature


@pytest.mark.parametrize("solver", [eqt.HeavyBall(0.2, 0.25), eqt.Nesterov(0.2, 0.25)])
def test_limits_of_momentum(solver):
    # Eigenvalues 2.5 and 5, both exact.
    from eqt_theory.evidence.rate.linear_method import two_terms

    assert certify_limit(EXACT, solver, Fraction(9, 10), eqt.WholeSpace(2)).verdict is Verdict.CERTIFIED
    bad = certify_limit(EXACT, solver, Fraction(1, 10), eqt.WholeSpace(2))
    assert bad.verdict is Verdict.REFUTED
    assert not two_terms(solver, bad.witness["eigenvalue at least"]).within(Fraction(1, 10))
    assert certify_limit(EXACT, eqt.GradientDescent(0.1), Fraction(1, 2), eqt.WholeSpace(2)) is None


def test_an_enclosed_eigenvalue_near_the_edge_is_left_open():
    obj = eqt.Objective(
        eqt.Quadratic.with_spectrum(torch.tensor([0.5, 3.0], dtype=torch.float64), 5), torch.ones(2).double(), 0.5
    )
    solver = eqt.HeavyBall(0.125, 0.01)
    rate = solver.guarantee(2.5, 5.0).rate
    assert certify_limit(obj, solver, Fraction(rate), eqt.WholeSpace(2)) is None
    assert certify_limit(obj, solver, Fraction(rate * (1 + 1e-10)), eqt.WholeSpace(2)).verdict is Verdict.CERTIFIED
    assert certify_limit(obj, solver, Fraction(rate * (1 - 1e-10)), eqt.WholeSpace(2)).verdict is Verdict.REFUTED
