import pytest
import torch

import eqt_theory as eqt
from eqt_theory.evidence.curvature.search import Segment
from eqt_theory.evidence.curvature.second_difference import replay_segment

BALL = eqt.Ball([0.0, 0.0], 3.0)
BOWL = eqt.Quadratic(torch.diag(torch.tensor([1.0, 4.0], dtype=torch.float64)))


def segment(a: list[float], b: list[float]) -> Segment:
    return Segment(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64), 0.0)


def test_a_violation_is_confirmed_with_its_size():
    found = replay_segment(BOWL, BALL, segment([0.0, 0.0], [1.0, 0.0]), 1.5, 1.0)
    assert found.curvature == pytest.approx(1.0, rel=1e-9)
    assert found.replay.confirms
    upper = replay_segment(BOWL, BALL, segment([0.0, 0.0], [0.0, 1.0]), 3.5, -1.0)
    assert upper.curvature == pytest.approx(4.0, rel=1e-9)


def test_a_bound_that_holds_is_not_refuted():
    assert replay_segment(BOWL, BALL, segment([0.0, 0.0], [1.0, 0.0]), 1.0, 1.0) is None
    assert replay_segment(BOWL, BALL, segment([0.0, 0.0], [1.0, 0.0]), 0.999, 1.0) is None


def test_rounding_is_no_violation():
    """Far from the origin the values are large and second differences of short segments mean nothing."""
    high = BOWL + eqt.FunctionEnergy(lambda h: 1e9 + 0 * h.sum(), dim=2)
    tiny = segment([1.0, 0.0], [1.0 + 1e-6, 0.0])
    assert replay_segment(high, eqt.Ball([1.0, 0.0], 1e-6), tiny, 1.0 + 1e-9, 1.0) is None


def test_short_segments_are_confirmed_on_longer_ones():
    tiny = segment([0.5, 0.0], [0.5 + 1e-7, 0.0])
    found = replay_segment(BOWL, BALL, tiny, 1.5, 1.0)
    assert found is not None and found.curvature == pytest.approx(1.0, rel=1e-2)


def test_a_point_is_no_segment():
    assert replay_segment(BOWL, BALL, segment([1.0, 0.0], [1.0, 0.0]), 1.5, 1.0) is None


def test_an_error_bound_of_zero_is_no_licence():
    """Where Phi is exactly 0, so are the curvature and its error, which breaks no bound of 0 or beyond."""
    flat = eqt.FunctionEnergy(lambda h: 0 * h.sum(), dim=2)
    pair = segment([0.0, 0.0], [1.0, 0.0])
    for bound in (0.0, -1.0):
        assert replay_segment(flat, BALL, pair, bound, 1.0) is None
        assert replay_segment(flat, BALL, pair, -bound, -1.0) is None
    assert replay_segment(flat, BALL, pair, 0.5, 1.0).curvature == 0


@pytest.mark.parametrize("fn", [lambda h: 0.7 * (1 - torch.cos(h)).sum(-1), lambda h: (torch.cosh(h) - 1).sum(-1)])
def test_terms_that_cancel_near_a_minimum_refute_nothing(fn):
    energy = eqt.FunctionEnergy(fn, dim=3)
    for length in (1e-3, 1e-6, 1e-9, 1e-12):
        a = torch.tensor([1.2175718641677278e-07, 1.0103758462840471e-07, -7.021863699970053e-08], dtype=torch.float64)
        segment = Segment(a, a + length * torch.ones(3, dtype=torch.float64), 387.0)
        assert replay_segment(energy, eqt.WholeSpace(3), segment, 2.0, -1.0) is None
