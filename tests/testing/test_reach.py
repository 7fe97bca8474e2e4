from dataclasses import dataclass, replace

import numpy as np
import pytest

import eqt_theory as eqt
from eqt_theory.solvers.guarantee import FunctionClass, Guarantee, Metric, Sharpness
from eqt_theory.solvers.state import State
from eqt_theory.testing import check_solver
from eqt_theory.testing.problem import Problem
from eqt_theory.testing.reach import declared_reach, telling

PROBLEM = Problem((1.0, 4.0), (1.0, 4.0), (0.0, 0.0), (0.0, 0.0), (3.0, 4.0), 2.0)


def test_a_declared_bound_is_turned_into_a_distance():
    # |grad| <= 2 |h_0 - h*|/(s (N + 1)) and |h - h*| <= |grad|/m
    assert declared_reach(eqt.AnchoredGradient(0.1), PROBLEM, 99) == pytest.approx(2 * 5 / (0.1 * 100))
    # Phi - Phi* <= 2 |h_0 - h*|^2/(s (N + 1)^2) and |h - h*|^2 <= 2 (Phi - Phi*)/m
    assert declared_reach(eqt.FISTA(0.1), PROBLEM, 99) == pytest.approx((2 * 2 * 25 / (0.1 * 100**2)) ** 0.5)
    assert declared_reach(eqt.GradientDescent(0.1), PROBLEM, 99) == 0
    assert declared_reach(eqt.AnchoredGradient(0.6), PROBLEM, 99) == 0  # a step too long for a bound
    assert declared_reach(eqt.AnchoredGradient(0.1), replace(PROBLEM, start=(0.0, 0.0)), 99) == 0


def test_a_distance_that_says_too_little_tells_nothing():
    errors = np.array([1.0, 0.3, 0.1])
    assert telling(0.4, errors)
    assert not telling(0.6, errors)  # more than half of where the run began
    assert not telling(0.4, errors / [1, 1, 10])  # more than ten times what it shows


@dataclass(frozen=True)
class Anchored(eqt.Solver):
    """Anchored steps; broken by an anchor that stays, also in two dimensions, or by a bound that says too much."""

    stays: float = 0.0
    share: float = 1.0
    in_plane: bool = True

    def init(self, objective, h):
        return eqt.AnchoredGradient(0.1).init(objective, h)

    def step(self, objective, state):
        moved = state.h - 0.1 * state.gradient
        stays = self.stays if self.in_plane or state.h.shape[-1] != 2 else 0.0
        h = moved + (state.start - moved) * max(1 / (state.count + 2), stays)
        return replace(state, h=h, gradient=objective.gradient(h), count=state.count + 1)

    def guarantee(self, m, M, gamma=None):
        said = eqt.AnchoredGradient(0.1).guarantee(m, M, gamma)
        return None if said is None else replace(said, constant=said.constant * self.share)


@pytest.mark.parametrize("share", [1.0, 2.0])  # at 2 it says too little of the shorter runs in float32
def test_a_solver_is_judged_by_its_sublinear_bound(share):
    report = check_solver(Anchored(share=share), on_fail=None, max_examples=1, differentiable=True)
    assert not report.failed, report.explain()


@pytest.mark.parametrize("broken", [Anchored(stays=0.02), Anchored(share=0.5)])
def test_a_wrong_limit_and_a_bound_that_says_too_much_are_found(broken):
    report = check_solver(broken, on_fail=None, max_examples=3, fail_fast=True)
    assert report.failed and report.failed[0].check in ("right_fixed_point", "declared_rate_for_every_function")


class ByNorms(eqt.Solver):
    """Steps of 1/10 that ask for norms, so nothing is decided; M r^2/(4 N + 2) bounds the gap (Drori, Teboulle)."""

    def __init__(self, share: float, power: float = 1.0) -> None:
        self.share, self.power = share, power

    def init(self, objective, h):
        return State(h)

    def step(self, objective, state):
        gradient = objective.gradient(state.h)
        return State(state.h - 0.1 * gradient * (gradient.norm(dim=-1, keepdim=True) >= 0))

    def guarantee(self, m, M, gamma=None):  # noqa: N803
        front = {"constant": 2.5 * self.share, "power": self.power, "shift": 0.5, "first": Metric.DISTANCE}
        said = Guarantee(
            1.0, Metric.GAP, FunctionClass.CONVEX, Sharpness.TIGHT, "on purpose", per_step=False, **front
        )  # fmt: skip
        return said if M <= 10 else None


@pytest.mark.parametrize(("share", "power", "held"), [(1.001, 1.0, True), (0.97, 1.0, False), (1.5, 1.2, False)])
def test_a_bound_that_cannot_be_decided_is_sampled(share, power, held):
    report = check_solver(ByNorms(share, power), on_fail=None, max_examples=1)
    assert [finding.check for finding in report.failed] == ([] if held else ["declared_rate_at_the_border"])


def test_a_vague_bound_lets_no_wrong_limit_pass():
    # the probe, in two dimensions, shows nothing wrong
    report = check_solver(Anchored(0.05, 1000.0, in_plane=False), on_fail=None, max_examples=3, fail_fast=True)
    assert report.failed and report.failed[0].check == "right_fixed_point"
