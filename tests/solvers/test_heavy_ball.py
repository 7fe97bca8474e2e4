import math

import pytest
import torch

import eqt_theory as eqt


def test_the_limit_rate_on_quadratics(quadratics):
    solver = eqt.HeavyBall(0.1, 0.3)
    guarantee = solver.guarantee(quadratics.m, quadratics.M)
    trajectory = eqt.solve(quadratics.objective, solver, tolerance=1e-13, max_steps=250, record=True).trajectory
    errors = torch.linalg.vector_norm(trajectory - quadratics.h_star, dim=-1)
    ratio = float((errors[80] / errors[40]).max()) ** (1 / 40)
    assert ratio <= guarantee.rate * (1 + 1e-3)
    assert ratio == pytest.approx(guarantee.rate, rel=0.02)
    assert guarantee.function_class is eqt.FunctionClass.QUADRATIC and not guarantee.per_step


@pytest.mark.parametrize(("alpha", "beta"), [(0.1, 0.0), (0.1, 0.3), (0.3, 0.8), (0.02, 0.95)])
def test_the_rate_is_the_spectral_radius(alpha, beta):
    m, M = 0.5, 9.0
    radii = []
    for eigenvalue in torch.linspace(m, M, 400, dtype=torch.float64).tolist():
        matrix = torch.tensor([[1 + beta - alpha * eigenvalue, -beta], [1.0, 0.0]], dtype=torch.float64)
        radii.append(float(torch.linalg.eigvals(matrix).abs().max()))
    rate = eqt.HeavyBall(alpha, beta).guarantee(m, M).rate
    assert rate >= max(radii) - 1e-9
    assert rate == pytest.approx(max(radii), abs=1e-7)


def test_optimal_parameters(quadratics):
    m, M = quadratics.m, quadratics.M
    solver = eqt.HeavyBall.optimal(m, M)
    expected = (math.sqrt(M) - math.sqrt(m)) / (math.sqrt(M) + math.sqrt(m))
    assert solver.guarantee(m, M).rate == pytest.approx(expected, rel=1e-6)
    solution = eqt.solve(quadratics.objective, solver)
    assert solution.converged.all() and quadratics.error(solution).max() < 1e-9


def test_off_quadratics_it_can_cycle():
    # Negative control (Lessard, Recht and Packard 2016, Sec. 4.6): m = 1, M = 25, the best parameters on quadratics.
    # Their function has gradient 25 x below 1, x + 24 up to 2, and 25 x - 24 above; split as energy + proximal term.
    class Bent(eqt.Energy):
        def value(self, h):
            x = h[..., 0]
            whole = torch.where(
                x < 1, 12.5 * x**2, torch.where(x < 2, 0.5 * x**2 + 24 * x - 12, 12.5 * x**2 - 24 * x + 36)
            )
            return whole - 0.25 * x**2

        def gradient(self, h):
            return torch.where(h < 1, 25 * h, torch.where(h < 2, h + 24, 25 * h - 24)) - 0.5 * h

    objective = eqt.Objective(Bent(), proposal=torch.zeros(1, dtype=torch.float64), gamma=2.0)
    start = torch.tensor([3.3], dtype=torch.float64)
    solver = eqt.HeavyBall(1 / 9, 4 / 9)
    assert solver.guarantee(1.0, 25.0).rate < 0.67
    cycling = eqt.solve(objective, solver, start=start, max_steps=2000)
    assert cycling.status is eqt.Status.MAX_STEPS and float(cycling.residual) > 1.0
    assert eqt.solve(objective, eqt.GradientDescent.optimal(1.0, 25.0), start=start).status is eqt.Status.CONVERGED


@pytest.mark.parametrize("wrong", [-0.1, 1.0, float("nan"), "0.5"])
def test_unusable_momentum(wrong):
    with pytest.raises(ValueError, match="momentum must "):
        eqt.HeavyBall(0.1, wrong)
