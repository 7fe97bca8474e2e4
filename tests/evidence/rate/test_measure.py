import dataclasses
import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import UsageError, measure_rate

m, M = 1.1, 10.1


def objective(batch=(), d=6, dtype=torch.float64, seed=0, gamma=1.0):
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.linspace(0.1, 9.1, d, dtype=torch.float64).expand(*batch, d)
    b, f = (torch.randn(*batch, d, generator=generator, dtype=torch.float64) for _ in range(2))
    energy = eqt.Quadratic.with_spectrum(spectrum, seed, b)
    return eqt.Objective(energy, f, gamma).to(dtype=dtype)


def run(solver, obj=None, **more):
    more = {"record": True, "tolerance": 1e-300, "max_steps": 400} | more
    return eqt.solve(objective() if obj is None else obj, solver, **more)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("step_size", [0.05, 0.1, 0.19])
def test_gradient_descent_on_quadratics_has_the_tight_rate(step_size, dtype):
    solver = eqt.GradientDescent(step_size)
    found = measure_rate(run(solver, objective(dtype=dtype)))
    truth = max(abs(1 - step_size * m), abs(1 - step_size * M))
    assert found.rate == pytest.approx(truth, rel=1e-4 if dtype == torch.float64 else 1e-3)
    assert found.worst <= truth * (1 + (1e-2 if dtype == torch.float32 else 1e-3))
    assert found.floor < (1e-12 if dtype == torch.float64 else 1e-4)


def test_momentum_is_measured_near_its_spectral_radius():
    for solver in (eqt.HeavyBall(0.05, 0.8), eqt.HeavyBall(0.1, 0.6)):
        found = measure_rate(run(solver))
        assert found.oscillates
        assert found.rate == pytest.approx(solver.guarantee(m, M).rate, rel=0.02)
    diverging = measure_rate(run(eqt.HeavyBall(0.5, 0.2)))
    assert diverging.rate > 1.5


def test_too_few_steps_give_no_rate_and_a_reason():
    newton = measure_rate(run(eqt.Newton()))
    assert math.isnan(newton.rate)
    assert "above the rounding floor" in newton.reason
    solved = eqt.solve(objective(), eqt.NewtonCG(), tolerance=1e-12).h
    there = measure_rate(run(eqt.GradientDescent(0.1), start=solved, max_steps=50))
    assert math.isnan(there.rate)


def test_the_floor_follows_precision_and_step_size():
    floors = [
        measure_rate(run(eqt.GradientDescent(0.1), objective(dtype=t))).floor for t in (torch.float64, torch.float32)
    ]
    assert 2.0**27 < floors[1] / floors[0] < 2.0**30
    short, long = (measure_rate(run(eqt.GradientDescent(a), max_steps=6000)).floor for a in (0.001, 0.1))
    assert short > 5 * long


def test_the_wrong_fixed_point_shows_as_no_contraction():
    anchored = eqt.StepRule(lambda obj, h: h - 0.1 * (obj.gradient(h) + 1e-3))
    found = measure_rate(run(anchored))
    assert found.rate == pytest.approx(1.0, abs=1e-6)
    assert "does not shrink" in found.reason


def test_batches_have_one_rate_each_and_name_the_slowest():
    obj = objective((2, 3))
    found = measure_rate(run(eqt.GradientDescent(0.1), obj))
    assert found.rates.shape == (2, 3)
    assert torch.allclose(found.rates, torch.tensor(0.89, dtype=torch.float64), rtol=1e-4)
    assert found.rate == float(found.rates.max())
    single = measure_rate(run(eqt.GradientDescent(0.1), obj.select(torch.tensor([4]))))
    assert single.rate == pytest.approx(float(found.rates[1, 1]), rel=1e-9)
    start = torch.zeros(2, 6, dtype=torch.float64)
    start[1] = eqt.solve(objective(), eqt.NewtonCG(), tolerance=1e-12).h
    mixed = measure_rate(run(eqt.GradientDescent(0.1), start=start))
    assert mixed.rates.isnan().tolist() == [False, True]
    assert "1 of 2" in mixed.reason
    empty = measure_rate(run(eqt.GradientDescent(0.1), start=torch.zeros(0, 6, dtype=torch.float64)))
    assert math.isnan(empty.rate) and empty.rates.shape == (0,)


