import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory import UsageError
from eqt_theory.evidence import oracle
from eqt_theory.evidence.oracle import Landscape, minimise


def test_the_minimiser_of_a_quadratic_is_that_of_linear_algebra():
    for d in (1, 5, 300):  # dense, and by products
        energy = eqt.Quadratic.with_spectrum(torch.linspace(0.1, 4, d, dtype=torch.float64), seed=d)
        f = torch.linspace(-1, 1, d, dtype=torch.float64) + 0.5
        obj = eqt.Objective(energy, f, gamma=2.0)
        found = minimise(Landscape(obj), np.zeros(d))
        truth = torch.linalg.solve(obj.hessian(f), f / 2)
        assert float((found.h - truth).norm()) <= max(found.error, 1e-13)
        assert found.error < 1e-9
        assert found.curvature == pytest.approx(0.6 if d > 1 else 0.6, rel=1e-2)


def test_a_saddle_is_left_and_not_taken_for_a_minimum():
    obj = eqt.Objective(eqt.DoubleWell(), torch.zeros(2, dtype=torch.float64), 1.0)
    found = minimise(Landscape(obj), np.array([1e-3, -1e-3]))
    assert found.curvature > 0
    assert np.allclose(np.abs(found.h.numpy()), np.sqrt(0.75))
    stuck = minimise(
        Landscape(eqt.Objective(eqt.Quadratic(-torch.eye(1).double()), torch.zeros(1).double(), 1.0)), np.ones(1)
    )
    assert stuck is None or not np.isfinite(stuck.error)


def test_float32_objectives_are_solved_in_float64():
    f = torch.tensor([0.3, -1.7])
    land = Landscape(eqt.Objective(eqt.DoubleWell(), f, 1.0))
    assert land.dtype is torch.float64
    assert minimise(land, land.start.numpy()).residual < 1e-14
    weights = torch.randn(2, 2, generator=torch.Generator().manual_seed(0))
    tied = Landscape(eqt.Objective(eqt.FunctionEnergy(lambda h: (weights @ h).square().sum()), f, 1.0))
    assert tied.dtype is torch.float32
    assert minimise(tied, tied.start.numpy()).error < 1e-4


def test_what_is_not_finite_gives_nothing():
    obj = eqt.Objective(eqt.FunctionEnergy(lambda h: h.log().sum()), torch.ones(1, dtype=torch.float64), 1.0)
    assert minimise(Landscape(obj), -np.ones(1)) is None


def test_what_is_stiff_is_solved_with_the_hessian_itself():
    """kappa = 1e8 at d = 300: products alone took minutes."""
    weights = torch.logspace(0, 8, 300, dtype=torch.float64)
    land = Landscape(eqt.Objective(eqt.Quadratic.diagonal(weights), torch.ones(300, dtype=torch.float64)))
    found = minimise(land, np.linspace(-1, 1, 300))
    assert land.held and np.allclose(found.h.numpy(), 1 / (1 + weights.numpy()), rtol=1e-9, atol=0)
    mild = Landscape(eqt.Objective(eqt.Quadratic.diagonal(weights.log10() + 1), torch.ones(300, dtype=torch.float64)))
    assert minimise(mild, np.zeros(300)).error < 1e-9 and not mild.held


def test_a_batch_is_refused_and_a_batch_of_one_is_not():
    f = torch.zeros(3, 2, dtype=torch.float64)
    obj = eqt.Objective(eqt.DoubleWell(), f, 1.0)
    with pytest.raises(UsageError, match="one objective"):
        Landscape(obj)
    land = Landscape(obj.select(torch.tensor([1])))
    assert land.value(np.ones(2)) == pytest.approx(1.0)
    assert land.values(np.ones((4, 2))).shape == (4,)


@pytest.mark.parametrize("raised", [UnboundLocalError, np.linalg.LinAlgError])
def test_a_descent_in_which_scipy_gives_up_is_none(raised: type[Exception], monkeypatch: pytest.MonkeyPatch):
    # trust-exact leaves a variable unset where the Hessian is extreme, as in a hierarchical model's funnel.
    def gives_up(*_: object, **__: object) -> None:
        raise raised("p")

    monkeypatch.setattr(oracle, "minimize", gives_up)
    land = Landscape(eqt.Objective(eqt.Quadratic.diagonal([1.0, 2.0]), torch.ones(2, dtype=torch.float64)))
    assert minimise(land, np.zeros(2)) is None
