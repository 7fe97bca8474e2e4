import pytest
import torch

import eqt_theory as eqt
import eqt_theory.solvers.batch as eqt_batch
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
    with pytest.raises(ValueError, match="start must be a dense tensor"):
        arrange(quadratics.objective, torch.zeros(6, dtype=torch.float64).to_sparse())
    with pytest.raises(ValueError, match="start"):
        arrange(quadratics.objective, torch.tensor(1.0))


def test_blocks_change_no_result(quadratics, monkeypatch):
    sizes = torch.linspace(0.02, 0.3, 24, dtype=torch.float64)  # the last ones diverge
    together = eqt.solve(quadratics.objective, eqt.GradientDescent(sizes), max_steps=150)
    assert len(set(together.status)) == 3
    for stop in (None, eqt.Gap(1e-6), eqt.SmallStep(1e-5)):
        whole = eqt.solve(quadratics.objective, eqt.GradientDescent(sizes), max_steps=150, stop=stop)
        with monkeypatch.context() as patch:
            patch.setattr(eqt_batch, "_BLOCK_BYTES", 1)
            patch.setattr(eqt_batch, "_BLOCK_STATES", 5)
            assert eqt_batch.arrange(quadratics.objective, None).block == 5
            parts = eqt.solve(quadratics.objective, eqt.GradientDescent(sizes), max_steps=150, stop=stop)
        assert torch.equal(parts.steps, whole.steps) and list(parts.status) == list(whole.status)
        assert torch.allclose(parts.h, whole.h, rtol=1e-12, atol=1e-12, equal_nan=True)
        assert torch.allclose(parts.residual, whole.residual, rtol=1e-6, atol=0, equal_nan=True)
