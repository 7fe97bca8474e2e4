import pytest
import torch

from eqt_theory import FixedPoint, Halpern, solve

D = torch.float64


def nonexpansive(angle):
    c, s = torch.cos(torch.tensor(angle, dtype=D)), torch.sin(torch.tensor(angle, dtype=D))
    rotation = torch.stack([torch.stack([c, -s]), torch.stack([s, c])])
    return FixedPoint(lambda h: rotation @ h, 2)


@pytest.mark.parametrize("angle", [0.03, 0.5, 1.5707963, 3.14159265])
def test_the_residual_falls_at_least_like_two_over_k(angle):
    problem = nonexpansive(angle)
    run = solve(problem, Halpern(), torch.tensor([1.0, 1.0], dtype=D), tolerance=1e-12, max_steps=200, record=True)
    residuals = problem.residual(run.trajectory).norm(dim=-1)
    k = torch.tensor(run.trajectory_steps, dtype=D)
    assert bool((residuals <= 2 * 2**0.5 / (k + 1) * (1 + 1e-12)).all())


def test_no_factor_below_two_holds():
    # The worst angle for a number of steps comes near the bound.
    k = 9
    worst = max(
        float(problem.residual(solve(problem, Halpern(), torch.tensor([1.0, 0.0], dtype=D), max_steps=k).h).norm())
        for problem in (nonexpansive(torch.pi / (k + 1) * (1 + i / 50)) for i in range(-20, 60))
    )
    assert 0.5 * 2 / (k + 1) < worst <= 2 / (k + 1)
