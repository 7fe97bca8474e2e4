"""Functions that draw random numbers are refused by name, with what to do."""

import pytest
import torch
from torch import nn

import eqt_theory as eqt

STATES = torch.randn(9, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_dropout_in_training_mode_is_named():
    net = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5), nn.Linear(3, 1)).double()
    for energy in (eqt.NetworkEnergy(net), eqt.FunctionEnergy(net, dim=3)):
        with pytest.raises(eqt.UsageError, match=r"Dropout in training mode at 1, .*\.eval\(\)"):
            energy.value(STATES)
    assert eqt.NetworkEnergy(net.eval()).value(STATES).shape == (9,)
    off = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.0), nn.Linear(3, 1)).double()
    assert eqt.NetworkEnergy(off).value(STATES).shape == (9,)
    layer = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.5)).double()
    with pytest.raises(eqt.UsageError, match="Dropout in training mode"):
        eqt.FixedPoint(layer, dim=3)(STATES[0])


def test_what_draws_the_same_numbers_each_time_is_a_function():
    def seeded(h):
        return h * torch.randn(3, dtype=h.dtype, generator=torch.Generator().manual_seed(1))

    expected = torch.stack([seeded(h) for h in STATES])
    assert torch.equal(eqt.FixedPoint(seeded, dim=3)(STATES), expected)
    assert torch.equal(eqt.FunctionEnergy(lambda h: seeded(h).sum(), dim=3).value(STATES), expected.sum(-1))


def test_random_numbers_in_a_plain_function_are_told_in_a_batch():
    net = nn.Dropout(0.5)
    for call in (
        lambda: eqt.FunctionEnergy(lambda h: net(h).sum(), dim=3).value(STATES),
        lambda: eqt.FixedPoint(lambda h: h + torch.randn_like(h), dim=3)(STATES),
    ):
        with pytest.raises(eqt.UsageError, match="draws random numbers"):
            call()
