import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_minimum_at_one() -> None:
    h = torch.ones(4, dtype=torch.float64)
    energy = eqt.Rosenbrock()
    assert float(energy.value(h)) == 0.0
    assert float(energy.gradient(h).abs().max()) == 0.0
    assert float(torch.linalg.eigvalsh(energy.hessian(h)).min()) > 0
    assert float(energy.value(torch.tensor([0.0, 1.0], dtype=torch.float64))) == 101.0


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="at least two entries"):
        eqt.Rosenbrock().value(torch.ones(1))
    with pytest.raises(UsageError, match="steepness"):
        eqt.Rosenbrock(0.0)
