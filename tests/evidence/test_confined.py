"""Modes on the edge of a domain: what is one, and what only looks like one."""

import numpy as np
import pytest
import torch

from eqt_theory import Ball, Box, FunctionEnergy, Objective, Verdict, check_map
from eqt_theory.evidence.confined import confined
from eqt_theory.evidence.landscape import Landscape
from eqt_theory.evidence.oracle import is_stationary, minimise

F64 = torch.float64


def _objective(phi, domain, proposal, gamma=1.0):
    return Objective(FunctionEnergy(phi, domain=domain), torch.tensor(proposal, dtype=F64), gamma)


def _bowl(h):
    return h.square().sum() / 2 + h.sum()


def _saddle(h):
    return -5 * h[0] - 4 * (h[1] - 0.5) ** 2


def _hill(h):
    return -2 * h.square().sum()


def _of_length_one(*entries):
    h = torch.tensor(entries, dtype=F64)
    return (h / h.norm()).tolist()


@pytest.mark.parametrize(
    ("phi", "domain", "proposal", "state", "verdict"),
    [
        (_bowl, Box([0.0], [1.0]), [0.5], [0.0], Verdict.SUPPORTED),
        (_bowl, Box([0.0] * 8, [1.0] * 8), [0.5] * 8, [0.0] * 7 + [1e-3], Verdict.REFUTED),
        (_bowl, Ball([0.0] * 3, 1.0), [6.0, 7.0, 8.0], _of_length_one(5.0, 6.0, 7.0), Verdict.SUPPORTED),
        (_bowl, Ball([0.0] * 3, 1.0), [6.0, 7.0, 8.0], _of_length_one(5.01, 6.0, 7.0), Verdict.REFUTED),
        # at the highest point of an edge the gradient points out of the domain, too
        (_saddle, Box([0.0, 0.0], [1.0, 1.0]), [0.5, 0.6], [1.0, 3.4 / 7], Verdict.REFUTED),
        (_saddle, Box([0.0, 0.0], [1.0, 1.0]), [0.5, 0.6], [1.0, 1.0], Verdict.SUPPORTED),
        (_hill, Box([-1.0] * 8, [1.0] * 8), [0.1] * 8, [1.0] * 8, Verdict.SUPPORTED),
        (_hill, Box([-1.0] * 8, [1.0] * 8), [0.1] * 8, [-1.0] + [1.0] * 7, Verdict.REFUTED),
        (_hill, Ball([0.0] * 4, 1.0), [0.1, 0.2, 0.2, 0.4], _of_length_one(1.0, 2.0, 2.0, 4.0), Verdict.SUPPORTED),
        (_hill, Ball([0.0] * 4, 1.0), [0.1, 0.2, 0.2, 0.4], _of_length_one(-1.0, -2.0, -2.0, -4.0), Verdict.REFUTED),
    ],
)
def test_a_mode_on_the_edge(phi, domain, proposal, state, verdict):
    found = check_map(_objective(phi, domain, proposal), torch.tensor(state, dtype=F64))
    assert found.verdict is verdict, found.detail


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("state", [[1 - 1e-9, 0.0], [1.0, 0.0]])
def test_an_edge_along_which_phi_bends_as_the_sphere_gives_no_step_and_no_warning(state):
    hill = _objective(lambda h: -h.square().sum(), Ball([0.0, 0.0], 1.0), [0.1, 0.0])
    assert check_map(hill, torch.tensor(state, dtype=F64)).verdict is Verdict.SUPPORTED


def test_a_state_outside_of_the_domain_is_told():
    hill = _objective(lambda h: -h.square().sum(), Ball([0.0, 0.0], 1.0), [0.1, 0.0])
    found = check_map(hill, torch.tensor([1.2, 0.0], dtype=F64))
    assert found.verdict is Verdict.INCONCLUSIVE and "lies outside of the domain" in found.detail


def test_a_kink_at_a_corner_is_left_to_hulls_of_gradients():
    domain = Box([0.5] * 3, [2.0] * 3)
    objective = _objective(lambda h: 3 * h.abs().sum() + h.diff().abs().sum(), domain, [1.0] * 3)
    assert check_map(objective, torch.full((3,), 0.5, dtype=F64)).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize("d", [2, 30, 300])
def test_an_ill_conditioned_quadratic_on_a_box(d):
    """Against the conditions of Karush, Kuhn and Tucker."""
    rng = np.random.default_rng(d)
    q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    a = q @ np.diag(np.geomspace(1, 1e4, d)) @ q.T
    a, b = (a + a.T) / 2, 200 * rng.normal(size=d)
    at, bt = torch.tensor(a), torch.tensor(b)
    objective = _objective(lambda h: h @ at @ h / 2 + bt @ h, Box([-0.5] * d, [0.7] * d), [0.0] * d)
    land = Landscape(objective)
    first = minimise(land, np.zeros(d), kinks=False)
    found = confined(land, first)
    h, slope = found.h.numpy(), (a + np.eye(d)) @ found.h.numpy() + b
    free = (h > -0.5) & (h < 0.7)
    assert is_stationary(land, found) and not is_stationary(land, first) and not free.all()
    assert np.abs(slope[free]).max(initial=0.0) < 1e-7
    assert (slope[h <= -0.5] > -1e-7).all() and (slope[h >= 0.7] < 1e-7).all()


def test_where_there_is_no_edge_nothing_is_done():
    inside = _objective(_bowl, Box([-2.0] * 2, [2.0] * 2), [0.5, 0.5])
    for objective in (inside, _objective(_bowl, None, [0.5, 0.5])):
        land = Landscape(objective)
        found = minimise(land, np.zeros(2))
        assert confined(land, found) is found


def test_two_domains_are_not_taken_for_one():
    two = FunctionEnergy(_bowl, domain=Box([0.0] * 2, [1.0] * 2)) + FunctionEnergy(_bowl, domain=Ball([0.0] * 2, 1.0))
    land = Landscape(Objective(two, torch.tensor([0.5, 0.5], dtype=F64), 1.0))
    assert land.domain is None
    found = minimise(land, np.full(2, 0.5))
    assert confined(land, found) is found


def test_starts_from_a_corner_reach_other_corners():
    """Of 30 entries almost all steps from a corner lead out of the box; the states nearest to them are starts."""
    rng, d = np.random.default_rng(0), 30
    a, b = 3 * rng.normal(size=(d, d)), rng.normal(size=d)
    a += a.T
    at, bt = torch.tensor(a), torch.tensor(b)
    objective = _objective(lambda h: h @ at @ h / 2 + bt @ h, Box([0.0] * d, [0.1] * d), [0.0] * d)
    x, step = rng.uniform(0, 0.1, size=d), 1 / (np.abs(np.linalg.eigvalsh(a)).max() + 1)
    for _ in range(3000):
        x = np.clip(x - step * (a @ x + b + x), 0, 0.1)
    found = check_map(objective, torch.tensor(x))
    assert found.verdict is Verdict.REFUTED, found.detail


def test_other_modes_on_the_edge_are_counted():
    objective = _objective(_hill, Box([-1.0] * 3, [1.0] * 3), [0.1, 0.1, 0.1])
    found = check_map(objective, torch.ones(3, dtype=F64))
    assert found.verdict is Verdict.SUPPORTED and "other local modes, all higher" in found.detail, found.detail
