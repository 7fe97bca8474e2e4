"""Equation 19: its judgement, faults planted in the corrected formula, and the example in plain floats."""

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
from eqt_theory import Run, Verdict
from eqt_theory.core.verdict import Judgement
from eqt_theory.engines.symbolic import derive


def test_judgements(ledger_of):
    ledger = ledger_of("equation_19")
    assert ledger.entry("equation-19").judgement is Judgement.FALSE
    assert ledger.entry("equation-19-repaired").judgement is Judgement.HOLDS
    assert ledger.problems() == []


def test_two_methods_refute(ledger_of):
    assert [r.finding.verdict for r in ledger_of("equation_19").entry("equation-19").results] == [Verdict.REFUTED] * 2


@pytest.fixture
def e19(claims_file):
    return claims_file("equation_19")


def test_with_a_fixed_proposal_eq_19_is_right(e19):
    """The check could come out the other way."""
    symbols, star, theta = e19.equilibrium_1d()
    fixed = star.subs(symbols["f1"], 0)
    formula = -symbols["b1"] / (symbols["a"] + e19.g)
    assert derive([("f fixed", formula, sp.diff(fixed, theta))], "Eq. 19").verdict is Verdict.PROVED
    assert derive([("f moves", formula, sp.diff(star, theta))], "Eq. 19").verdict is Verdict.REFUTED


@pytest.mark.parametrize("moves", [0, -1, 2])
def test_a_wrong_factor_of_the_proposal_is_refuted(e19, moves):
    assert e19.balance(e19.g).verdict is Verdict.PROVED
    assert e19.balance(moves * e19.g).verdict is Verdict.REFUTED


@pytest.mark.parametrize("start", [0, 2])
def test_unrolling_that_starts_elsewhere_is_refuted(e19, start):
    assert e19.unrolling(sp.Integer(1)).verdict is Verdict.PROVED
    assert e19.unrolling(sp.Integer(start)).verdict is not Verdict.PROVED


def test_the_formula_in_three_dimensions_in_fractions(e19):
    """It was written out for d <= 2 only: a quadratic in d = 3 whose Hessian, slope and proposal all move."""
    t, g = sp.Symbol("t"), sp.Rational(3, 2)
    A, dA = sp.Matrix([[2, 1, 0], [1, 3, -1], [0, -1, 1]]), sp.Matrix([[1, 0, 2], [0, -1, 1], [2, 1, 0]])
    b, db, f, df = (sp.Matrix(v) for v in ([1, 0, -2], [0, 3, 1], [2, -1, 1], [1, 1, -3]))
    star = (A + t * dA + g * sp.eye(3)).LUsolve(g * (f + t * df) - b - t * db)
    formula = (A + g * sp.eye(3)).LUsolve(g * df - (dA * star.subs(t, 0) + db))
    assert sp.simplify(sp.diff(star, t).subs(t, 0) - formula) == sp.zeros(3, 1)


def test_experiment_tells_formulas_apart(e19):
    network = e19.Network(3)
    assert e19.compare(network, "right", e19.Network.corrected).verdict is Verdict.SUPPORTED
    for wrong in (e19.Network.equation_19, lambda n: -n.corrected(), lambda n: 1.0001 * n.corrected()):
        assert e19.compare(network, "wrong", wrong).verdict is Verdict.REFUTED


def test_unrolling_that_does_not_converge_is_noticed(e19, monkeypatch):
    monkeypatch.setattr(e19.Network, "step_size", 1.9)
    assert e19.unrolled_derivatives_approach_the_formula(Run()).verdict is Verdict.INCONCLUSIVE


def test_law_of_unrolling_in_floats():
    """Energy 3 h^2/2, f = theta, gamma = 1/2: H = 5, J* = 2/5."""
    alpha, J = 0.1, 1.0
    for k in range(1, 20):
        J = J - alpha * (5 * J - 2)
        assert pytest.approx(2 / 5) == J - (1 - alpha * 5) ** k * (1 - 2 / 5)
    step = 1e-6
    stars = [2 * (0.3 + s) / 5 for s in (step, -step)]  # (3 + g) h* = g f
    assert (stars[0] - stars[1]) / (2 * step) == pytest.approx(2 / 5)


def test_solver_s_implicit_derivative_is_the_corrected_formula(e19):
    """The library's own derivative through the equilibrium, by conjugate gradients, on the same network."""
    network = e19.Network(1)
    theta = network.theta.clone().requires_grad_(True)
    objective = eqt.Objective(
        eqt.FunctionEnergy(lambda h: network.energy(h, theta)), proposal=network.proposal(theta), gamma=1.0
    )
    solution = eqt.solve_implicit(objective, eqt.GradientDescent(0.4), tolerance=1e-12)
    rows = [torch.autograd.grad(solution.h[i], theta, retain_graph=True)[0] for i in range(2)]
    assert torch.allclose(torch.stack(rows), network.corrected(), atol=1e-9)
    assert not torch.allclose(torch.stack(rows), network.equation_19(), atol=1e-3)
