import math

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.map.tail import look_at_tail
from eqt_theory.evidence.oracle import Landscape


def land(energy, f, gamma=1.0):
    return Landscape(eqt.Objective(energy, torch.tensor(f, dtype=torch.float64), gamma))


def bare(function, d):
    """Phi is the function itself: the proximal term is taken off."""
    return land(eqt.FunctionEnergy(lambda h: function(h) - h.square().sum(-1) / 2, dim=d), [0.0] * d)


def test_tails():
    assert look_at_tail(land(eqt.DoubleWell(), [0.0, 1.0]), np.zeros(2), 0).finite
    falls = look_at_tail(land(eqt.Quadratic(torch.tensor([[-3.0]]).double()), [0.0]), np.zeros(1), 0)
    assert not falls.finite and falls.low is not None and "falls" in falls.reason
    flat = look_at_tail(land(eqt.Quadratic(-torch.eye(2).double()), [0.0, 0.0]), np.zeros(2), 0)
    assert not flat.finite and flat.low is None
    logarithmic = eqt.FunctionEnergy(lambda h: -0.5 * h.square().sum() + 0.5 * torch.log1p(h.square().sum()))
    assert not look_at_tail(land(logarithmic, [0.0]), np.zeros(1), 0).finite
    ending = land(eqt.FunctionEnergy(lambda h: torch.where(h.abs() > 100, math.nan, 0.0).sum()), [0.0])
    assert look_at_tail(ending, np.zeros(1), 0).finite and ending.blank


def test_a_domain_that_no_random_direction_lies_in_is_followed_outwards():
    """The positive orthant of 20 dimensions, in which one direction of a million lies: Phi falls for ever, or not."""
    for slope, finite in ((1.0, True), (-1.0, False)):
        orthant = bare(lambda h, s=slope: s * h.square().sum(-1) - h.log().sum(-1), 20)
        assert look_at_tail(orthant, np.full(20, 1e-2), 0).finite is finite


VALLEYS = {
    "bent": lambda h: (h[..., 1] - h[..., 0] ** 2) ** 2 + 0.05 * torch.log1p(h[..., 0] ** 2),
    "cubic": lambda h: (h[..., 1] - h[..., 0] ** 3 / 9) ** 2 + 0.05 * torch.log1p(h[..., 0] ** 2),
    "winding": lambda h: (h[..., 1] - 3 * torch.sin(h[..., 0])) ** 2 + 0.05 * torch.log1p(h[..., 0] ** 2),
    "off the axes": lambda h: (h[..., 0] - 0.37 * h[..., 1]) ** 2 + 0.1 * torch.log1p(h[..., 1] ** 2),
}


@pytest.mark.parametrize(("name", "d"), [*((name, d) for name in VALLEYS for d in (2, 4)), ("off the axes", 30)])
def test_valleys_that_no_ray_follows_are_found(name, d):
    valley = bare(lambda h: VALLEYS[name](h) + h[..., 2:].square().sum(-1), d)
    tail = look_at_tail(valley, np.zeros(d), 0)
    assert not tail.finite and "hardly grows" in tail.reason
    assert tail.values[-1] < 3


@pytest.mark.parametrize("name", VALLEYS)
def test_the_same_valleys_with_a_floor_that_rises_are_finite(name):
    rising = bare(lambda h: VALLEYS[name](h) + 0.01 * h.square().sum(-1), 2)
    assert look_at_tail(rising, np.zeros(2), 0).finite


def test_the_lowest_state_of_each_sphere_lies_on_it():
    tail = look_at_tail(land(eqt.DoubleWell(), [0.3, 1.0]), np.array([1.0, 0.0]), 3)
    radii = np.linalg.norm(tail.states - np.array([1.0, 0.0]), axis=1)
    assert radii[0] == pytest.approx(1.0) and radii[-1] == pytest.approx(tail.reach) == pytest.approx(1e6)
    assert np.allclose(tail.values, [float(v) for v in land(eqt.DoubleWell(), [0.3, 1.0]).values(tail.states)])
