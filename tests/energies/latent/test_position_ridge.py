"""The ridge terms: curvature by construction, single positions, planted faults, bad arguments."""

import math

import pytest
import torch
from torch import Tensor

import eqt_theory as eqt
from eqt_theory import Verdict
from eqt_theory.core.errors import UsageError
from eqt_theory.testing import check_energy

from ..cases import draw

ROWS = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 0.5]], dtype=torch.float64)
WEIGHTS = torch.tensor([4.0, 1.0, 0.0], dtype=torch.float64)


def ridge(*batch: int, n: int = 3) -> eqt.PositionRidge:
    return eqt.PositionRidge(ROWS, WEIGHTS, draw(1, *batch, n, 3))


def test_value_by_hand() -> None:
    energy, h = ridge(), draw(2, 6)
    x = h.reshape(3, 2)
    by_hand = sum(
        float(WEIGHTS[j]) * math.log1p(math.exp(float(ROWS[j] @ x[t] + energy.offsets[t, j])))
        for t in range(3)
        for j in range(3)
    )
    assert float(energy.value(h)) == pytest.approx(by_hand, rel=1e-14)


def test_far_out_it_is_no_straight_line() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    energy = eqt.PositionRidge(one, one[0], torch.zeros(1, 1, dtype=torch.float64))
    # torch's own softplus is cut off here.
    assert float(energy.value(torch.tensor([21.0], dtype=torch.float64))) - 21 == pytest.approx(
        math.log1p(math.exp(-21.0)), rel=1e-5
    )


def test_the_largest_curvature_is_four_and_attained() -> None:
    energy = eqt.PositionRidge(ROWS, WEIGHTS, torch.zeros(1, 3, dtype=torch.float64))
    assert energy.curvature is not None
    assert energy.curvature.lowest == 0
    assert 4 <= energy.curvature.highest < 4 * (1 + 1e-12)
    assert float(energy.hessian(torch.zeros(2, dtype=torch.float64))[0, 0]) == 4
    row = torch.tensor([[2.0]], dtype=torch.float64)
    one = eqt.PositionRidge(row, 2 * row[0], torch.zeros(1, 1, dtype=torch.float64))
    domain = eqt.Box([-1.0], [1.0])
    assert eqt.check_smoothness(one, 4.2, domain).verdict is Verdict.CERTIFIED
    assert eqt.check_smoothness(one, 3.99, domain).verdict is Verdict.REFUTED
    assert eqt.check_strong_convexity(one, 0.0, domain).verdict is Verdict.CERTIFIED
    assert eqt.check_strong_convexity(one, 0.01, eqt.Box([-9.0], [9.0])).verdict is Verdict.REFUTED


def test_beside_a_chain_the_constants_add_up() -> None:
    chain = eqt.CoupledChain(draw(3, 3, 2).tanh(), draw(4, 2), 2.0)
    phi = eqt.Objective(chain + ridge(), draw(5, 6), 0.5)
    assert phi.m == 2
    assert phi.M is not None
    assert pytest.approx(2 + 8 + 4) == phi.M
    solution = eqt.solve(phi, eqt.GradientDescent.optimal(phi.m, phi.M), tolerance=1e-10, max_steps=5000)
    assert bool(solution.converged.all())
    found = eqt.diagnose(eqt.Objective(chain + ridge(), draw(5, 1, 6), 0.5), 2 / (2 + 14), 200)
    assert phi.m <= float(found.at_star.lambda_min.min()) <= float(found.at_star.lambda_max.max()) <= phi.M


class Boastful(eqt.PositionRidge):
    """Declares the curvature of softplus without the rows."""

    @property
    def curvature(self) -> eqt.Curvature:  # pyright: ignore[reportIncompatibleVariableOverride]
        return eqt.Curvature(0.0, 0.25)


class Shifted(eqt.PositionRidge):
    """Leaves the offsets out of its gradient."""

    def gradient(self, h: Tensor) -> Tensor:
        return ((self.weights * torch.sigmoid(self.sequence(h) @ self.rows.mT)) @ self.rows).flatten(-2)


@pytest.mark.parametrize("planted", [Boastful, Shifted])
def test_planted_faults_are_caught(planted: type[eqt.PositionRidge]) -> None:
    args = ROWS, WEIGHTS, draw(6, 2, 3)
    assert check_energy(eqt.PositionRidge(*args), 4, on_fail=None, samples=12).passed
    assert not check_energy(planted(*args), 4, on_fail=None, samples=12).passed


@pytest.mark.parametrize(
    ("rows", "weights", "offsets", "said"),
    [
        (1.001 * ROWS, WEIGHTS, torch.zeros(2, 3).double(), "spectral norm of at most 2"),
        (ROWS, WEIGHTS + 0.01, torch.zeros(2, 3).double(), "weights must be from 0 to 4"),
        (ROWS, -WEIGHTS, torch.zeros(2, 3).double(), "weights must be from 0 to 4"),
        (ROWS, WEIGHTS[:2], torch.zeros(2, 3).double(), "weights must have shape"),
        (ROWS, WEIGHTS, torch.zeros(2, 2).double(), "offsets must have shape"),
        (ROWS, WEIGHTS, torch.zeros(0, 3).double(), "at least one position"),
        (ROWS[0], WEIGHTS, torch.zeros(2, 3).double(), "rows must have shape"),
        (ROWS, WEIGHTS, torch.zeros(2, 3), "dtype"),
    ],
)
def test_bad_arguments(rows: Tensor, weights: Tensor, offsets: Tensor, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        eqt.PositionRidge(rows, weights, offsets)
