import pytest
import torch

from eqt_theory import Box, DouglasRachford, Inclusion, PeacemanRachford, Status, UsageError, solve

D = torch.float64
F = torch.tensor([[2.0, 1.0], [-1.0, 2.0]], dtype=D)
EYE = torch.eye(2, dtype=D)
PROBLEM = Inclusion(
    lambda h: F @ h - 1,
    Box([-1.0, -1.0], [0.1, 1.0]),
    resolvent=lambda v, step: torch.linalg.solve(EYE + step * F, v + step),
)
STAR = torch.tensor([0.1, 0.55], dtype=D)


@pytest.mark.parametrize("solver", [DouglasRachford(0.4), DouglasRachford(3.0, 1.5), PeacemanRachford(0.4)])
def test_a_variational_inequality_is_solved(solver):
    run = solve(PROBLEM, solver, torch.full((3, 2), 5.0, dtype=D))
    assert run.converged.all() and torch.allclose(run.h, STAR.expand(3, 2), atol=1e-9)


def test_douglas_rachford_needs_no_strong_monotonicity_and_peaceman_rachford_does():
    # Two reflections in the lines through 0 turn by twice their angle, forever; their mean with the identity converges.
    rotation = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=D)
    skew = Inclusion(
        lambda h: rotation @ h,
        lambda v, step: torch.linalg.solve(EYE - step * rotation / 2, v),
        2,
        resolvent=lambda v, step: torch.linalg.solve(EYE + step * rotation, v),
    )
    start = torch.tensor([1.0, 0.0], dtype=D)
    assert solve(skew, DouglasRachford(1.0), start).status is Status.CONVERGED
    assert solve(skew, PeacemanRachford(1.0), start).status is not Status.CONVERGED


def test_bad_arguments():
    with pytest.raises(UsageError, match="needs the resolvent"):
        solve(Inclusion(lambda h: h - 0.5, Box([0.0], [1.0])), DouglasRachford(1.0))
    for relaxation in (0.0, 2.0, float("nan")):
        with pytest.raises(UsageError, match="relaxation"):
            DouglasRachford(1.0, relaxation)
