"""Descent at kinks, against minimisers known from the dual problem, where every slope of the kinks is bounded."""

import numpy as np
import pytest
import torch
from scipy.optimize import lsq_linear

import eqt_theory as eqt
from eqt_theory.evidence.kinks import descend, shortest
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


def test_the_shortest_vector_of_a_hull():
    corners = np.array([[1.0, -1.0], [1.0, 3.0], [5.0, 0.0]])
    np.testing.assert_allclose(shortest(corners), [1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(shortest(np.vstack([corners, [-1.0, 0.0]])), [0.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("away", [0.0, 1e-4, 0.01])
def test_a_descent_does_not_end_where_it_began_because_of_a_kink(away: float):
    # Every descent that began at the state ended there, so that any state on a kink was called the mode.
    D, y, star = total_variation(7)
    matrix = torch.from_numpy(D)
    land = Landscape(eqt.Objective(eqt.FunctionEnergy(lambda h: (matrix @ h).abs().sum()), torch.from_numpy(y)))
    found = minimise(land, star + away)
    assert found is not None and is_stationary(land, found)
    assert np.linalg.norm(found.h.numpy() - star) <= found.error + 1e-6


def test_where_descent_cannot_go_on_past_kinks_no_stationary_state_is_seen():
    D, y, star = total_variation(80)
    matrix = torch.from_numpy(D)
    land = Landscape(eqt.Objective(eqt.FunctionEnergy(lambda h: (matrix @ h).abs().sum()), torch.from_numpy(y)))
    at = star + 0.01
    stuck = Minimum(torch.from_numpy(at), land.value(at), float(np.linalg.norm(land.gradient(at))), 1.0, 1.0, 1e-15)
    assert past_kinks(land, stuck) is stuck and not is_stationary(land, stuck)
