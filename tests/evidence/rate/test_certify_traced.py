"""check_contraction of rules that can be traced: certified where Phi is shown to be in the class, and only there."""

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import StepRule, Verdict, check_contraction
from eqt_theory.core.verdict import Method
from eqt_theory.evidence.rate.certify_traced import traced

ENERGY = eqt.Quadratic.with_spectrum(torch.linspace(0.1, 9.1, 4, dtype=torch.float64), 0)
OBJ = eqt.Objective(ENERGY, torch.arange(4.0, dtype=torch.float64), 1.0)
BALL = eqt.Ball([0.0] * 4, 3.0)
WEIGHT = torch.randn(3, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
SMOOTH = eqt.Objective(eqt.LogSumExp(WEIGHT), torch.ones(2, dtype=torch.float64), 1.0)


def descent(objective, h):
    return h - 0.1 * objective.gradient(h)


def heun(objective, h):
    g = objective.gradient(h)
    return h - 0.1 * (g + objective.gradient(h - 0.1 * g)) / 2


def test_a_users_own_gradient_step_is_certified_like_the_packages():
    for rule in (StepRule(descent), eqt.GradientDescent(0.1)):
        found = check_contraction(OBJ, rule, 0.9, BALL)
        assert (found.verdict, found.method) == (Verdict.CERTIFIED, Method.EXACT)
        assert check_contraction(OBJ, rule, 0.88, BALL).verdict is Verdict.REFUTED


@pytest.mark.parametrize("problem,domain", [(OBJ, BALL), (SMOOTH, eqt.WholeSpace(2))])
def test_a_users_heun_step_is_certified_by_the_class_that_phi_is_in(problem, domain):
    found = check_contraction(problem, StepRule(heun), 0.93, domain)
    assert (found.verdict, found.method) == (Verdict.CERTIFIED, Method.EXACT)
    assert found.certificate.kind == "rate" and "everywhere" in found.detail


def test_momentum_is_certified_off_quadratics_too():
    for solver, rate in ((eqt.Nesterov.optimal(1.0, 3.0), 0.8), (eqt.HeavyBall(0.1, 0.3), 0.95)):
        found = check_contraction(SMOOTH, solver, rate, eqt.WholeSpace(2))
        assert found.verdict is Verdict.CERTIFIED and found.certificate.kind == "rate"


def test_declared_curvature_is_not_enough():
    declared = eqt.FunctionEnergy(lambda h: torch.nn.functional.softplus(h).sum(), curvature=eqt.Curvature(0.0, 0.25))
    problem = eqt.Objective(declared, torch.ones(2, dtype=torch.float64), 1.0)
    assert check_contraction(problem, StepRule(heun), 0.93, eqt.WholeSpace(2)).verdict is Verdict.SUPPORTED


class KnowsTheEnergy(eqt.Solver):
    """Gradient descent, but for one energy, on which it takes no steps."""

    def init(self, objective, h):
        return eqt.solvers.state.State(h)

    def step(self, objective, state):
        step = 0.0 if type(objective.energy) is eqt.Quadratic else 0.1
        return eqt.solvers.state.State(state.h - step * objective.gradient(state.h))


def test_a_solver_that_does_something_else_here_is_not_certified():
    assert traced(SMOOTH, KnowsTheEnergy(), eqt.WholeSpace(2)) is not None
    assert traced(OBJ, KnowsTheEnergy(), BALL) is None
    assert check_contraction(OBJ, KnowsTheEnergy(), 0.95, BALL).verdict is Verdict.REFUTED
