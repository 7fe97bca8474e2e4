"""Models that people have, with the constants that they are known to have."""

import math

import pytest
import torch

import eqt_theory as eqt
from eqt_theory import (
    Ball,
    FixedPoint,
    Inclusion,
    Verdict,
    WholeSpace,
    check_contraction,
    check_lipschitz,
    check_monotone,
)
from eqt_theory.engines.gram import Lipschitz, Monotone
from eqt_theory.testing import check_operator

D = torch.float64


def seeded(*shape, seed=0):
    return torch.randn(*shape, dtype=D, generator=torch.Generator().manual_seed(seed))


class Deq:
    """z = tanh(W z + U x + b), |W| = 0.9: the model of Proposition 9.2."""

    def __init__(self):
        self.W, self.U, self.b = 0.9 * torch.linalg.qr(seeded(5, 5))[0], seeded(5, 3, seed=1), 0.1 * seeded(5, seed=2)

    def __call__(self, z, x):
        return torch.tanh(self.W @ z + self.U @ x + self.b)

    def steepest_state(self, x):
        """Where every tanh has slope 1, so that the Jacobian is W itself."""
        return torch.linalg.solve(self.W, -(self.U @ x + self.b))


def test_a_deq_contracts_by_the_norm_of_its_weights():
    deq, x = Deq(), 0.3 * seeded(3, seed=3)
    layer = FixedPoint(deq, 5, inputs=x, contraction=0.9)
    ball = Ball(deq.steepest_state(x).tolist(), 1.0)
    assert check_contraction(layer, rate=0.9, domain=ball).verdict is Verdict.SUPPORTED
    found = check_contraction(layer, rate=0.8999, domain=ball)
    assert found.verdict is Verdict.REFUTED
    assert check_operator(layer, 5, samples=12).passed
    measured = eqt.measure_jacobian(layer, deq.steepest_state(x))
    assert float(measured.norm) == pytest.approx(0.9) and float(measured.spectral_radius) == pytest.approx(0.9)


def test_a_deq_is_solved_with_a_bound_and_its_derivatives():
    deq, x = Deq(), seeded(8, 3, seed=4)
    layer = FixedPoint(deq, 5, inputs=x, contraction=0.9)
    run = eqt.solve(layer, eqt.Picard(), record=True)
    exact = eqt.solve(layer, eqt.Anderson(1.0), tolerance=1e-14)
    assert bool(((run.h - exact.h).norm(dim=-1) <= run.error_bound).all())
    assert bool((eqt.measure_rate(run).rates <= 0.9).all())
    b = deq.b.clone().requires_grad_()
    moved = FixedPoint(lambda z, x: torch.tanh(deq.W @ z + deq.U @ x + b), 5, inputs=x)
    h = eqt.solve_implicit(moved, eqt.Anderson(1.0), tolerance=1e-13).h
    found = torch.stack([torch.autograd.grad(h[0, i], b, retain_graph=True)[0] for i in range(5)])
    slopes = torch.diag(1 - exact.h[0] ** 2)
    wanted = torch.linalg.solve(torch.eye(5, dtype=D) - slopes @ deq.W, slopes)
    assert torch.allclose(found, wanted, atol=1e-9)


class MonotoneNetwork:
    """z = relu(W z + c), W = (1 - m) I - A^T A + B - B^T (Winston and Kolter 2020): I - W is m-strongly monotone."""

    m = 0.5

    def __init__(self, d=6):
        A, B = seeded(2, d), seeded(d, d, seed=1)  # A has a kernel, so m is the modulus exactly
        self.eye = torch.eye(d, dtype=D)
        self.F = self.eye - ((1 - self.m) * self.eye - A.T @ A + B - B.T)
        self.c = seeded(d, seed=2)
        self.L = float(torch.linalg.matrix_norm(self.F, 2)) * (1 + 1e-12)

    def problem(self, **more):
        return Inclusion(
            lambda z: self.F @ z - self.c,
            lambda v, step: torch.relu(v),
            len(self.c),
            resolvent=lambda v, step: torch.linalg.solve(self.eye + step * self.F, v + step * self.c),
            mu=self.m * (1 - 1e-12),
            lipschitz=self.L,
            **more,
        )


