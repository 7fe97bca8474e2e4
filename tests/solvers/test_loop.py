"""Blocks are joined when few of their states are left, and a run ends when its seconds are over, with what it has."""

import itertools
from dataclasses import dataclass

import pytest
import torch

import eqt_theory as eqt
import eqt_theory.solvers.batch as eqt_batch
import eqt_theory.solvers.solve as eqt_solve
from eqt_theory.core import budget as room
from eqt_theory.core.budget import budget
from eqt_theory.solvers.state import State

D = torch.float64


def spread(count: int = 40, dim: int = 3) -> eqt.Objective:
    """Quadratics whose condition numbers run from 1 to 60, in no order."""
    generator = torch.Generator().manual_seed(1)
    top = torch.logspace(0, 1.8, count, dtype=D)[torch.randperm(count, generator=generator)]
    spectrum = torch.stack([0.5 * torch.ones(count, dtype=D), *(0.5 * top for _ in range(dim - 1))], -1)
    f = torch.randn(count, dim, generator=generator, dtype=D)
    return eqt.Objective(eqt.Quadratic.with_spectrum(spectrum - 0.25, 3), proposal=f, gamma=4.0)


def descent(objective: eqt.Objective) -> eqt.GradientDescent:
    """With the best step of each state, so that they are done after one step to a few hundred."""
    return eqt.GradientDescent.optimal(objective.state_m.squeeze(-1), objective.state_M.squeeze(-1))


@dataclass(frozen=True)
class Own(State):
    """A state that says itself how it is selected, and not how it is joined."""

    def select(self, index):
        return Own(self.h[index])


class OwnState(eqt.Solver):
    def init(self, objective, h):
        return Own(h)

    def step(self, objective, state):
        return Own(state.h - 0.06 * objective.gradient(state.h))


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(eqt_batch, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(eqt_batch, "_BLOCK_STATES", 8)
    monkeypatch.setattr(eqt_solve, "_ROUND", 17)


class Counted(eqt.Objective):
    """An objective that counts how often its gradient is asked for."""

    calls = 0

    def gradient(self, h):
        Counted.calls += 1
        return super().gradient(h)


RULES = {
    "plain": (descent(spread()), None),
    "with a number that all share": (eqt.ITEM(0.03, 0.01), None),
    "that look at the last step": (eqt.Nesterov(0.03, 0.5), eqt.SmallStep(1e-7)),
    "with a memory of states": (descent(spread()), eqt.EntropyBudget(lambda h: h, 0.9, few=30, many=90)),
    "that nothing can join": (OwnState(), None),
}


@pytest.mark.parametrize("name", RULES)
def test_joined_blocks_give_what_the_whole_batch_gives(name, small_blocks, monkeypatch):
    solver, stop = RULES[name]
    objective = spread()
    parts = eqt.solve(objective, solver, tolerance=1e-9, max_steps=700, stop=stop)
    monkeypatch.setattr(eqt_batch, "_BLOCK_STATES", 1000)
    whole = eqt.solve(objective, solver, tolerance=1e-9, max_steps=700, stop=stop)
    assert torch.equal(parts.steps, whole.steps) and list(parts.status) == list(whole.status)
    assert len(set(whole.steps.tolist())) > (1 if "memory" in name else 10)
    assert torch.allclose(parts.h, whole.h, rtol=1e-12, atol=1e-12)
    assert torch.allclose(parts.residual, whole.residual, rtol=1e-4, atol=1e-12)


def test_what_is_left_of_blocks_takes_its_steps_together(small_blocks, monkeypatch):
    plain = spread()
    objective = Counted(plain.energy, plain.proposal, plain.gamma)
    calls = {}
    for first in (17, 10**6):  # never joined
        monkeypatch.setattr(eqt_solve, "_ROUND", first)
        Counted.calls = 0
        solution = eqt.solve(objective, descent(plain), tolerance=1e-9)
        calls[first] = Counted.calls
        assert bool(solution.converged.all())
    assert calls[17] < 0.65 * calls[10**6]


@pytest.fixture
def clock(monkeypatch):
    """A false one, on which each look takes a second."""
    seconds = itertools.count()
    monkeypatch.setattr(room.time, "monotonic", lambda: float(next(seconds)))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_a_run_whose_seconds_are_over_gives_what_it_has(shape, clock):
    generator = torch.Generator().manual_seed(0)
    f = torch.randn(*shape, 2, generator=generator, dtype=D)
    objective = eqt.Objective(eqt.Quadratic.diagonal(torch.tensor([0.1, 1.0], dtype=D)), f, gamma=10.0)
    cut = eqt.solve(objective, eqt.GradientDescent(0.5), tolerance=1e-10, seconds=40)
    (taken,) = set(cut.steps.reshape(-1).tolist())
    assert 15 < taken <= 40
    same = eqt.solve(objective, eqt.GradientDescent(0.5), tolerance=1e-10, max_steps=taken)
    assert torch.equal(cut.h, same.h) and torch.allclose(cut.residual, same.residual, rtol=1e-12)
    names = [cut.status.name] if shape == () else [s.name for s in cut.status.reshape(-1)]
    assert set(names) == {"OUT_OF_TIME"} and not bool(cut.converged.any())
    assert cut.error_bound is not None and bool((cut.error_bound < torch.inf).all())


def test_states_that_were_done_in_time_stay_done(clock, small_blocks):
    objective = spread()
    whole = eqt.solve(objective, descent(objective), tolerance=1e-6)
    cut = eqt.solve(objective, descent(objective), tolerance=1e-6, seconds=200)
    late = torch.tensor([s.name == "OUT_OF_TIME" for s in cut.status])
    assert 0 < int(late.sum()) < len(late) and {s.name for s in cut.status} == {"OUT_OF_TIME", "CONVERGED"}
    assert torch.equal(cut.h[~late], whole.h[~late]) and torch.equal(cut.steps[~late], whole.steps[~late])
    # Nothing of what they had reached is lost.
    assert bool((cut.steps[late] > 0).any())
    fresh = torch.linalg.vector_norm(objective.gradient(cut.h), dim=-1)
    assert torch.allclose(cut.residual, fresh, rtol=1e-6, atol=1e-12) and bool((cut.residual[late] > 1e-6).all())


def test_a_state_that_time_overtakes_at_its_solution_has_converged(clock):
    # Before the first step: each look takes a second, and there is half of one.
    objective = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=D)), torch.tensor([[0.0, 0.0], [1.0, 0.0]], dtype=D))
    cut = eqt.solve(objective, eqt.GradientDescent(0.5), seconds=0.5)
    assert [s.name for s in cut.status] == ["CONVERGED", "OUT_OF_TIME"] and cut.steps.tolist() == [0, 0]


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_recording_that_time_overtakes_before_the_first_step_holds_the_start(shape, clock):
    f = torch.ones(*shape, 2, dtype=D)
    cut = eqt.solve(eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=D)), f), eqt.Newton(), record=True, seconds=0.5)
    assert cut.trajectory_steps == (0,) and torch.equal(cut.trajectory, f.unsqueeze(0))
    assert {s.name for s in ([cut.status] if shape == () else cut.status)} == {"OUT_OF_TIME"}


