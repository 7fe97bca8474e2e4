import math
from functools import cache

import pytest
import torch
from torch import nn

import eqt_theory as eqt
from eqt_theory import Ball, Box, FixedPoint, UsageError, Verdict, WholeSpace, check_contraction, check_lipschitz
from eqt_theory.evidence.operators.lipschitz import steepest

D = torch.float64


def seeded(*shape, seed=0):
    return torch.randn(*shape, dtype=D, generator=torch.Generator().manual_seed(seed))


@cache
def orthogonal(d, seed=0):
    return torch.linalg.qr(seeded(d, d, seed=seed))[0]


def test_a_deq_layer_contracts_by_its_norm():
    q, c = 0.9 * orthogonal(6), seeded(6, seed=1)
    layer = FixedPoint(lambda z: torch.tanh(z @ q.T + c), dim=6)
    ball = Ball([0.0] * 6, 2.0)
    assert check_contraction(layer, rate=0.9, domain=ball).verdict is Verdict.SUPPORTED
    # Its image reaches where tanh has slope 1 exactly where q z = -c; within the ball nearly so.
    assert check_contraction(layer, rate=0.6, domain=ball).verdict is Verdict.REFUTED


@pytest.mark.parametrize("d", [1, 2, 7, 65, 120])
def test_one_steep_direction_of_a_linear_map_is_found(d):
    q = orthogonal(d)
    values = torch.full((d,), 0.5, dtype=D)
    values[d // 2] = 1.1
    map_ = FixedPoint(lambda h: q @ (values * (orthogonal(d, seed=3) @ h)), dim=d)
    ball = Ball([0.0] * d, 1.0)
    found = check_lipschitz(map_, 1.099, ball, samples=16)
    assert found.verdict is Verdict.REFUTED
    x, y = (torch.tensor(found.witness[name], dtype=D) for name in ("x", "y"))
    assert float((map_(x) - map_(y)).norm()) > 1.099 * float((x - y).norm())
    assert ball.contains(x.tolist()) and ball.contains(y.tolist())
    assert check_lipschitz(map_, 1.1, ball, samples=16).verdict is Verdict.SUPPORTED


def test_a_rotation_is_nonexpansive_and_no_contraction():
    q = orthogonal(3)
    rotation = FixedPoint(lambda h: q @ h, dim=3)
    assert check_lipschitz(rotation, 1.0, WholeSpace(3)).verdict is Verdict.SUPPORTED
    assert check_contraction(rotation, rate=0.999999, domain=WholeSpace(3)).verdict is Verdict.REFUTED


def test_a_map_that_is_no_gradient_and_not_symmetric():
    shear = FixedPoint(lambda h: torch.stack([0.5 * h[0] + h[1], 0.5 * h[1]]), dim=2)
    norm = float(torch.linalg.matrix_norm(torch.tensor([[0.5, 1.0], [0.0, 0.5]], dtype=D), 2))
    box = Box([-1.0, -1.0], [1.0, 1.0])
    assert check_lipschitz(shear, norm * (1 + 1e-12), box).verdict is Verdict.SUPPORTED
    assert check_lipschitz(shear, norm * (1 - 1e-5), box).verdict is Verdict.REFUTED
    assert check_lipschitz(shear, 0.6, box).verdict is Verdict.REFUTED, "its spectral radius is 0.5"


def test_the_search_climbs_to_a_steep_spot():
    bump = FixedPoint(lambda h: 0.5 * h + 0.6 * torch.exp(-4 * (h - 0.7).square()).sum() * torch.ones_like(h), dim=4)
    found = check_lipschitz(bump, 1.0, Ball([0.0] * 4, 2.0), samples=32)
    assert found.verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    "fn", [lambda h: torch.relu(3 * (h - 0.1237)), lambda h: torch.where(h > 0.3, h + 1.0, h), lambda h: h.sign()]
)
def test_kinks_and_jumps_are_seen(fn):
    assert check_lipschitz(FixedPoint(fn, dim=1), 1.5, Box([-1.0], [1.0])).verdict is Verdict.REFUTED