def test_a_monotone_network_has_the_modulus_of_its_parametrisation():
    net = MonotoneNetwork()
    assert check_monotone(net.F, net.m - 1e-9, WholeSpace(6)).verdict is Verdict.CERTIFIED
    assert check_monotone(net.F, net.m + 1e-6, WholeSpace(6)).verdict is Verdict.REFUTED
    assert check_monotone(net.problem(), net.m, Ball([0.0] * 6, 2.0), samples=16).verdict is Verdict.SUPPORTED
    assert check_operator(net.problem(), 6, samples=12).passed


def test_a_monotone_network_is_solved_where_picard_diverges():
    net = MonotoneNetwork()
    problem, known = net.problem(), (Monotone(net.m), Lipschitz(net.L))
    layer = FixedPoint(lambda z: torch.relu(z - net.F @ z + net.c), 6)
    assert eqt.solve(layer, eqt.Picard(), max_steps=500).status is not eqt.Status.CONVERGED
    alpha = net.m / net.L**2
    runs = [
        eqt.solve(problem, solver, max_steps=20000)
        for solver in (eqt.ForwardBackward(alpha), eqt.PeacemanRachford(0.3), eqt.DouglasRachford(0.3))
    ]
    for run in runs:
        assert run.status is eqt.Status.CONVERGED
        assert float((run.h - torch.relu(run.h - net.F @ run.h + net.c)).norm()) < 1e-9
        assert float((run.h - runs[1].h).norm()) <= float(run.error_bound + runs[1].error_bound)
    factor = eqt.ForwardBackward(alpha).guarantee_on(*known).rate
    # Where relu is the identity the step is I - alpha F, whose norm is below the factor of the class.
    ball = Ball([10.0] * 6, 1.0)
    assert check_contraction(problem, eqt.ForwardBackward(alpha), factor, ball, samples=16).verdict is Verdict.SUPPORTED
    norm = float(torch.linalg.matrix_norm(net.eye - alpha * net.F, 2))
    found = check_contraction(problem, eqt.ForwardBackward(alpha), norm * 0.999, ball, samples=16)
    assert norm <= factor and found.verdict is Verdict.REFUTED


def test_a_plug_and_play_step():
    Q, y = torch.linalg.qr(seeded(6, 6))[0], 2 * seeded(6, seed=1)

    def denoise(v):
        return Q.T @ torch.nn.functional.softshrink(Q @ v, 0.3)

    whole = Ball([0.0] * 6, 4.0)
    assert check_lipschitz(denoise, 1.0, whole, samples=32).verdict is Verdict.SUPPORTED
    assert check_lipschitz(denoise, 0.99, whole, samples=32).verdict is Verdict.REFUTED
    step = FixedPoint(lambda h: denoise(h - 0.4 * (h - y)), 6)
    assert check_contraction(step, rate=0.6, domain=whole, samples=32).verdict is Verdict.SUPPORTED
    assert check_contraction(step, rate=0.59, domain=whole, samples=32).verdict is Verdict.REFUTED
    run = eqt.solve(step, eqt.Picard())
    # The fixed point minimises |h - y|^2/2 + 0.3/0.4 |Q h|_1.
    assert torch.allclose(run.h, Q.T @ torch.nn.functional.softshrink(Q @ y, 0.3 / 0.4), atol=1e-8)


@pytest.mark.parametrize("angle", [0.2, 1.0])
def test_douglas_rachford_on_two_lines_has_the_cosine_of_their_angle(angle):
    u = torch.tensor([math.cos(angle), math.sin(angle)], dtype=D)

    def onto_first(z):
        return torch.stack([z[0], 0 * z[1]])

    def reflected(z):
        return 2 * onto_first(z) - z

    def step(z):
        w = reflected(z)
        return (z + 2 * (u @ w) * u - w) / 2

    problem, rate = FixedPoint(step, 2), math.cos(angle)
    assert check_contraction(problem, rate=rate * (1 + 1e-12), domain=WholeSpace(2)).verdict is Verdict.SUPPORTED
    assert check_contraction(problem, rate=rate * 0.999, domain=WholeSpace(2)).verdict is Verdict.REFUTED
    measured = eqt.measure_jacobian(problem, torch.zeros(2, dtype=D))
    assert float(measured.spectral_radius) == pytest.approx(rate)
    run = eqt.solve(problem, eqt.Picard(), torch.tensor([1.0, 2.0], dtype=D), record=True, max_steps=3000)
    assert eqt.measure_rate(run).rate == pytest.approx(rate, abs=1e-6)
