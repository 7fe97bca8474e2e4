"""Chebyshev's iteration: its bound at every step, its limits, what it promises and where it promises nothing."""

import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError
from eqt_theory.solvers.chebyshev import Chebyshev, next_weight


def problem(values: torch.Tensor, start: int = 0) -> eqt.Objective:
    d = len(values)
    f = torch.randn(6, d, generator=torch.Generator().manual_seed(start), dtype=torch.float64)
    return eqt.Objective(eqt.Quadratic.diagonal(values - 1), f, 1.0)


def bound(low: float, high: float, k: int) -> float:
    rho = (math.sqrt(high) - math.sqrt(low)) / (math.sqrt(high) + math.sqrt(low))
    return 2 * rho**k / (1 + rho ** (2 * k))


@pytest.mark.parametrize(("low", "high"), [(1.0, 65.0), (2.0, 3.0), (1.0, 1.0)])
def test_the_bound_holds_at_every_step(low: float, high: float) -> None:
    phi = problem(torch.linspace(low, high, 9, dtype=torch.float64))
    run = eqt.solve(phi, Chebyshev(low, high), tolerance=1e-300, max_steps=30, record=True)
    assert run.trajectory is not None
    # The minimiser is 0, since the quadratic has no linear term and f pulls: solved exactly here.
    star = phi.proposal / torch.linspace(low, high, 9, dtype=torch.float64)
    errors = (run.trajectory - star).norm(dim=-1)
    for k in range(len(errors)):
        assert bool((errors[k] <= bound(low, high, k) * errors[0] * (1 + 1e-9) + 1e-13).all()), k


def test_the_bound_is_attained_at_an_end_of_the_spectrum() -> None:
    phi = eqt.Objective(eqt.Quadratic.diagonal(torch.tensor([64.0], dtype=torch.float64)), torch.ones(1).double())
    run = eqt.solve(phi, Chebyshev(1.0, 65.0), tolerance=1e-300, max_steps=8, record=True)
    assert run.trajectory is not None
    errors = (run.trajectory - 1 / 65).abs().flatten()
    for k in range(1, 9):
        assert float(errors[k] / errors[0]) == pytest.approx(bound(1, 65, k), rel=1e-12)


def test_another_momentum_breaks_the_bound() -> None:
    """The constant momentum of the limit, the heavy ball's, is beyond the bound within a few steps."""
    values = torch.linspace(1, 65, 65, dtype=torch.float64)
    phi = problem(values)
    run = eqt.solve(phi, eqt.HeavyBall.optimal(1.0, 65.0), tolerance=1e-300, max_steps=20, record=True)
    assert run.trajectory is not None
    errors = (run.trajectory - phi.proposal / values).norm(dim=-1)
    assert any(bool((errors[k] > bound(1, 65, k) * errors[0]).any()) for k in range(21))


def test_weights_come_to_rest() -> None:
    weight = 0.0
    for _ in range(200):
        weight = next_weight(weight, 1.0, 65.0)
    assert weight == pytest.approx(1 + bound_rate() ** 2, rel=1e-12)


def bound_rate() -> float:
    return (math.sqrt(65) - 1) / (math.sqrt(65) + 1)


def test_it_promises_nothing_beyond_its_interval() -> None:
    solver = Chebyshev(1.0, 10.0)
    stated = solver.guarantee(1.5, 9.0)
    assert stated is not None
    assert stated.constant == 2
    assert solver.guarantee(0.9, 9.0) is None
    assert solver.guarantee(1.5, 10.1) is None


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (2.0, 1.0), (1.0, math.inf), (math.nan, 1.0)])
def test_bad_arguments(low: float, high: float) -> None:
    with pytest.raises(UsageError, match="0 < m <= M"):
        Chebyshev(low, high)
