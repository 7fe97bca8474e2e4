"""The coupled chain: its Hessian, its equilibria against other ways to them, its declared constants, planted faults."""

import math

import pytest
import torch
from torch import Tensor

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.core.errors import UsageError
from eqt_theory.testing import check_energy

from ..cases import draw

N, D, LAMBDA = 5, 2, 4.0


def chain(*batch: int, strength: float = LAMBDA) -> eqt.CoupledChain:
    return eqt.CoupledChain(draw(1, *batch, N, D).tanh(), draw(2, D), strength)


def whole(dim: int = N * D) -> eqt.WholeSpace:
    return eqt.WholeSpace(dim)


def test_the_hessian_is_that_of_the_residual_map() -> None:
    energy, h = chain(), draw(3, N * D)
    shift = torch.zeros(N * D, N * D, dtype=torch.float64)
    for t in range(1, N):
        for i in range(D):
            shift[t * D + i, (t - 1) * D + i] = energy.couplings[t, i]
    b = torch.eye(N * D, dtype=torch.float64) - shift
    assert torch.allclose(energy.hessian(h), LAMBDA * b.mT @ b, rtol=0, atol=1e-12)


def test_states_are_rows_and_positions_alike() -> None:
    energy, h = chain(3), draw(4, 3, N, D)
    assert torch.equal(energy.sequence(h.flatten(-2)), h)
    by_hand = sum(
        0.5 * LAMBDA * (h[:, t] - energy.couplings[:, t] * (h[:, t - 1] if t else energy.anchor)).square().sum(-1)
        for t in range(N)
    )
    assert torch.allclose(energy.value(h.flatten(-2)), by_hand)  # pyright: ignore[reportArgumentType]
    assert energy.value(h.flatten(-2)).shape == (3,)


@pytest.mark.parametrize("gamma", [0.25, 1.0, 4.0])
def test_elimination_finds_what_a_solver_finds(gamma: float) -> None:
    energy, f = chain(3), draw(5, 3, N * D)
    phi = eqt.Objective(energy, f, gamma)
    assert phi.m is not None and phi.M is not None
    solution = eqt.solve(phi, eqt.GradientDescent.optimal(phi.m, phi.M), tolerance=1e-11, max_steps=5000)
    assert bool(solution.converged.all())
    star = energy.equilibrium(f, gamma)
    assert torch.allclose(star, solution.h, rtol=0, atol=1e-9)
    assert float(phi.gradient(star).abs().max()) < 1e-12


def test_elimination_is_differentiable() -> None:
    couplings, anchor, f = (x.requires_grad_() for x in (draw(6, 3, 1).tanh(), draw(7, 1), draw(8, 3)))

    def star(couplings: Tensor, anchor: Tensor, f: Tensor) -> Tensor:
        return eqt.CoupledChain(couplings, anchor, 2.0).equilibrium(f, 0.5)

    assert torch.autograd.gradcheck(star, (couplings, anchor, f))


def test_the_scan_finds_where_no_position_wants_to_move() -> None:
    energy, f, gamma = chain(3), draw(9, 3, N * D), 2.0
    star = energy.causal_equilibrium(f, gamma)
    assert float((energy.own_gradient(star) + (star - f) / gamma).abs().max()) < 1e-13
    # Position t hears of nothing after it.
    other = f.clone()
    other[:, 3 * D :] += 1
    assert torch.equal(energy.causal_equilibrium(other, gamma)[:, : 3 * D], star[:, : 3 * D])
    # The joint equilibrium does.
    assert not torch.allclose(energy.equilibrium(other, gamma)[:, : 3 * D], energy.equilibrium(f, gamma)[:, : 3 * D])


