import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


@pytest.mark.parametrize(("mu", "lipschitz"), [(0.0, 1.0), (0.1, 10.0)])
def test_spectrum_lies_between_the_constants(mu: float, lipschitz: float) -> None:
    energy = eqt.nesterov_worst(30, lipschitz, mu)
    values = torch.linalg.eigvalsh(energy.A)
    assert mu < float(values.min()) < mu + 0.02 * lipschitz
    assert lipschitz * 0.98 < float(values.max()) < lipschitz


def test_information_travels_one_coordinate_a_step() -> None:
    energy = eqt.nesterov_worst(10, 4.0)
    h = torch.zeros(10, dtype=torch.float64)
    for step in range(1, 6):
        h = h - 0.25 * energy.gradient(h)
        assert int(h.nonzero().max()) + 1 == step


def test_the_formula() -> None:
    h = torch.arange(1.0, 5.0, dtype=torch.float64)
    by_hand = (5 - 1) / 8 * (1 + 3 + 16 - 2) + 0.5 * 30
    assert float(eqt.nesterov_worst(4, 5.0, 1.0).value(h)) == pytest.approx(by_hand)


@pytest.mark.parametrize("arguments", [(0, 1.0), (3, 1.0, 1.0), (3, 1.0, -0.1), (3, float("inf"))])
def test_bad_input(arguments: tuple) -> None:
    with pytest.raises(UsageError, match="must be"):
        eqt.nesterov_worst(*arguments)
