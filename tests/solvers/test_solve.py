import math
from dataclasses import dataclass

import pytest
import torch

import eqt_theory as eqt

ALL = {
    "gradient descent": lambda m, M: eqt.GradientDescent.optimal(m, M),
    "proximal gradient": lambda m, M: eqt.ProximalGradient(1 / M),
    "heavy ball": lambda m, M: eqt.HeavyBall.optimal(m, M),
    "nesterov": lambda m, M: eqt.Nesterov.optimal(m, M),
    "triple momentum": lambda m, M: eqt.TripleMomentum.optimal(m, M),
    "item": lambda m, M: eqt.ITEM.optimal(m, M),
    "lookahead": lambda m, M: eqt.Lookahead(1 / M, 3, 0.5),
    "scheduled": lambda m, M: eqt.ScheduledGradientDescent([1 / M, 2 / (m + M)]),
    "backtracking": lambda m, M: eqt.BacktrackingGradientDescent(1.0),
    "newton": lambda m, M: eqt.Newton(),
    "newton cg": lambda m, M: eqt.NewtonCG(),
    "conjugate gradients": lambda m, M: eqt.ConjugateGradients(),
    "anderson": lambda m, M: eqt.Anderson(1 / M),
    "proximal point": lambda m, M: eqt.ProximalPoint(1.0),
    "a function": lambda m, M: eqt.StepRule(lambda objective, h: h - objective.gradient(h) / M),
}
each_rule = pytest.mark.parametrize("rule", ALL.values(), ids=ALL.keys())


@each_rule
@pytest.mark.parametrize("problems", ["quadratics", "logistics"])
def test_right_answer_true_bound_and_clean_input(rule, problems, request):
    case = request.getfixturevalue(problems)
    before = case.objective.proposal.clone()
    # Newton's method is local: off quadratics it gets a start near the solution.
    start = case.h_star + 0.03 if problems == "logistics" and rule is ALL["newton"] else None
    solution = eqt.solve(case.objective, rule(case.m, case.M), start)
    assert solution.converged.all() and (solution.residual <= 1e-10).all()
    assert (case.error(solution) <= solution.error_bound).all()
    assert (solution.error_bound <= 2e-10 / case.m).all()
    assert torch.equal(case.objective.proposal, before)
    again = eqt.solve(case.objective, rule(case.m, case.M), start)
    assert torch.equal(again.h, solution.h) and torch.equal(again.steps, solution.steps)


@each_rule
@pytest.mark.parametrize("batch", [(), (1,), (0,), (2, 3), (2, 0)])
@pytest.mark.parametrize("d", [1, 4])
def test_every_shape(rule, batch, d, quadratic_case):
    case = quadratic_case(batch=batch, d=d)
    solution = eqt.solve(case.objective, rule(case.m, case.M), record=5)
    assert solution.h.shape == (*batch, d)
    assert solution.steps.shape == solution.residual.shape == solution.error_bound.shape == batch
    assert solution.converged.shape == batch and solution.converged.all()
    assert solution.trajectory.shape == (len(solution.trajectory_steps), *batch, d)
    assert torch.allclose(solution.h, case.h_star, rtol=0, atol=1e-9)
    assert (solution.status is eqt.Status.CONVERGED) if batch == () else solution.status.shape == batch


@each_rule
def test_states_do_not_see_each_other(rule, quadratics):
    solver = rule(quadratics.m, quadratics.M)
    start = quadratics.objective.proposal.clone()
    alone = eqt.solve(quadratics.objective.select(torch.tensor([5])), solver, start=start[5:6])
    start[3] = math.nan
    start[7] *= 1e6
    start[9] = quadratics.h_star[9]
    solution = eqt.solve(quadratics.objective, solver, start=start)
    assert torch.allclose(solution.h[5], alone.h[0], rtol=0, atol=1e-12)
    assert solution.status[3] is eqt.Status.NONFINITE
    assert abs(int(solution.steps[5]) - int(alone.steps[0])) <= 1


def test_a_rule_that_mixes_states_gives_another_answer(quadratics):
    # The planted fault that the test above is for.
    def mixing(objective, h):
        return h - 0.1 * objective.gradient(h) + 0.05 * (h.mean(0) - h)

    solution = eqt.solve(quadratics.objective, eqt.StepRule(mixing))
    alone = eqt.solve(quadratics.objective.select(torch.tensor([5])), eqt.StepRule(mixing))
    assert not torch.allclose(solution.h[5], alone.h[0], rtol=0, atol=1e-3)
    assert not solution.converged.all()


@each_rule
def test_float32_and_devices(rule, quadratics, device):
    single = quadratics.objective.to(device, torch.float32)
    solution = eqt.solve(single, rule(quadratics.m, quadratics.M), tolerance=1e-4)
    assert solution.converged.all() and solution.h.dtype == torch.float32 and solution.h.device.type == device
    error = torch.linalg.vector_norm(solution.h.cpu().double() - quadratics.h_star, dim=-1)
    assert (error <= solution.error_bound.cpu()).all()


