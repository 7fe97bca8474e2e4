"""The fused steps against the energies they come from, and their contraction on drawn states."""

import pytest
import torch

import eqt_theory as eqt
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.coupled_steps import Game, Joint, Ridge, make_steps

B, N, D, K = 3, 6, 4, 5
GAMMA, LAMBDA = 0.5, 8.0


def draw(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


F, A, ANCHOR = draw(0, B, N, D), draw(1, B, N, D).tanh(), draw(2, D)
CHAIN = eqt.CoupledChain(A, ANCHOR, LAMBDA)
ROWS = draw(3, K, D) / torch.linalg.matrix_norm(draw(3, K, D), 2) * 1.9
WEIGHTS, OFFSETS = 4 * torch.sigmoid(draw(4, K)), draw(5, B, N, K)
RIDGE = Ridge(ROWS, GAMMA * WEIGHTS, OFFSETS, GAMMA * 4)


def rule(coupling: Coupling) -> Game | Joint:
    config = CoupledConfig(coupling=coupling, strength=LAMBDA, gamma=GAMMA)
    return make_steps(config, F, A, ANCHOR, RIDGE if coupling is Coupling.CAUSAL_RIDGE else None)


def test_joint_steps_are_those_of_the_solver_on_the_objective():
    phi = eqt.Objective(CHAIN, F.flatten(-2), GAMMA)
    assert phi.m == 2 and phi.M == 34
    steps = rule(Coupling.JOINT)
    assert isinstance(steps, Joint)
    assert torch.allclose(steps.gradient(F).flatten(-2), GAMMA * phi.gradient(F.flatten(-2)), rtol=0, atol=1e-12)
    run = eqt.solve(phi, eqt.Chebyshev(2.0, 34.0), tolerance=1e-300, max_steps=9, record=True)
    assert run.trajectory is not None
    for k in (1, 2, 9):
        assert torch.allclose(steps.run(k).flatten(-2), run.trajectory[k], rtol=0, atol=1e-11)


def test_causal_steps_descend_each_its_own_term():
    h, steps = draw(6, B, N, D), rule(Coupling.CAUSAL)
    assert isinstance(steps, Game)
    slope = CHAIN.own_gradient(h.flatten(-2)).unflatten(-1, (N, D)) + (h - F) / GAMMA
    assert torch.allclose(steps(h), h - slope / (LAMBDA + 1 / GAMMA), rtol=0, atol=1e-13)


def test_ridge_steps_add_the_ridge_terms():
    h, steps = draw(6, B, N, D), rule(Coupling.CAUSAL_RIDGE)
    assert isinstance(steps, Game)
    ridge = eqt.PositionRidge(ROWS, WEIGHTS, OFFSETS)
    slope = CHAIN.own_gradient(h.flatten(-2)) + ridge.gradient(h.flatten(-2)) + (h - F).flatten(-2) / GAMMA
    alpha = 2 / (2 * (LAMBDA + 1 / GAMMA) + 4)
    assert torch.allclose(steps(h).flatten(-2), h.flatten(-2) - alpha * slope, rtol=0, atol=1e-13)


@pytest.mark.parametrize("coupling", Coupling)
def test_runs_with_and_without_a_graph_agree(coupling: Coupling):
    steps = rule(coupling)
    for k in (0, 1, 2, 7):
        plain = F.clone()
        if k:
            for _, plain in zip(range(k), steps.states(), strict=False):  # noqa: B007
                pass
        with torch.no_grad():
            assert torch.allclose(steps.run(k), plain, rtol=0, atol=1e-12)
        assert torch.allclose(steps.run(k), plain, rtol=0, atol=1e-12)


def test_the_causal_game_is_exact_after_as_many_steps_as_positions():
    star = CHAIN.sequence(CHAIN.causal_equilibrium(F.flatten(-2), GAMMA))
    errors = [(rule(Coupling.CAUSAL).run(k) - star).norm(dim=-1) for k in range(N + 1)]
    for k, error in enumerate(errors):
        assert float(error[:, :k].abs().max() if k else 0) < 1e-13  # position t after t steps
    assert float(errors[N - 1].max()) > 1e-6
    assert float(errors[N].max()) < 1e-13


@pytest.mark.parametrize("coupling", [Coupling.CAUSAL, Coupling.CAUSAL_RIDGE])
def test_games_contract_in_the_largest_position(coupling: Coupling):
    steps = rule(coupling)
    assert isinstance(steps, Game)
    weight = LAMBDA * GAMMA
    factor = weight / (1 + weight) if coupling is Coupling.CAUSAL else (4 * GAMMA + 2 * weight) / (
        2 + 2 * weight + 4 * GAMMA
    )  # fmt: skip
    for seed in range(20):
        one, other = draw(10 + seed, B, N, D), draw(40 + seed, B, N, D)
        before, after = ((x - y).norm(dim=-1).amax(-1) for x, y in ((one, other), (steps(one), steps(other))))
        assert bool((after <= factor * before * (1 + 1e-12)).all())


def test_frozen_couplings_move_nothing_on():
    steps = rule(Coupling.FROZEN)
    assert torch.equal(steps.run(1), steps.run(8))
