import math
from dataclasses import dataclass

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Metric
from eqt_theory.evidence.oracle import Landscape, minimise
from eqt_theory.evidence.rate.worst_start import Promise, excess, remembers, worst_start

OBJ = eqt.Objective(eqt.Quadratic.diagonal(torch.tensor([0.1, 9.1], dtype=torch.float64)), torch.ones(2).double(), 1.0)
STAR = minimise(Landscape(OBJ), OBJ.proposal.numpy())


@pytest.mark.parametrize(
    ("solver", "memory"),
    [
        (eqt.GradientDescent(0.1), False),
        (eqt.ProximalGradient(0.1), False),
        (eqt.StepRule(lambda o, h: h - 0.1 * o.gradient(h)), False),
        (eqt.HeavyBall(0.1, 0.3), True),
        (eqt.Nesterov(0.1, 0.3), True),
        (eqt.Anderson(0.1), True),
        (eqt.ScheduledGradientDescent([0.1, 0.05]), True),
    ],
)
def test_memory_is_noticed_by_behaviour(solver, memory):
    assert remembers(solver, OBJ, 0) is memory


def test_memory_that_shows_late_is_noticed():
    @dataclass(frozen=True)
    class Aged:
        h: torch.Tensor
        age: torch.Tensor

    class Tires(eqt.Solver):
        def init(self, objective, h):
            return Aged(h, torch.zeros(h.shape[:-1]))

        def step(self, objective, state):
            pace = torch.where(state.age < 15, 0.1, 0.05).unsqueeze(-1)
            return Aged(state.h - pace * objective.gradient(state.h), state.age + 1)

    assert remembers(Tires(), OBJ, 0)
    assert not remembers(Tires(), OBJ, 0, steps=10)


def test_excess_is_the_ratio_at_the_worst_step():
    star = STAR.h
    starts = star + torch.eye(2, dtype=torch.float64)
    found = excess(OBJ, eqt.GradientDescent(0.1), Promise(0.5, Metric.DISTANCE, 1.0, 3), starts, star)
    assert found.value.exp().tolist() == pytest.approx([(0.89 / 0.5) ** 3, 0.01 / 0.5], rel=1e-6)
    assert found.step.tolist() == [3.0, 1.0]
    gap = excess(OBJ, eqt.GradientDescent(0.1), Promise(0.5, Metric.GAP, 2.0, 1), starts, star)
    assert gap.value.exp().tolist() == pytest.approx([0.89**2 / 1.0, 0.01**2 / 1.0], rel=1e-6)


def test_starts_at_the_solution_and_nan_say_nothing():
    star = STAR.h
    found = excess(OBJ, eqt.GradientDescent(0.1), Promise(0.5, Metric.DISTANCE, 1.0, 1), star[None], star)
    assert bool(found.value.isnan().all())
    nan = eqt.StepRule(lambda o, h: h * math.nan)
    assert worst_start(OBJ, nan, Promise(0.5, Metric.DISTANCE, 1.0, 1), eqt.WholeSpace(2), STAR, 8, 0) is None


def test_rules_that_autograd_cannot_pass_are_searched_too():
    opaque = eqt.StepRule(lambda o, h: (h - 0.1 * o.gradient(h)).detach().clone())
    found = worst_start(OBJ, opaque, Promise(0.5, Metric.DISTANCE, 1.0, 1), eqt.Ball([0, 0], 2.0), STAR, 16, 0)
    assert found.factor == pytest.approx(0.89, rel=1e-4)
    assert eqt.Ball([0, 0], 2.0).contains(found.start.tolist())


def test_a_lack_of_memory_is_not_a_rule_that_autograd_cannot_pass():
    def greedy(objective, h):
        if h.requires_grad:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return h - 0.1 * objective.gradient(h)

    with pytest.raises(torch.OutOfMemoryError):
        promise, ball = Promise(0.5, Metric.DISTANCE, 1.0, 1), eqt.Ball([0, 0], 2.0)
        worst_start(OBJ, eqt.StepRule(greedy), promise, ball, STAR, 16, 0)


def _steep(d: int) -> eqt.Objective:
    """Curvature 1 everywhere but for one direction, which random starts hardly see."""
    curvature = torch.ones(d, dtype=torch.float64)
    curvature[d // 2] = 9.0
    return eqt.Objective(eqt.Quadratic.diagonal(curvature), torch.zeros(d).double(), 1.0)


@pytest.mark.parametrize("dim", [3, 64, 65, 300])
def test_the_one_steep_direction_is_found_at_every_dimension(dim):
    objective = _steep(dim)
    star = minimise(Landscape(objective), objective.proposal.numpy())
    assert star is not None
    promise = Promise(0.95, Metric.DISTANCE, 1.0, 1)
    # A step of 0.2 multiplies the steep direction by -1 and all others by 0.6; autograd passes through none of it.
    rule = eqt.StepRule(lambda o, h: h - 0.2 * o.gradient(h.detach()))
    found = worst_start(objective, rule, promise, eqt.Ball([0.0] * dim, 5.0), star, 64, 0)
    assert found is not None and found.settled
    assert found.factor == pytest.approx(1.0, abs=1e-6)


def test_random_starts_alone_support_nothing(monkeypatch):
    objective = _steep(100)
    rule = eqt.StepRule(lambda o, h: h - 0.2 * o.gradient(h.detach()))
    ball = eqt.Ball([0.0] * 100, 5.0)
    assert eqt.check_contraction(objective, rule, 0.95, ball).verdict is eqt.Verdict.REFUTED
    monkeypatch.setattr("eqt_theory.evidence.rate.worst_start.extreme_directions", lambda _, h: h.new_empty(0, len(h)))
    found = eqt.check_contraction(objective, rule, 0.95, ball)
    assert found.verdict is eqt.Verdict.INCONCLUSIVE
    assert "random starts alone show nothing" in found.detail
