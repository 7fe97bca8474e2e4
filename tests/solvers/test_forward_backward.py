import pytest
import torch

from eqt_theory import (
    Ball,
    Box,
    ForwardBackward,
    Inclusion,
    Status,
    UsageError,
    Verdict,
    check_contraction,
    measure_rate,
    solve,
)

D = torch.float64
F = torch.tensor([[2.0, 1.0], [-1.0, 2.0]], dtype=D)
PROBLEM = Inclusion(lambda h: F @ h - 1, Box([-1.0, -1.0], [0.1, 1.0]), mu=2.0, lipschitz=5**0.5)
STAR = torch.tensor([0.1, 0.55], dtype=D)


def test_a_variational_inequality_is_solved():
    run = solve(PROBLEM, ForwardBackward(0.2), torch.full((3, 2), 5.0, dtype=D), record=True)
    assert run.converged.all() and torch.allclose(run.h, STAR.expand(3, 2), atol=1e-9)
    assert bool(((run.h - STAR).norm(dim=-1) <= run.error_bound).all())
    assert measure_rate(run).rate == pytest.approx(0.6, abs=1e-6), "1 - 0.2 * 2 on the free coordinate"


def test_a_step_contracts_by_the_known_factor():
    factor, ball = (1 - 2 * 0.2 * 2 + 0.04 * 5) ** 0.5, Ball([0.0, 0.0], 2.0)
    assert check_contraction(PROBLEM, ForwardBackward(0.2), factor, ball).verdict is Verdict.SUPPORTED
    assert check_contraction(PROBLEM, ForwardBackward(0.2), 0.99 * factor, ball).verdict is Verdict.REFUTED
    with pytest.raises(UsageError, match="pass solver"):
        check_contraction(PROBLEM, rate=0.9, domain=ball)


def test_too_long_a_step_does_not_converge():
    free = Inclusion(lambda h: F @ h - 1, lambda v, step: v, 2)
    assert solve(free, ForwardBackward(1.0)).status is Status.DIVERGED
    with pytest.raises(UsageError, match="step_size"):
        ForwardBackward(0.0)
