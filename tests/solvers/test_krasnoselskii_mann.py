import pytest
import torch

from eqt_theory import FixedPoint, KrasnoselskiiMann, Picard, Status, UsageError, measure_rate, solve

D = torch.float64
ROTATION = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=D)
ONES = torch.ones(2, dtype=D)


def test_picard_contracts_by_the_factor_of_the_map():
    run = solve(FixedPoint(lambda h: 0.9 * ROTATION @ h + 1, 2), Picard(), record=True)
    assert run.status is Status.CONVERGED
    assert measure_rate(run).rate == pytest.approx(0.9, abs=1e-6)


def test_relaxation_makes_a_rotation_converge():
    problem = FixedPoint(lambda h: ROTATION @ h, 2)
    assert solve(problem, Picard(), ONES, max_steps=500).status is not Status.CONVERGED
    run = solve(problem, KrasnoselskiiMann(0.5), ONES, record=True)
    assert run.status is Status.CONVERGED
    assert measure_rate(run).rate == pytest.approx(0.5**0.5, abs=1e-6), "|(1 + i)/2|"


def test_one_relaxation_per_state():
    problem = FixedPoint(lambda h: 0 * h, 1)
    scales = torch.tensor([0.5, 1.0], dtype=D)
    run = solve(problem, KrasnoselskiiMann(scales), torch.ones(2, 1, dtype=D), max_steps=1)
    assert run.h.flatten().tolist() == [0.5, 0.0]


@pytest.mark.parametrize("relaxation", [0.0, -1.0, float("nan"), "x"])
def test_bad_relaxation(relaxation):
    with pytest.raises(UsageError, match="relaxation"):
        KrasnoselskiiMann(relaxation)