def test_an_energy_that_is_slow_inside_of_a_step_is_ended_there(clock):
    seen = []

    def slow(h):
        seen.append(float(h.detach().sum()))  # as one that vmap refuses, state by state
        return torch.cosh(h).sum()

    f = torch.linspace(0.1, 1.0, 10, dtype=D).unsqueeze(-1)
    cut = eqt.solve(eqt.Objective(eqt.FunctionEnergy(slow), f), eqt.GradientDescent(0.2), seconds=25)
    assert {s.name for s in cut.status} == {"OUT_OF_TIME"} and len(set(cut.steps.tolist())) == 1
    assert torch.isfinite(cut.residual).all()


def test_a_run_says_how_far_it_is(clock, small_blocks):
    told = []
    solution = eqt.solve(spread(), descent(spread()), tolerance=1e-6, progress=told.append)
    assert bool(solution.converged.all())
    assert all(line.startswith("taking steps, ") and "of 1000" in line for line in told[1:]) and len(told) > 10
    done = [int(line.split(", ")[1].split()[0]) for line in told[1:]]
    assert done == sorted(done) and done[0] < 20 < done[-1]


def test_a_budget_around_it_ends_it_and_is_told_its_own(clock):
    told = []
    objective = spread(4)
    with pytest.raises(room.OverBudget), budget(30):
        eqt.solve(objective, eqt.GradientDescent(0.06), tolerance=1e-9)
    with budget(None, told.append):
        room.stage("descending", 2)
        eqt.solve(objective, eqt.GradientDescent(0.06), tolerance=1e-3)
        room.tick()
    assert told and all(line.startswith("descending") for line in told)


def test_seconds_must_be_positive(quadratics):
    for wrong in (0, -1.0, float("nan"), "5"):
        with pytest.raises(ValueError, match="seconds must be a positive"):
            eqt.solve(quadratics.objective, eqt.GradientDescent(0.1), seconds=wrong)


def test_a_run_that_ran_out_of_time_is_saved(tmp_path, clock):
    objective = spread(4)
    cut = eqt.solve(objective, eqt.GradientDescent(0.06), seconds=10)
    cut.save(tmp_path / "cut.json")
    assert list(eqt.Solution.load(tmp_path / "cut.json", objective).status) == list(cut.status)
