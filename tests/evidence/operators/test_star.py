import math

import pytest
import torch

from eqt_theory import Box, FixedPoint, Inclusion
from eqt_theory.evidence.operators.star import find_root

D = torch.float64


def test_the_root_of_a_map_that_picard_does_not_find():
    A = torch.tensor([[3.0, 1.0], [0.0, -4.0]], dtype=D)
    found = find_root(FixedPoint(lambda h: A @ h + 1, 2), torch.zeros(2, dtype=D))
    assert torch.allclose(found.h, torch.linalg.solve(torch.eye(2, dtype=D) - A, torch.ones(2, dtype=D)))
    assert found.error < 1e-13 and found.steepness == pytest.approx(
        float(torch.linalg.svdvals(torch.eye(2, dtype=D) - A)[-1])
    )


def test_a_kinked_inclusion_and_a_nonlinear_map():
    box = Inclusion(lambda h: 2 * h - 3, Box([-1.0], [1.0]))
    assert float(find_root(box, torch.zeros(1, dtype=D)).h) == 1.0
    cosine = find_root(FixedPoint(torch.cos, 1), torch.zeros(1, dtype=D))
    assert float(cosine.h) == pytest.approx(0.7390851332151607, abs=1e-15)


def test_no_root_and_no_isolated_root():
    assert find_root(FixedPoint(lambda h: h + 1, 1), torch.zeros(1, dtype=D)) is None
    assert find_root(FixedPoint(lambda h: h, 1), torch.zeros(1, dtype=D)).error == math.inf
    assert find_root(FixedPoint(torch.tanh, 600), torch.zeros(600, dtype=D)) is None
