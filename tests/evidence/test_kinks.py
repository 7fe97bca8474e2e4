"""Descent at kinks, against minimisers known from the dual problem, where every slope of the kinks is bounded."""

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear

import eqt_theory as eqt
from eqt_theory.evidence.kinks import Hull, descend, shortest
from eqt_theory.evidence.oracle import Landscape, Minimum, is_stationary, minimise, past_kinks


def total_variation(d: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Differences D, data y and the minimiser of |D h|_1 + |h - y|^2/2, h* = y - D^T u with u from the dual."""
    y = np.cumsum(np.random.default_rng(seed).normal(size=d))
    D = np.diff(np.eye(d), axis=0)
    u = lsq_linear(D.T, y, bounds=(-1, 1), tol=1e-15, method="bvls").x
    return D, y, y - D.T @ u


@pytest.mark.parametrize("away", [0.0, 1e-6, 1e-3, 1.0])
@pytest.mark.parametrize("d", [2, 12])
def test_descent_comes_to_the_minimiser_past_kinks(d: int, away: float):
    D, y, star = total_variation(d)

    def value(x):
        return float(np.abs(D @ x).sum() + ((x - y) ** 2).sum() / 2)

    start = star + away * np.random.default_rng(1).normal(size=d)
    x, length = descend(value, lambda x: D.T @ np.sign(D @ x) + x - y, start, 0.3, 1e-8, 1e-8, 1.0)
    assert value(x) <= value(start) and value(x) - value(star) <= 1e-7 + 1e-3 * away
    if away <= 1e-6:
        assert length <= 1e-6 and np.linalg.norm(x - star) <= 1e-5


def test_a_step_onto_a_state_without_a_gradient_ends_beside_it():
    """sqrt(h^2) has nan for its gradient at 0, where a step of 1 from 1 ends."""
    x, length = descend(
        lambda x: float(np.sqrt(x**2).sum()), lambda x: x / np.sqrt(x**2), np.array([1.0, 2.0]), 1.0, 1e-8, 1e-8, 1.0
    )
    assert np.abs(x).max() <= 1e-7 and length <= 1e-8


def test_the_shortest_vector_of_a_hull():
    corners = np.array([[1.0, -1.0], [1.0, 3.0], [5.0, 0.0]])
    np.testing.assert_allclose(shortest(corners), [1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(shortest(np.vstack([corners, [-1.0, 0.0]])), [0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("d", [2, 9])
def test_a_hull_that_grows_has_the_same_shortest_vector(d: int):
    corners = np.random.default_rng(d).normal(size=(4 * d, d)) + 0.5
    corners = np.vstack([corners, corners[:3], corners[:2].mean(axis=0)])  # some depend on the others
    hull = Hull(corners[0])
    for _ in range(200):
        nearest = corners[(corners @ hull.vector).argmin()]
        if nearest @ hull.vector > hull.vector @ hull.vector - 1e-12:
            break
        hull.add(nearest)
    np.testing.assert_allclose(hull.vector, shortest(corners), atol=1e-7)


def test_at_a_kink_in_many_dimensions_the_mode_is_told_from_another_state():
    D, y, star = total_variation(80)
    matrix = torch.from_numpy(D)
    land = Landscape(eqt.Objective(eqt.FunctionEnergy(lambda h: (matrix @ h).abs().sum()), torch.from_numpy(y)))
    stuck = Minimum(torch.from_numpy(star), land.value(star), float(np.linalg.norm(land.gradient(star))), 1, 1, 1e-15)
    assert past_kinks(land, stuck) is stuck and not is_stationary(land, stuck)
    there = past_kinks(land, stuck, most=80)
    assert is_stationary(land, there) and np.linalg.norm(there.h.numpy() - star) <= 1e-7


@pytest.mark.parametrize("away", [0.0, 1e-4, 0.01])
def test_a_descent_does_not_end_where_it_began_because_of_a_kink(away: float):
    # Every descent that began at the state ended there, so that any state on a kink was called the mode.
    D, y, star = total_variation(7)
    matrix = torch.from_numpy(D)
    land = Landscape(eqt.Objective(eqt.FunctionEnergy(lambda h: (matrix @ h).abs().sum()), torch.from_numpy(y)))
    found = minimise(land, star + away)
    assert found is not None and is_stationary(land, found)
    assert np.linalg.norm(found.h.numpy() - star) <= found.error + 1e-6


def two_groups(d: int) -> tuple[Landscape, np.ndarray]:
    """The length of two entries plus that of the others, and the minimiser of Phi, where the two are 0."""
    y = 2 * torch.randn(d, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y[:2] = torch.tensor([0.3, 0.2])
    energy = eqt.FunctionEnergy(lambda h: h[:2].norm() + h[2:].norm())
    star = torch.cat([torch.zeros(2), y[2:] * (1 - 1 / y[2:].norm())])
    return Landscape(eqt.Objective(energy, y)), star.numpy()


@pytest.mark.parametrize("tiny", [1e-15, 1e-10])
@pytest.mark.parametrize("d", [4, 30])
def test_a_hessian_that_is_huge_next_to_a_kink_hides_no_slope(d: int, tiny: float):
    # Its rounding was called that of the gradient, so that any state next to a kink was stationary.
    land, star = two_groups(d)
    start = star + 0.01
    start[:2] = tiny
    slope = np.linalg.norm(land.gradient(start))
    low, high = land.curvature(start)
    stuck = Minimum(torch.from_numpy(start), land.value(start), float(slope), low, high, land.rounding(start, high))
    assert stuck.top > 0.1 / tiny and not is_stationary(land, stuck)
    found = minimise(land, start)
    assert found is not None and is_stationary(land, found)
    assert np.linalg.norm(found.h.numpy() - star) <= found.error + 1e-5


def test_a_state_next_to_a_kink_is_no_mode_for_a_huge_hessian():
    land, star = two_groups(30)
    start = torch.from_numpy(star)
    start[:2], start[2] = 1e-15, start[2] + 1e-4
    assert eqt.check_map(land._objective, start).verdict is eqt.Verdict.REFUTED


def test_no_descent_ends_where_phi_is_infinite():
    # Newton's step left the domain, and infinity is as near to any number as its rounding: "the mode is not unique".
    energy = eqt.FunctionEnergy(lambda h: torch.where((h >= 0).all(), 0.0 * h.sum(), torch.inf))
    objective = eqt.Objective(energy, torch.tensor([-1.0, 1.0], dtype=torch.float64))
    found = minimise(Landscape(objective), np.array([0.5, 1.0]))
    assert found is not None and found.value < np.inf
    said = eqt.check_map(objective, torch.tensor([0.0, 1.0], dtype=torch.float64))
    assert said.verdict is eqt.Verdict.INCONCLUSIVE and "unique" not in said.detail


def test_where_descent_cannot_go_on_past_kinks_no_stationary_state_is_seen():
    D, y, star = total_variation(80)
    matrix = torch.from_numpy(D)
    land = Landscape(eqt.Objective(eqt.FunctionEnergy(lambda h: (matrix @ h).abs().sum()), torch.from_numpy(y)))
    at = star + 0.01
    stuck = Minimum(torch.from_numpy(at), land.value(at), float(np.linalg.norm(land.gradient(at))), 1.0, 1.0, 1e-15)
    assert past_kinks(land, stuck) is stuck and not is_stationary(land, stuck)