def test_states_that_ended_early_do_not_count_their_rest():
    generous = run(eqt.GradientDescent(0.1), objective((3,)), tolerance=1e-3)
    assert len(set(generous.steps.tolist())) > 1
    found = measure_rate(generous)
    assert torch.allclose(found.rates, torch.tensor(0.89, dtype=torch.float64), rtol=0.05)


def test_every_nth_state_gives_the_same_rate_per_step():
    assert measure_rate(run(eqt.GradientDescent(0.1), record=5)).rate == pytest.approx(0.89, rel=1e-3)


def test_a_given_solution_is_used():
    obj = objective()
    solution = run(eqt.GradientDescent(0.1), obj)
    truth = torch.linalg.solve(obj.hessian(obj.proposal), obj.proposal - obj.energy.b)
    assert measure_rate(solution, truth).rate == pytest.approx(0.89, rel=1e-4)
    shifted = measure_rate(solution, truth + 1.0)
    assert shifted.rate == pytest.approx(1.0, abs=1e-3)


def test_objectives_that_are_not_quadratic_and_without_curvature():
    f = torch.tensor([0.9, -1.1], dtype=torch.float64)
    obj = eqt.Objective(eqt.DoubleWell(), f, 1.0)
    found = measure_rate(run(eqt.GradientDescent(0.05), obj))
    x = float(run(eqt.GradientDescent(0.05), obj).h[0])
    slowest = max(abs(1 - 0.05 * (4 * (3 * v * v - 1) + 1)) for v in (x, -float(run(eqt.NewtonCG(), obj).h[1])))
    assert found.rate == pytest.approx(slowest, rel=1e-3)
    downhill = eqt.Objective(eqt.Quadratic(-3 * torch.eye(2, dtype=torch.float64)), f, 1.0)
    lost = measure_rate(run(eqt.GradientDescent(0.05), downhill))
    assert math.isnan(lost.rate)
    assert "h_star" in lost.reason


def test_bad_arguments():
    solution = run(eqt.GradientDescent(0.1))
    with pytest.raises(UsageError, match="record=True"):
        measure_rate(run(eqt.GradientDescent(0.1), record=False))
    with pytest.raises(UsageError, match="Solution"):
        measure_rate(solution.h)
    with pytest.raises(UsageError, match="shape"):
        measure_rate(solution, torch.zeros(4, dtype=torch.float64))
    with pytest.raises(UsageError, match="finite"):
        measure_rate(solution, torch.full((6,), math.nan, dtype=torch.float64))
    before = dataclasses.replace(solution, trajectory=solution.trajectory.clone())
    measure_rate(solution)
    assert torch.equal(before.trajectory, solution.trajectory)


@pytest.mark.parametrize(("steps", "told"), [(250, False), (3000, True)])
def test_a_run_of_momentum_shorter_than_its_oscillation_has_no_rate(steps, told):
    energy = eqt.Quadratic(torch.tensor([[0.01]], dtype=torch.float64))
    flat = eqt.Objective(energy, torch.zeros(1, dtype=torch.float64), 1e8)
    start = torch.ones(1, dtype=torch.float64)
    run = eqt.solve(flat, eqt.HeavyBall(0.01, 0.999), start, tolerance=1e-300, max_steps=steps, record=True)
    found = eqt.measure_rate(run, torch.zeros(1, dtype=torch.float64))
    if told:
        assert found.rate == pytest.approx(0.999**0.5, abs=5e-5)
    else:
        assert math.isnan(found.rate)
        assert "record more steps" in found.reason
