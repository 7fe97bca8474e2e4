"""Measurements of causal games lie inside their certificates; a certificate that says too much is noticed."""

import dataclasses
from fractions import Fraction

import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.models.measure_game import measure_game

from .cases import small, tokens

GAMES = [Coupling.CAUSAL, Coupling.CAUSAL_RIDGE, Coupling.FROZEN]


def model(coupling: Coupling) -> CoupledTransformer:
    m = CoupledTransformer(CoupledConfig(backbone=small(), coupling=coupling, ridge_rows=6), 3)
    with torch.no_grad():
        m.couple.weight.mul_(5)
    return m


@pytest.mark.parametrize("coupling", GAMES)
def test_inside(coupling: Coupling) -> None:
    x = tokens(small())
    found = measure_game(model(coupling).double(), x, x)
    assert found.inside and found.errors[0] == 1 and found.changed[0] == 0
    assert found.positions == 21 and found.accuracy is not None and len(found.accuracy) == len(found.steps)
    if coupling is not Coupling.FROZEN:
        assert found.worst_step > 0.5 * float(found.certificate.rate)
    if found.certificate.exact_after_n:
        assert found.errors[found.steps.index(8)] < 1e-12
    assert found.to_dict()["inside"] is True
    assert found.memory <= 16 / 17


def test_a_certificate_that_says_too_much_is_noticed() -> None:
    found = measure_game(model(Coupling.CAUSAL).double(), tokens(small()))
    wrong = dataclasses.replace(found.certificate, rate=Fraction(found.worst_step) * Fraction(99, 100))
    assert not dataclasses.replace(found, certificate=wrong).inside
    assert found.accuracy is None


def test_what_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a game"):
        measure_game(model(Coupling.JOINT).double(), tokens(small()))
    with pytest.raises(UsageError, match="float64"):
        measure_game(model(Coupling.CAUSAL), tokens(small()))
