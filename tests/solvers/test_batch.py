import pytest
import torch

import eqt_theory as eqt
from eqt_theory.solvers.batch import arrange


def test_layouts(quadratic_case):
    single = arrange(quadratic_case(batch=()).objective, None)
    assert not single.flat and single.h.shape == (6,) and single.shape == ()
    several = quadratic_case(batch=(2, 3))
    batch = arrange(several.objective, None)
    assert batch.flat and batch.h.shape == (6, 6) and batch.shape == (2, 3)
    assert torch.equal(
        batch.objective.gradient(batch.h).reshape(2, 3, 6), several.objective.gradient(several.objective.proposal)
    )


def test_start_is_broadcast_and_copied(quadratics):
    start = torch.zeros(6, dtype=torch.float64)
    batch = arrange(quadratics.objective, start)
    assert batch.h.shape == (24, 6)
    batch.h.add_(1.0)
    assert (start == 0).all()


def test_an_energy_with_hidden_tensors_is_not_dropped_from():
    hidden = torch.ones(3, 2, dtype=torch.float64)
    energy = eqt.FunctionEnergy(lambda h: ((h - hidden) ** 2).sum(-1))
    assert not arrange(eqt.Objective(energy, torch.zeros(3, 2, dtype=torch.float64)), None).flat


def test_unusable_start(quadratics):
    with pytest.raises(ValueError, match="start"):
        arrange(quadratics.objective, torch.tensor(1.0))
