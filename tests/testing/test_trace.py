from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

import eqt_theory as eqt
from eqt_theory.testing.trace import misfit, run

OBJECTIVE = eqt.Objective(eqt.Quadratic.diagonal(torch.tensor([1.0, 3.0]).double()), torch.ones(2).double())


def test_a_run_is_recorded_step_by_step():
    start = torch.tensor([2.0, -1.0]).double()
    trace = run(eqt.GradientDescent(0.1), OBJECTIVE, start, 3)
    assert trace.fault == "" and trace.points.shape == (4, 2)
    assert np.array_equal(trace.points[0], start.numpy())
    expected = start - 0.1 * OBJECTIVE.gradient(start)
    assert np.allclose(trace.points[1], expected.numpy(), atol=1e-15)
    assert len(run(eqt.GradientDescent(0.1), OBJECTIVE, start, 9, lambda h: True).points) == 2


def test_faults_end_a_run():
    start = torch.zeros(2).double()
    for fn, said in (
        (lambda o, h: h[:1], "must keep shape (2,)"),
        (lambda o, h: h.float(), "torch.float32"),
        (lambda o, h: 0, "must be a tensor"),
        (lambda o, h: 1 / 0, "raised ZeroDivisionError"),
    ):
        trace = run(eqt.StepRule(fn), OBJECTIVE, start, 3)
        assert trace.fault.startswith("step 1: ") and said in trace.fault
    look = run(eqt.GradientDescent(0.1), OBJECTIVE, start, 3, look=lambda k, state: "seen" if k == 2 else "")
    assert look.fault == "step 2: seen"


@dataclass
class Bare:
    h: Tensor


class Elsewhere(eqt.Solver):
    def init(self, objective, h):
        return Bare(h + 1)

    def step(self, objective, state):
        return state


def test_a_start_that_is_not_taken_is_a_fault():
    assert "not the start" in run(Elsewhere(), OBJECTIVE, torch.zeros(2).double(), 3).fault
    assert "without h" in misfit(torch.zeros(2), torch.zeros(2))
    assert misfit(Bare(torch.zeros(2)), torch.zeros(2)) == ""
