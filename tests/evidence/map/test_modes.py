import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.map import modes
from eqt_theory.evidence.map.modes import find_modes
from eqt_theory.evidence.oracle import Landscape


def land(energy, f, gamma=1.0):
    return Landscape(eqt.Objective(energy, torch.tensor(f, dtype=torch.float64), gamma))


def test_all_four_wells_are_found_lowest_first():
    found = find_modes(land(eqt.DoubleWell(depth=3.0), [0.1, -0.2]), [np.zeros(2)], 0)
    assert len(found.minima) == 4
    values = [m.value for m in found.minima]
    assert values == sorted(values)
    assert np.sign(found.minima[0].h.numpy()).tolist() == [1.0, -1.0]


@pytest.mark.parametrize(("d", "name"), [(1, "evolution"), (5, "annealing"), (10, "hopping"), (30, "")])
def test_each_dimension_has_its_global_method(d, name):
    spectrum = torch.linspace(1, 2, d, dtype=torch.float64)
    found = find_modes(land(eqt.Quadratic.diagonal(spectrum), [1.0] * d), [np.zeros(d)], 0)
    assert len(found.minima) == 1
    assert np.allclose(found.minima[0].h.numpy(), 1 / (spectrum.numpy() + 1))
    assert name in " ".join(found.methods)
    assert len(found.methods) == (2 if name else 1)


def test_a_far_mode_is_found_by_global_search_alone(monkeypatch):
    """A well of width 0.2, four units off: with no random starts, no descent falls into it."""
    energy = eqt.FunctionEnergy(lambda h: -20 * torch.exp(-((h - 4.0) ** 2).sum() / (2 * 0.2**2)))
    far = land(energy, [0.0])
    monkeypatch.setattr(modes, "_STARTS", 0)
    found = find_modes(far, [np.zeros(1)], 0)
    assert found.minima[0].h.numpy() == pytest.approx([4.0], abs=0.02)
    assert len(found.minima) >= 2
    monkeypatch.setattr(modes, "_globally", lambda *_: (None, ""))
    assert len(find_modes(far, [np.zeros(1)], 0).minima) == 1
