"""FISTA, OGM and anchored gradient steps: exact worst cases after some steps are what they declare, or below it."""

import math
from fractions import Fraction

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import FISTA, OGM, AnchoredGradient, UsageError, Verdict, bound_after
from eqt_theory.evidence.rate.declared import decide_guarantee
from eqt_theory.solvers.guarantee import Metric
from eqt_theory.testing import check_solver

MEASURE = {Metric.GAP: "value", Metric.GRADIENT: "gradient"}
SOLVERS = (FISTA, OGM, AnchoredGradient)


@pytest.mark.parametrize("kind", SOLVERS)
@pytest.mark.parametrize("M", [1.0, 7.0])
def test_worst_cases_stay_below_what_is_declared(kind, M):
    solver = kind.optimal(0.0, M)
    declared = solver.guarantee(0.0, M)
    for steps in (1, 2, 5):
        found = bound_after(solver, steps, 0, Fraction(M), measure=MEASURE[declared.metric])
        allowed = declared.bound(steps, 1.0) ** (2 / declared.metric.degree)
        attained = float(found.enclosures["attained"])
        assert attained <= allowed
        if kind is AnchoredGradient:  # nothing less is true
            assert attained >= allowed * (1 - 1e-6)


@pytest.mark.parametrize("kind", SOLVERS)
def test_what_is_declared_is_decided_and_a_part_of_it_is_refuted(kind):
    solver = kind.optimal(0.0, 1.0)
    declared = solver.guarantee(0.0, 1.0)
    room = Fraction(1, 10**6)  # the worst case of anchored steps is what is declared, and found to some digits only
    assert decide_guarantee(solver, declared, 0.0, 1.0, 1.0, room=room).verdict is Verdict.CERTIFIED
    part = {FISTA: 0.3, OGM: 0.6, AnchoredGradient: 0.999}[kind]
    less = eqt.Guarantee(
        1.0, declared.metric, declared.function_class, declared.sharpness, "on purpose", False,
        declared.constant * part, power=declared.power, first=Metric.DISTANCE,
    )  # fmt: skip
    found = decide_guarantee(solver, less, 0.0, 1.0, 1.0)
    assert found.verdict is Verdict.REFUTED and eqt.recheck(found.certificate)


@pytest.mark.parametrize("kind", SOLVERS)
def test_a_run_stays_below_its_bound(kind, quadratics):
    solver = kind.optimal(quadratics.m, quadratics.M)
    declared = solver.guarantee(quadratics.m, quadratics.M)
    states = eqt.solve(quadratics.objective, solver, max_steps=40, tolerance=1e-14, record=True).trajectory
    first = torch.linalg.vector_norm(states[0] - quadratics.h_star, dim=-1)
    gap = quadratics.objective.value(states) - quadratics.objective.value(quadratics.h_star)
    slope = torch.linalg.vector_norm(quadratics.objective.gradient(states), dim=-1)
    for steps in range(1, len(states)):
        bound = declared.bound(steps, first)
        assert ((gap if declared.metric is Metric.GAP else slope)[steps] <= bound * (1 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("kind", SOLVERS)
def test_hypotheses_and_arguments(kind):
    longest = 2.0 if kind is AnchoredGradient else 1.0
    assert kind(longest / 8).guarantee(0.0, 8.0) is not None
    assert kind(longest * 1.01 / 8).guarantee(0.0, 8.0) is None
    assert Fraction(kind.optimal(0.0, 3.0).step_size) * 3 <= longest
    for bad in (0.0, -1.0, math.nan, "1"):
        with pytest.raises(UsageError, match="step_size"):
            kind(bad)
    with pytest.raises(UsageError, match="m and M"):
        kind.optimal(2.0, 1.0)


def test_the_battery_takes_them_and_decides_their_first_steps():
    for kind in (FISTA, OGM):
        assert check_solver(kind(0.1), max_examples=2).passed
    report = check_solver(AnchoredGradient(0.1), max_examples=1)
    assert report.passed, report.explain()
    decided = next(f for f in report if f.check == "declared_rate_for_every_function")
    assert decided.verdict is Verdict.CERTIFIED and "first steps" in decided.detail