def test_rounding_refutes_nothing():
    # Images lie near 1e6, so that close pairs seem farther apart than they are.
    far = FixedPoint(lambda h: 0.5 * h + 1e6, dim=2)
    assert check_lipschitz(far, 0.5, Ball([0.0, 0.0], 1.0)).verdict is Verdict.SUPPORTED


def test_a_wrong_derivative_refutes_nothing():
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h):
            return 0.5 * h

        @staticmethod
        def backward(ctx, g):
            return 5 * g

    found = check_lipschitz(FixedPoint(Wrong.apply, dim=2), 0.6, Ball([0.0, 0.0], 1.0))
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_module_in_single_precision():
    torch.manual_seed(0)
    net = nn.Linear(4, 4)
    size = float(torch.linalg.matrix_norm(net.weight.detach().double(), 2))
    ball = Ball([0.0] * 4, 1.0)
    assert check_lipschitz(FixedPoint(net, dim=4), 1.01 * size, ball).verdict is Verdict.CERTIFIED
    assert check_lipschitz(FixedPoint(net, dim=4), 0.9 * size, ball).verdict is Verdict.REFUTED


def test_not_finite_is_unknown():
    root = FixedPoint(torch.log, dim=1)
    assert check_lipschitz(root, 2.0, Box([-1.0], [1.0])).verdict is Verdict.INCONCLUSIVE


def test_same_seed_same_finding_and_ambient_state():
    map_ = FixedPoint(lambda h: torch.tanh(h) @ torch.ones(3, 3, dtype=h.dtype), dim=3)
    first = check_lipschitz(map_, 2.0, Ball([0.0] * 3, 1.0), seed=4)
    with torch.no_grad():
        again = check_lipschitz(map_, 2.0, Ball([0.0] * 3, 1.0), seed=4)
    assert first.witness == again.witness and first.verdict is again.verdict is Verdict.REFUTED


def test_the_steepest_direction_above_the_dense_limit():
    d = 80
    A = seeded(d, d)
    value, direction = steepest(FixedPoint(lambda h: A @ h), seeded(d, seed=1), torch.Generator().manual_seed(0))
    truth = float(torch.linalg.matrix_norm(A, 2))
    assert 0.97 * truth < value <= truth * (1 + 1e-12)
    assert math.isclose(float(direction.norm()), 1.0)


def test_bad_arguments():
    map_, ball = FixedPoint(torch.tanh, dim=2), Ball([0.0, 0.0], 1.0)
    for call, word in [
        (lambda: check_lipschitz("x", 1.0, ball), "T must be"),
        (lambda: check_lipschitz(map_, 0.0, ball), "L"),
        (lambda: check_lipschitz(map_, 1.0, Ball([0.0], 1.0)), "dimension"),
        (lambda: check_contraction(map_, eqt.GradientDescent(0.1), 0.9, ball), "solves Objective problems"),
        (lambda: check_contraction(map_, rate=0.9), "domain"),
        (lambda: check_contraction(map_, domain=ball), "rate"),
        (lambda: check_contraction("x", rate=0.9, domain=ball), "problem"),
    ]:
        with pytest.raises(UsageError, match=word):
            call()


def test_the_former_name_of_the_problem_still_works():
    objective = eqt.Objective(eqt.Quadratic(torch.eye(2, dtype=D)), torch.zeros(2, dtype=D), 1.0)
    ball = Ball([0.0, 0.0], 1.0)
    with pytest.warns(DeprecationWarning, match="former name of 'problem'"):
        named = check_contraction(obj=objective, solver=eqt.GradientDescent(0.25), rate=0.5, domain=ball)
    assert named.verdict is Verdict.CERTIFIED
    with pytest.raises(UsageError, match="got both"):
        check_contraction(objective, eqt.GradientDescent(0.25), 0.5, ball, obj=objective)
