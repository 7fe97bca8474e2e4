"""The check that decides declared guarantees: theorems and refutations, and who is left to samples."""

from typing import NamedTuple

import numpy as np
import torch

import eqt_theory as eqt
from eqt_theory.core.verdict import Verdict
from eqt_theory.solvers.guarantee import FunctionClass, Metric, Sharpness
from eqt_theory.testing.battery import run_battery
from eqt_theory.testing.faults import promises
from eqt_theory.testing.report import Outcome
from eqt_theory.testing.solver_battery import solver_bench
from eqt_theory.testing.solver_checks.theorems import declared_rate_for_every_function


def _decided(solver):
    bench = solver_bench(solver, max_examples=2, max_shrinks=0)
    report = run_battery("it", [declared_rate_for_every_function], bench, on_fail=None)
    return report.results[0], bench


def test_false_guarantees_are_refuted_by_a_function_that_the_kernel_accepts():
    kinds = set()
    for maker in (
        promises.rate_off_at_its_border,
        promises.heavy_ball_where_it_is_best,
        promises.heavy_ball_where_samples_are_kind,
        promises.nesterov_without_a_root,
    ):
        result, _ = _decided(maker())
        assert result.outcome is Outcome.FAILED and result.finding.verdict is Verdict.REFUTED
        assert eqt.recheck(result.finding.certificate) and "m = " in result.finding.detail
        kinds.add(result.finding.certificate.kind)
    assert kinds == {"slow quadratic", "cycle", "worst function"}


def test_true_guarantees_are_theorems_on_the_classes_named():
    for solver in (eqt.GradientDescent(0.1), eqt.Nesterov.optimal(1.0, 10.0), promises.gap_for_the_gap()):
        result, bench = _decided(solver)
        assert result.outcome is Outcome.PASSED and result.finding.verdict is Verdict.CERTIFIED
        assert "classes" in result.finding.detail and len(result.finding.enclosures) >= 4
        assert sum(bench.certified(s) for s in bench.decided) >= 4


def test_who_cannot_be_traced_or_speaks_of_quadratics_is_sampled_and_the_report_says_so():
    for solver in (eqt.Chebyshev(1.0, 10.0), eqt.HeavyBall.optimal(1.0, 10.0), eqt.Newton()):
        result, _ = _decided(solver)
        assert result.outcome is Outcome.NOT_APPLICABLE
        assert "sampled, not decided" in result.finding.detail


def test_schedules_and_sublinear_bounds_are_theorems_for_their_first_steps():
    for solver in (eqt.ScheduledGradientDescent([0.1, 0.2]), eqt.ITEM.optimal(1.0, 10.0), eqt.FISTA(0.1)):
        result, bench = _decided(solver)
        assert result.finding.verdict is Verdict.CERTIFIED and not any(bench.certified(s) for s in bench.decided)
        assert "for the first steps" in result.finding.detail and "later steps are sampled" in result.finding.detail


class AveragedGradients(eqt.Solver):
    """Steps along the mean of the last two gradients; what it declares is a little less than quadratics force."""

    def init(self, objective, h):
        return Pair(h, objective.gradient(h))

    def step(self, objective, state):
        gradient = objective.gradient(state.h)
        return Pair(state.h - 0.04 * (gradient + state.last), gradient)

    def guarantee(self, m, M, gamma=None):  # noqa: N803
        steps = (np.array([[1 - 0.04 * c, -0.04], [c, 0.0]]) for c in np.linspace(m, M, 101))
        rate = max(float(np.abs(np.linalg.eigvals(step)).max()) for step in steps)
        if rate >= 1:
            return None
        return eqt.Guarantee(
            rate - (1 - rate) / 1000, Metric.DISTANCE, FunctionClass.STRONGLY_CONVEX, Sharpness.UPPER, "a slip",
            per_step=False, constant=None,
        )  # fmt: skip


class Pair(NamedTuple):
    h: torch.Tensor
    last: torch.Tensor


def test_a_rate_that_is_a_little_too_small_is_refuted_away_from_its_border_too():
    """At its border, M = 25, the rate is 1 but for roundings: nothing is decided there."""
    result, _ = _decided(AveragedGradients())
    assert result.outcome is Outcome.FAILED and result.finding.verdict is Verdict.REFUTED
    assert result.finding.certificate.kind == "slow quadratic"
