import pytest
import torch

import eqt_theory as eqt
from eqt_theory import Ball, Box, Inclusion, UsageError

D = torch.float64
F = torch.tensor([[2.0, 1.0], [-1.0, 2.0]], dtype=D)
LIPSCHITZ = 5**0.5


def constrained(**more):
    return Inclusion(lambda h: F @ h - 1, Box([-1.0, -1.0], [0.1, 1.0]), **more)


def test_the_residual_vanishes_at_the_solution_of_a_variational_inequality():
    # On the face h_0 = 0.1 the second row gives -h_0 + 2 h_1 = 1; the first is -0.25 < 0 there, held by the face.
    h = torch.tensor([0.1, 0.55], dtype=D)
    problem = constrained()
    assert float(problem.residual(h).norm()) < 1e-15
    assert problem.dim == 2 and problem.reference() is None
    assert float((F @ h - 1)[0]) < 0


@pytest.mark.parametrize("h", [[0.0, 0.0], [5.0, -3.0], [0.1, 0.5]])
def test_the_error_bound_holds(h):
    star, h = torch.tensor([0.1, 0.55], dtype=D), torch.tensor(h, dtype=D)
    bound = constrained(mu=2.0, lipschitz=LIPSCHITZ).error_bound(h)
    assert float((h - star).norm()) <= float(bound)
    assert constrained().error_bound(h) is None
    assert constrained(mu=2.0).error_bound(h) is None


@pytest.mark.parametrize("constants", [{"mu": 2.2, "lipschitz": 9.0}, {"mu": 0.1, "lipschitz": 2.0}])
def test_a_bound_on_constants_that_are_seen_to_be_false_is_infinite(constants):
    far = torch.tensor([-1.0, 3.0], dtype=D)
    assert bool(constrained(mu=2.0, lipschitz=LIPSCHITZ).error_bound(far).isfinite())
    assert bool(constrained(**constants).error_bound(far).isinf())


def test_a_bound_beyond_the_floats_is_infinite():
    h = torch.full((2,), 3e38)
    bound = Inclusion(lambda h: 0.5 * h, lambda v, step: v, dim=2, mu=0.5, lipschitz=0.5).error_bound(h)
    assert h.double().norm() > torch.finfo(torch.float32).max and bound == torch.inf


def test_projections():
    ball = Inclusion(lambda h: h - 3, Ball([0.0, 0.0], 1.0))
    h = eqt.solve(ball, eqt.ForwardBackward(1.0)).h
    assert torch.allclose(h, torch.full((2,), 0.5**0.5, dtype=D))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda: Inclusion(3, Ball([0.0], 1.0)), "F must be"),
        (lambda: Inclusion(torch.tanh, 3), "prox must be"),
        (lambda: Inclusion(torch.tanh, Ball([0.0], 1.0), 2), "one dimension"),
        (lambda: constrained(mu=3.0, lipschitz=1.0), "mu must not exceed"),
        (lambda: constrained(resolvent=1), "resolvent must be"),
        (lambda: constrained(mu=-1.0), "mu must be"),
        (lambda: constrained().resolved(torch.ones(2, dtype=D), 1.0), "resolvent of F"),
        (lambda: Inclusion(torch.tanh, lambda v: v, 1).residual(torch.ones(1, dtype=D)), "prox, <lambda>, raised"),
        (lambda: Inclusion(lambda h: h.sum(), Ball([0.0], 1.0)).residual(torch.ones(1, dtype=D)), "F, <lambda>, must"),
    ],
)
def test_bad_arguments(make, word):
    with pytest.raises(UsageError, match=word):
        make()
