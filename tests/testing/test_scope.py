import dataclasses

import pytest

import eqt_theory as eqt
from eqt_theory.solvers.guarantee import Metric, OperatorClass
from eqt_theory.solvers.state import State
from eqt_theory.testing import check_solver
from eqt_theory.testing.faults import corners
from eqt_theory.testing.faults.right import descent, picard
from eqt_theory.testing.scope import SLOW, find_scope


@pytest.mark.parametrize("alpha", [1e-4, 0.1, 30.0])
def test_a_declared_step_size_finds_its_scale(alpha: float):
    scope = find_scope(eqt.GradientDescent(alpha))
    assert scope.declared and scope.reached and not scope.defect
    for setting in scope.settings:
        assert alpha * setting.M < 2 and setting.rate <= SLOW and setting.whole_class
        guarantee = eqt.GradientDescent(alpha).guarantee(setting.m, setting.M)
        assert guarantee is not None and setting.rate == guarantee.rate
    # Right up to the border: the steepest class is one where the step overshoots.
    assert max(setting.M for setting in scope.settings) * alpha > 1.7
    assert {setting.gamma * setting.m < 1 for setting in scope.settings} == {True, False}


def test_rates_that_are_all_slow_are_taken_as_they_are():
    slow = eqt.HeavyBall(0.01, 0.97)
    scope = find_scope(slow)
    assert scope.declared and min(setting.rate for setting in scope.settings) > SLOW
    assert scope.settings[0].steps(1e16) > 1000


def test_without_a_guarantee_the_scale_is_probed():
    scope = find_scope(eqt.StepRule(descent))
    assert not scope.declared and scope.reached
    assert [s.M for s in scope.settings] == pytest.approx([9.7, 9.7, 3.0674, 3.0674, 9.7, 9.7], rel=1e-3)
    # The last two at dampings that have little to do with m.
    assert [s.gamma * s.m for s in scope.settings[4:]] == pytest.approx([50, 1 / 8])
    assert "declares no guarantee" in scope.note and "M/m = 4" in scope.note
    assert all(s.M / s.m == pytest.approx(1.25) for s in find_scope(eqt.StepRule(picard)).settings)
    nowhere = find_scope(eqt.StepRule(lambda objective, h: h))
    assert not nowhere.reached and nowhere.settings[0].M == 0.97


class Broken(eqt.Solver):
    def init(self, objective, h):
        return eqt.GradientDescent(0.1).init(objective, h)

    def step(self, objective, state):
        return eqt.GradientDescent(0.1).step(objective, state)

    def guarantee(self, m, M, gamma=None):
        raise ZeroDivisionError("oops")


class Says(eqt.Solver):
    """Steps of 1/10 and a guarantee on one class."""

    def __init__(self, said):
        self.said = said

    def init(self, objective, h):
        return State(h)

    def step(self, objective, state):
        return State(state.h - 0.1 * objective.gradient(state.h))

    def guarantee(self, m, M, gamma=None):  # noqa: N803
        return self.said if m >= 1 and M <= 10 else None


def test_a_guarantee_that_raises_is_told():
    assert find_scope(Broken()).defect == "guarantee raised ZeroDivisionError: oops"


@pytest.mark.parametrize(
    "of",
    [
        {"metric": Metric.RESIDUAL},
        {"per_step": False, "first": Metric.GOVERNING},
        {"function_class": OperatorClass.LIPSCHITZ},
    ],
)
def test_a_guarantee_on_functions_that_speaks_of_operators_is_told(of):
    said = dataclasses.replace(eqt.GradientDescent(0.1).guarantee(1.0, 10.0), **of)  # pyright: ignore
    solver = Says(said)
    assert "must speak of functions, not of operators" in find_scope(solver).defect
    report = check_solver(solver, on_fail=None, max_examples=1)
    assert [finding.check for finding in report.failed] == ["declared_rate"]  # others raised KeyError


def test_a_wrong_point_or_a_shrinking_step_decides_the_classes():
    wrong = find_scope(eqt.StepRule(corners.gamma_at_most_one))
    assert not wrong.reached and "comes to rest away from h*" in wrong.note
    assert all(s.gamma > 1 for s in wrong.settings)
    shrinking = find_scope(corners.decays_from_the_sixtieth_step())
    assert not shrinking.reached and "slows down step by step" in shrinking.note


def test_what_broke_it_and_what_would_help_are_said():
    def one_argument(objective):
        return objective

    assert "there, step 1: raised TypeError" in find_scope(eqt.StepRule(one_argument)).note
    stalls = find_scope(eqt.StepRule(lambda objective, h: descent(objective, (1e9 * h).round() / 1e9)))
    assert not stalls.reached and "say so with accuracy=1e-06" in stalls.note
    assert find_scope(eqt.StepRule(lambda objective, h: descent(objective, (1e9 * h).round() / 1e9)), 1e-6).reached


def test_ill_conditioned_classes_are_kept_however_slow():
    steep = find_scope(eqt.GradientDescent(0.1)).steep
    assert {round(s.M / s.m) for s in steep} == {25, 10**3, 10**8}
    assert max(s.rate for s in steep) > 1 - 1e-6
    assert not find_scope(eqt.StepRule(descent)).steep
