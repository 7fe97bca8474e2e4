import math

import torch
from energies.cases import draw

import eqt_theory as eqt


def test_is_the_logistic_loss() -> None:
    rows, labels, h = draw(0, 6, 2), draw(1, 6).sign(), draw(2, 2)
    by_hand = sum(math.log1p(math.exp(-float(y) * float(x @ h))) for x, y in zip(rows, labels, strict=True))
    assert math.isclose(float(eqt.Logistic(rows, labels).value(h)), by_hand, rel_tol=1e-13)


def test_far_states_neither_overflow_nor_vanish() -> None:
    energy = eqt.Logistic(torch.ones(1, 1).double(), torch.ones(1).double())
    h = torch.tensor([[-1e4], [1e4]], dtype=torch.float64)
    assert energy.value(h).tolist() == [1e4, 0.0]
    assert energy.gradient(h).tolist() == [[-1.0], [0.0]]
    assert torch.isfinite(energy.hessian(h)).all()
