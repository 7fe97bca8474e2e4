"""Guarantees on operator classes: the proved formulas, attained or kept by operators of the class."""

import importlib
import inspect
import math
import pkgutil

import pytest
import sympy as sp
import torch

import eqt_theory as eqt
import eqt_theory.solvers
from eqt_theory import FixedPoint, Inclusion, Metric
from eqt_theory.engines.gram import Averaged, Cocoercive, Lipschitz, Monotone
from eqt_theory.lemmas import operator_steps as steps

D = torch.float64


def turned(angle, scale=1.0):
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    return torch.tensor([[c, -s], [s, c]], dtype=D)


def test_which_solvers_speak_of_operators():
    stating = set()
    for module in pkgutil.iter_modules(eqt_theory.solvers.__path__):
        for item in vars(importlib.import_module(f"eqt_theory.solvers.{module.name}")).values():
            own = inspect.isclass(item) and issubclass(item, eqt.Solver)
            if own and item.guarantee_on is not eqt.Solver.guarantee_on:
                stating.add(item.__name__)
    assert stating == {
        "Picard", "KrasnoselskiiMann", "Halpern", "ForwardBackward", "DouglasRachford", "PeacemanRachford"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("solver", "classes", "formula", "values"),
    [
        (eqt.Picard(), [Lipschitz(0.9)], steps.RELAXED, {steps.weight: 1, steps.constant: 0.9}),
        (eqt.KrasnoselskiiMann(1.02), [Lipschitz(0.9)], steps.RELAXED, {steps.weight: 1.02, steps.constant: 0.9}),
        (eqt.ForwardBackward(0.02), [Monotone(1), Lipschitz(5)], steps.FORWARD,
         {steps.alpha: 0.02, steps.modulus: 1, steps.constant: 5}),
        (eqt.ForwardBackward(0.1), [Monotone(1), Cocoercive(0.2)], steps.FORWARD_COCOERCIVE,
         {steps.alpha: 0.1, steps.modulus: 1, steps.beta: 0.2}),
        (eqt.PeacemanRachford(0.2), [Monotone(1), Lipschitz(5)], steps.REFLECTED,
         {steps.alpha: 0.2, steps.modulus: 1, steps.constant: 5}),
    ],
)  # fmt: skip
def test_rates_are_the_proved_formulas_rounded_up(solver, classes, formula, values):
    exact = formula.subs({symbol: sp.Rational(value) for symbol, value in values.items()})
    difference = sp.Rational(solver.guarantee_on(*classes).rate) - exact
    assert difference.evalf(50) + sp.Float(10) ** -45 >= 0
    assert difference.evalf(50) < 1e-14


@pytest.mark.parametrize(
    ("solver", "classes", "formula", "values"),
    [
        (eqt.KrasnoselskiiMann(0.3), [Lipschitz(1)], steps.AVERAGED, {steps.weight: 0.3, steps.theta: 1}),
        (eqt.KrasnoselskiiMann(1.5), [Averaged(0.5)], steps.AVERAGED, {steps.weight: 1.5, steps.theta: 0.5}),
        (eqt.ForwardBackward(0.5), [Cocoercive(1)], steps.BACKWARD, {steps.alpha: 0.5, steps.beta: 1}),
        (eqt.DouglasRachford(1.0, 1.2), [Monotone(0)], steps.AVERAGED, {steps.weight: 1, steps.theta: 0.6}),
    ],
)
def test_constants_are_the_proved_formulas_rounded_up(solver, classes, formula, values):
    stated = solver.guarantee_on(*classes)
    exact = formula.subs({symbol: sp.nsimplify(value, rational=True) for symbol, value in values.items()})
    assert stated.power == 0.5 and stated.metric is Metric.RESIDUAL
    assert 0 <= stated.constant - float(exact) + 1e-15 < 1e-12


@pytest.mark.parametrize("angle", [0.0, 0.02, 0.3, 2.0, 3.1])
@pytest.mark.parametrize("solver", [eqt.KrasnoselskiiMann(0.5), eqt.KrasnoselskiiMann(0.2), eqt.Halpern()])
def test_residuals_of_rotations_stay_below_the_bound(solver, angle):
    problem = FixedPoint(lambda h: turned(angle) @ h, 2)
    run = eqt.solve(problem, solver, torch.tensor([3.0, 4.0], dtype=D), tolerance=1e-13, max_steps=200, record=True)
    residuals = problem.residual(run.trajectory).norm(dim=-1)
    bound = solver.guarantee_on(Lipschitz(1)).bound(torch.tensor(run.trajectory_steps, dtype=D), 5.0)
    assert bool((residuals <= bound * (1 + 1e-12)).all())


def test_linear_rates_are_attained():
    q = 0.9 * turned(1.0)
    start = torch.tensor([1.0, 0.0], dtype=D)
    picard = eqt.solve(FixedPoint(lambda h: q @ h, 2), eqt.Picard(), start, max_steps=1)
    assert float(picard.h.norm()) == pytest.approx(eqt.Picard().guarantee_on(Lipschitz(0.9)).rate)
    # F turns and stretches: <F d, d> = |d|^2 and |F d| = 5 |d|; A is 0.
    F = turned(math.acos(0.2), 5.0)
    free = Inclusion(
        lambda h: F @ h, lambda v, s: v, 2, resolvent=lambda v, s: torch.linalg.solve(torch.eye(2, dtype=D) + s * F, v)
    )
    known = Monotone(1), Lipschitz(5)
    forward = eqt.solve(free, eqt.ForwardBackward(0.02), start, max_steps=1)
    assert float(forward.h.norm()) == pytest.approx(eqt.ForwardBackward(0.02).guarantee_on(*known).rate)
    split = eqt.solve(free, eqt.PeacemanRachford(0.2), start, max_steps=1)
    assert float(split.h.norm()) == pytest.approx(eqt.PeacemanRachford(0.2).guarantee_on(*known).rate)


@pytest.mark.parametrize(
    ("solver", "classes"),
    [
        (eqt.Picard(), [Lipschitz(1)]),
        (eqt.Picard(), [Lipschitz(1.5)]),
        (eqt.KrasnoselskiiMann(2.0), [Averaged(0.5)]),
        (eqt.Halpern(), [Lipschitz(1.01)]),
        (eqt.ForwardBackward(0.1), [Monotone(1), Lipschitz(5)]),
        (eqt.ForwardBackward(0.1), [Monotone(0)]),
        (eqt.ForwardBackward(2.0), [Cocoercive(1)]),
        (eqt.PeacemanRachford(1.0), [Monotone(0)]),
        (eqt.Anderson(1.0), [Lipschitz(0.5)]),
        (eqt.GradientDescent(0.1), [Monotone(1)]),
    ],
)
def test_where_nothing_is_known(solver, classes):
    assert solver.guarantee_on(*classes) is None
