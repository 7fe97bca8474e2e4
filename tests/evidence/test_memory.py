"""In many dimensions nothing is formed that grows with their square, and few states are held at once."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import eqt_theory as eqt
from eqt_theory.core import memory
from eqt_theory.evidence.diagnosis import star
from eqt_theory.evidence.map.tail import _directions
from eqt_theory.evidence.oracle import Landscape
from eqt_theory.evidence.sampling import affordable

D = 100_000
"""At which a d x d matrix takes 75 GiB."""
PROGRAM = f"""
import resource, torch
import eqt_theory as eqt
d = {D}
x = torch.ones(d, dtype=torch.float64)
energy = eqt.FunctionEnergy(lambda h: torch.cosh(h).sum() + 0.1 * (h[1:] * h[:-1]).sum(), dim=d)
phi, ball, step = eqt.Objective(energy, x, 1.0), eqt.Ball([0.0] * d, 1.0), eqt.GradientDescent(0.1)
calls = [
    lambda **k: eqt.measure_curvature(energy, x, **k),
    lambda **k: eqt.measure_jacobian(lambda z: 0.5 * torch.tanh(z), x, **k),
    lambda **k: eqt.check_lipschitz(lambda z: 0.5 * torch.tanh(z), 0.6, ball, **k),
    lambda **k: eqt.check_monotone(lambda z: 0.5 * torch.tanh(z), 0.0, ball, **k),
    lambda **k: eqt.check_contraction(phi, step, 0.9, ball, **k),
    lambda **k: eqt.check_strong_convexity(energy, 0.5, ball, **k),
    lambda **k: eqt.check_map(phi, x, **k),
]
for call in calls:
    call(seconds=0.3)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_the_peak_stays_far_below_a_matrix():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 1.5 * 2**30


@pytest.mark.parametrize("d", [10, 10**5, 10**6, 10**8])
def test_samples_shrink_with_the_dimension_and_some_are_left(d):
    drawn = affordable(256, d)
    assert 8 <= drawn <= 256
    assert drawn == 8 or drawn * d <= 2**22
    assert affordable(3, d) == 3


@pytest.mark.parametrize(("d", "least", "most"), [(3, 30, 40), (300, 40, 50), (200_000, 3, 8)])
def test_directions_of_the_tail_shrink_with_the_dimension(d, least, most):
    phi = eqt.Objective(
        eqt.FunctionEnergy(lambda h: torch.cosh(h).sum(), dim=d), torch.ones(d, dtype=torch.float64), 1.0
    )
    found = _directions(Landscape(phi), np.ones(d), 0)
    assert least <= len(found) <= most
    assert np.allclose(np.linalg.norm(found, axis=1), 1)


def test_a_hessian_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "_memory", lambda: 2**20)
    energy = eqt.FunctionEnergy(lambda h: (h**4).sum(), dim=400)
    phi = eqt.Objective(energy, torch.ones(400, dtype=torch.float64), 1.0)
    for call in (lambda: phi.hessian(phi.proposal), lambda: eqt.solve(phi, eqt.Newton())):
        with pytest.raises(eqt.UsageError, match=r"the Hessian \(hessian_vector needs none\) of 400 x 400 numbers"):
            call()
    assert eqt.solve(phi, eqt.NewtonCG()).converged


def test_a_diagnosis_forms_no_hessian_above_its_limit(monkeypatch):
    monkeypatch.setattr(star, "_LARGEST", 2)
    monkeypatch.setattr(star, "Newton", lambda: pytest.fail("a Hessian would be formed"))
    weights = torch.tensor([1.0, 3e4, 5e4], dtype=torch.float64)
    energy = eqt.FunctionEnergy(lambda h: (weights * h.square()).sum() / 2, dim=3)
    assert bool(star.find_stars(eqt.Objective(energy, torch.ones(2, 3, dtype=torch.float64), gamma=1e3)).found.all())