@each_rule
def test_start_at_the_solution(rule, quadratics):
    solution = eqt.solve(quadratics.objective, rule(quadratics.m, quadratics.M), start=quadratics.h_star)
    assert (solution.steps == 0).all() and solution.converged.all()
    assert torch.equal(solution.h, quadratics.h_star)


def test_a_shared_energy_with_many_starts(quadratics):
    one = quadratics.objective.select(torch.tensor([2]))
    objective = eqt.Objective(eqt.Quadratic(one.energy.A[0], one.energy.b[0]), one.proposal[0])
    start = torch.randn(4, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    solution = eqt.solve(objective, eqt.GradientDescent(0.1), start=start)
    assert solution.h.shape == (4, 3, 6)
    assert torch.allclose(solution.h, quadratics.h_star[2].expand(4, 3, 6), rtol=0, atol=1e-9)


def test_an_energy_that_hides_a_tensor_per_state():
    targets = torch.arange(8.0, dtype=torch.float64).reshape(4, 2)
    energy = eqt.FunctionEnergy(lambda h: 0.5 * ((h - targets) ** 2 * (1 + targets)).sum(-1))
    objective = eqt.Objective(energy, proposal=torch.zeros(4, 2, dtype=torch.float64))
    solution = eqt.solve(objective, eqt.GradientDescent(0.2))
    assert solution.converged.all() and len(set(solution.steps.tolist())) > 1
    assert torch.allclose(solution.h, targets * (1 + targets) / (2 + targets), rtol=0, atol=1e-9)


# Statuses -----------------------------------------------------------------------------------------------------------


def test_max_steps(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.GradientDescent(0.01), max_steps=3)
    assert set(solution.status) == {eqt.Status.MAX_STEPS} and (solution.steps == 3).all()
    assert (quadratics.error(solution) <= solution.error_bound).all()
    assert "24 MAX_STEPS" in str(solution)


def test_diverged_in_one_state_only(quadratics):
    sizes = torch.full((24,), 0.1, dtype=torch.float64)
    sizes[4] = 0.3
    solution = eqt.solve(quadratics.objective, eqt.GradientDescent(sizes))
    assert solution.status[4] is eqt.Status.DIVERGED
    assert [s for i, s in enumerate(solution.status) if i != 4] == [eqt.Status.CONVERGED] * 23


def test_nonfinite():
    objective = eqt.Objective(eqt.FunctionEnergy(lambda h: torch.log(h).sum()), torch.tensor([1.0, 2.0]).double())
    solution = eqt.solve(objective, eqt.StepRule(lambda objective, h: h - 3.0))
    assert solution.status in (eqt.Status.NONFINITE, eqt.Status.MAX_STEPS)
    bad = eqt.solve(objective, eqt.StepRule(lambda objective, h: h * math.inf))
    assert bad.status is eqt.Status.NONFINITE and int(bad.steps) == 1


def test_stagnated_at_the_rounding_floor(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.GradientDescent.optimal(1.1, 10.1), tolerance=1e-18, max_steps=5000)
    assert eqt.Status.STAGNATED in set(solution.status)
    assert set(solution.status) <= {eqt.Status.STAGNATED, eqt.Status.CONVERGED}
    assert solution.steps.max() < 1000 and quadratics.error(solution).max() < 1e-13
    assert (quadratics.error(solution) <= solution.error_bound).all()


def test_stagnated_far_from_the_solution(quadratics):
    # A step too small to change the state: a rule that watches the step would call this convergence.
    solution = eqt.solve(quadratics.objective, eqt.GradientDescent(1e-20))
    assert set(solution.status) == {eqt.Status.STAGNATED} and solution.residual.min() > 0.1


def test_slow_progress_is_not_stagnation(quadratics):
    solution = eqt.solve(quadratics.objective, eqt.GradientDescent(1e-13), max_steps=200)
    assert set(solution.status) == {eqt.Status.MAX_STEPS}


def test_a_rule_that_works_in_place_does_not_look_stuck(quadratics):
    def in_place(objective, h):
        return h.sub_(0.1 * objective.gradient(h))

    start = quadratics.objective.proposal.clone()
    solution = eqt.solve(quadratics.objective, eqt.StepRule(in_place), start=start)
    assert solution.converged.all() and torch.equal(start, quadratics.objective.proposal)


# Trajectories -------------------------------------------------------------------------------------------------------


def test_trajectory_holds_every_state_of_the_run(quadratics):
    solver = eqt.GradientDescent.optimal(quadratics.m, quadratics.M)
    full = eqt.solve(quadratics.objective, solver, record=True)
    h = quadratics.objective.proposal
    for k in range(10):
        assert torch.allclose(full.trajectory[k], h, rtol=0, atol=1e-12)
        h = h - solver.step_size * quadratics.objective.gradient(h)
    assert full.trajectory_steps == tuple(range(int(full.steps.max()) + 1))
    for i, k in enumerate(full.steps.tolist()):
        assert torch.equal(full.trajectory[k:, i], full.h[i].expand(len(full.trajectory) - k, -1))
    thin = eqt.solve(quadratics.objective, solver, record=7)
    assert torch.equal(thin.trajectory, full.trajectory[::7]) and thin.trajectory_steps[:3] == (0, 7, 14)
    assert eqt.solve(quadratics.objective, solver).trajectory is None


# Users' solvers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Velocity(eqt.State):
    velocity: torch.Tensor


class _Momentum(eqt.Solver):
    def init(self, objective, h):
        return _Velocity(h, torch.zeros_like(h))

    def step(self, objective, state):
        velocity = 0.5 * state.velocity - 0.1 * objective.gradient(state.h)
        return _Velocity(state.h + velocity, velocity)


def test_a_users_state_shrinks_with_the_batch(quadratics):
    assert eqt.solve(quadratics.objective, _Momentum()).converged.all()


def test_a_state_that_cannot_be_selected_is_told_at_once(quadratics):
    class Shared(_Momentum):
        def init(self, objective, h):
            return _Velocity(h, torch.zeros(h.shape[-1], dtype=h.dtype))

    with pytest.raises(ValueError, match=r"state.velocity must have the 24 states"):
        eqt.solve(quadratics.objective, Shared())


def test_a_stale_gradient_is_told(quadratics):
    class Stale(eqt.Solver):
        def init(self, objective, h):
            return eqt.GradientState(h, objective.gradient(h))

        def step(self, objective, state):
            return eqt.GradientState(state.h - 0.1 * state.gradient, 0.5 * state.gradient)

    with pytest.raises(ValueError, match=r"state.gradient must be grad Phi"):
        eqt.solve(quadratics.objective, Stale())


def test_a_scaled_gradient_is_not_taken_for_convergence(quadratics):
    @dataclass(frozen=True)
    class Scaled(eqt.Solver):
        factor: float

        def init(self, objective, h):
            return eqt.GradientState(h, self.factor * objective.gradient(h))

        def step(self, objective, state):
            h = state.h - 0.1 * objective.gradient(state.h)
            return eqt.GradientState(h, self.factor * objective.gradient(h))

    for tolerance in (1e-6, 1e-10):
        with pytest.raises(ValueError, match=r"state.gradient must be grad Phi"):
            eqt.solve(quadratics.objective, Scaled(0.5), tolerance=tolerance)
        with pytest.raises(ValueError, match=r"state.gradient must be grad Phi"):
            eqt.solve(quadratics.objective, Scaled(0.99), tolerance=tolerance)
    # Nothing was claimed where the steps ran out, but the residual is the true one.
    for factor in (0.7, 1.3):
        solution = eqt.solve(quadratics.objective, Scaled(factor), max_steps=5)
        truth = torch.linalg.vector_norm(quadratics.objective.gradient(solution.h), dim=-1)
        assert torch.allclose(solution.residual, truth, rtol=1e-12, atol=0)
    # A gradient that differs by rounding is not complained about.
    assert eqt.solve(quadratics.objective, Scaled(1 - 1e-15)).converged.all()


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (lambda objective, h: h.float(), "float32"),
        (lambda objective, h: h[..., :2], "shape"),
        (lambda objective, h: None, "must have h"),
    ],
)
def test_rules_that_return_something_else(fn, message, quadratics):
    with pytest.raises(ValueError, match=message):
        eqt.solve(quadratics.objective, eqt.StepRule(fn))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"tolerance": 0.0}, "tolerance"),
        ({"tolerance": math.nan}, "tolerance"),
        ({"max_steps": 0}, "max_steps"),
        ({"max_steps": 2.0}, "max_steps"),
        ({"record": -1}, "record"),
        ({"stop": "soon"}, "stop"),
        ({"start": torch.zeros(24, 5, dtype=torch.float64)}, "start"),
        ({"start": torch.zeros(23, 6, dtype=torch.float64)}, "start"),
        ({"start": torch.zeros(24, 6)}, "start.*float64.*float32"),
        ({"start": torch.zeros(24, 6, dtype=torch.int64)}, "start"),
        ({"start": [0.0] * 6}, "start"),
        ({"solver": lambda objective, h: h}, "solver.*StepRule"),
        ({"objective": lambda h: h}, "objective"),
    ],
)
def test_unusable_arguments(kwargs, message, quadratics):
    arguments = {"objective": quadratics.objective, "solver": eqt.GradientDescent(0.1)} | kwargs
    with pytest.raises(ValueError, match=message) as caught:
        eqt.solve(**arguments)
    assert "\n" not in str(caught.value)


def test_a_recording_that_outgrows_the_memory_ends_in_one_error(quadratics, monkeypatch):
    monkeypatch.setattr("eqt_theory.core.memory._memory", lambda: 40 * quadratics.objective.proposal.numel() * 8)
    short = eqt.solve(quadratics.objective, eqt.GradientDescent(1e-6), max_steps=15, record=True)
    assert len(short.trajectory) == 16
    with pytest.raises(eqt.UsageError, match="record=n keeps every n-th"):
        eqt.solve(quadratics.objective, eqt.GradientDescent(1e-6), max_steps=100, record=True)
    assert len(eqt.solve(quadratics.objective, eqt.GradientDescent(1e-6), max_steps=100, record=10).trajectory) == 11