def test_declared_constants_are_certified_and_nothing_sharper_is() -> None:
    ones = eqt.CoupledChain(torch.ones(2, 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64), LAMBDA)
    phi = eqt.Objective(ones, torch.zeros(2, dtype=torch.float64), 0.5)
    assert (phi.m, phi.M) == (2.0, 2.0 + 4 * LAMBDA)
    assert eqt.check_strong_convexity(phi, 2.0, whole(2)).verdict is Verdict.CERTIFIED
    assert eqt.check_smoothness(phi, 2 + 4 * LAMBDA, whole(2)).verdict is Verdict.CERTIFIED
    top = 2 + LAMBDA * (3 + math.sqrt(5)) / 2  # the larger eigenvalue of [[2, -1], [-1, 1]]
    assert eqt.check_smoothness(phi, top - 1e-6, whole(2)).verdict is Verdict.REFUTED
    assert eqt.check_strong_convexity(phi, 2 + LAMBDA * (3 - math.sqrt(5)) / 2 + 1e-6, whole(2)).verdict is (
        Verdict.REFUTED
    )


def test_long_chains_come_near_the_declared_constants() -> None:
    long = eqt.CoupledChain(torch.ones(200, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), LAMBDA)
    values = torch.linalg.eigvalsh(long.hessian(torch.zeros(200, dtype=torch.float64)))
    assert 0 < float(values[0]) < 1e-3 * LAMBDA
    assert 0.999 * 4 * LAMBDA < float(values[-1]) <= 4 * LAMBDA


class Forgetful(eqt.CoupledChain):
    """Takes what a position sees of its own term for the gradient: information does not flow back."""

    def gradient(self, h: Tensor) -> Tensor:
        return self.own_gradient(h)


class Boastful(eqt.CoupledChain):
    """Declares half of the curvature."""

    def __init__(self, couplings: Tensor, anchor: Tensor, strength: float) -> None:
        super().__init__(couplings, anchor, strength)
        self.curvature = eqt.Curvature(0.0, 2 * strength)


class Mixing(eqt.CoupledChain):
    """Couples a sequence to the one before it in the batch."""

    def value(self, h: Tensor) -> Tensor:
        return super().value(h if h.ndim == 1 else h + 0.1 * h.roll(1, 0))


@pytest.mark.parametrize("planted", [Forgetful, Boastful, Mixing])
def test_planted_faults_are_caught(planted: type[eqt.CoupledChain]) -> None:
    args = torch.ones(4, 1, dtype=torch.float64), draw(10, 1), LAMBDA
    assert check_energy(eqt.CoupledChain(*args), 4, on_fail=None, samples=12).passed
    assert not check_energy(planted(*args), 4, on_fail=None, samples=12).passed


def test_half_of_the_curvature_is_refuted() -> None:
    energy = Boastful(torch.ones(6, 1, dtype=torch.float64), draw(10, 1), LAMBDA)
    assert energy.curvature is not None
    assert eqt.check_smoothness(energy, energy.curvature.highest, whole(6)).verdict is Verdict.REFUTED


@pytest.mark.parametrize(
    ("couplings", "anchor", "strength", "said"),
    [
        (torch.full((2, 1), 1.01), torch.zeros(1), 1.0, "from -1 to 1"),
        (torch.full((2, 1), math.nan), torch.zeros(1), 1.0, "finite"),
        (torch.zeros(2), torch.zeros(1), 1.0, "couplings must have shape"),
        (torch.zeros(0, 1), torch.zeros(1), 1.0, "n, d >= 1"),
        (torch.zeros(2, 1), torch.zeros(2), 1.0, "anchor must have shape"),
        (torch.zeros(2, 1), torch.zeros(1).double(), 1.0, "dtype"),
        (torch.zeros(2, 1), torch.zeros(1), 0.0, "strength must be a positive"),
    ],
)
def test_bad_arguments(couplings: Tensor, anchor: Tensor, strength: float, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        eqt.CoupledChain(couplings, anchor, strength)


def test_states_of_another_length_are_refused() -> None:
    with pytest.raises(UsageError, match="h must have shape"):
        chain().value(torch.zeros(N * D + 1, dtype=torch.float64))


def test_couplings_edited_out_of_range_are_noticed() -> None:
    energy = chain()
    energy.couplings[0, 0] = 3.0
    with pytest.raises(UsageError, match="from -1 to 1"):
        energy.require_parameters()
