"""A gradient that is not that of the values is noticed, and what only looks like one is not."""

import numpy as np
import pytest
import torch
from energies.cases import SHARED, D

import eqt_theory as eqt
from eqt_theory.evidence.slopes import slope_differs_at, slopes_differ

BALL = eqt.Ball([0.0] * 3, 0.3)


def states(d=3, scale=1.0, dtype=torch.float64):
    return (scale * torch.randn(6, d, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).to(dtype)


LOST = {
    "detached": lambda h: (h.detach() ** 2).sum(),
    "half of it detached": lambda h: (h**2).sum() + (h.detach() ** 2).sum(),
    "through NumPy, one state at a time": lambda h: (
        (h**2).sum() * 0.0 + torch.stack([x.detach() for x in h]).pow(2).sum()
    ),
}
SOUND = {
    "a kink": lambda h: h.abs().sum(),
    "nothing": lambda h: 0.0 * h.sum(),
    "terms that cancel": lambda h: 1e8 * (1 - torch.cos(1e-4 * h)).sum(),
    "behind a large constant": lambda h: 1e15 + h.pow(2).sum(),
    "not finite": lambda h: torch.log(h).sum(),
    "a jump": lambda h: torch.where(h > 0, 1.0, 0.0).sum() + h.pow(2).sum(),
}


@pytest.mark.parametrize("fn", LOST.values(), ids=LOST)
@pytest.mark.parametrize("d", [1, 3, 300])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_lost_gradient_is_noticed(fn, d, dtype):
    energy, seen = eqt.FunctionEnergy(fn, dim=d), states(d, dtype=dtype)
    assert "gradient and value disagree" in slopes_differ(energy, seen)
    if dtype == torch.float64:  # of one state in single precision little is told
        assert slope_differs_at(energy, seen[1], energy.gradient(seen[1]))


@pytest.mark.parametrize("fn", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e3])
@pytest.mark.parametrize("d", [1, 40])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_kinks_rounding_and_holes_are_no_disagreement(fn, scale, d, dtype):
    if (fn, dtype) == (SOUND["terms that cancel"], torch.float32):
        return  # its values are a staircase in single precision, which the gradient is not the slope of
    energy, seen = eqt.FunctionEnergy(fn, dim=d), states(d, scale, dtype)
    assert slopes_differ(energy, seen) == ""
    for h in seen[:2]:
        said = slope_differs_at(energy, h, energy.gradient(h))
        assert said == "" or ("finite" in said and not energy.value(h).isfinite())


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_packaged_energies_have_the_gradient_of_their_values(name, scale):
    energy = SHARED[name]
    assert slopes_differ(energy() if not isinstance(energy, eqt.Energy) else energy, states(D, scale)) == ""


@pytest.mark.parametrize("at", [0.0, 1.0, 10.0])
def test_in_single_precision_too(at):
    lost = eqt.FunctionEnergy(LOST["detached"], dim=3)
    objective, ball = eqt.Objective(lost, torch.full((3,), at), gamma=0.5), eqt.Ball([at] * 3, 0.3)
    assert eqt.check_contraction(objective, eqt.GradientDescent(0.1), 0.95, ball).verdict is eqt.Verdict.INCONCLUSIVE
    assert eqt.check_strong_convexity(objective, 1.9, ball).verdict is eqt.Verdict.INCONCLUSIVE
    assert eqt.check_map(objective, objective.proposal / 2).verdict is eqt.Verdict.INCONCLUSIVE


def test_nothing_is_supported_by_a_gradient_that_is_lost():
    lost = eqt.FunctionEnergy(LOST["detached"], dim=3)
    objective = eqt.Objective(lost, torch.full((3,), 0.1, dtype=torch.float64), gamma=0.5)
    # Descent with that gradient ends at the proposal; the minimiser is half of it.
    found = eqt.check_map(objective, objective.proposal)
    assert found.verdict is eqt.Verdict.REFUTED
    assert np.allclose(found.witness["state of lower Phi"], 0.05, atol=1e-3)
    assert eqt.check_map(objective, objective.proposal / 2).verdict is eqt.Verdict.INCONCLUSIVE
    found = eqt.check_contraction(objective, eqt.GradientDescent(0.1), 0.95, BALL)
    assert found.verdict is eqt.Verdict.INCONCLUSIVE
    assert "gradient and value disagree" in found.detail
    assert eqt.check_smoothness(lost, 3.0, BALL).verdict is eqt.Verdict.INCONCLUSIVE
    with pytest.raises(eqt.UsageError, match="gradient and value disagree"):
        eqt.measure_curvature(lost, objective.proposal)


def test_in_many_dimensions_too():
    lost = eqt.FunctionEnergy(LOST["half of it detached"], dim=300)
    proposal = torch.ones(300, dtype=torch.float64)
    objective = eqt.Objective(lost, proposal, gamma=1.0)
    # grad = 2 h + h - f vanishes at f/3; the minimiser is f/5.
    assert eqt.check_map(objective, proposal / 3).verdict is not eqt.Verdict.SUPPORTED
    assert eqt.check_contraction(objective, eqt.GradientDescent(0.1), 0.75, eqt.Ball([0.0] * 300, 1.0)).verdict is (
        eqt.Verdict.INCONCLUSIVE
    )
    with pytest.raises(eqt.UsageError, match="gradient and value disagree"):
        eqt.measure_curvature(lost, proposal)
