import pytest
import torch

from eqt_theory import FixedPoint, UsageError

D = torch.float64


def test_states_go_one_by_one():
    seen = []

    def halve(h):
        seen.append(tuple(h.shape))
        return h / 2

    h = torch.arange(6, dtype=D).reshape(3, 2)
    problem = FixedPoint(halve, dim=2)
    assert torch.equal(problem(h), h / 2) and torch.equal(problem.residual(h), h / 2)
    assert set(seen) == {(2,)}


def test_a_map_cannot_mix_a_batch():
    problem = FixedPoint(lambda h: h - h.mean())
    h = torch.tensor([[0.0, 2.0], [10.0, 20.0]], dtype=D)
    assert torch.equal(problem(h)[0], problem(h[0]))


@pytest.mark.parametrize("fn", [lambda h: h[:1], lambda h: 3.0, lambda h: h.reshape(1, -1), lambda h: 1 / 0])
def test_what_is_no_state_is_told(fn):
    with pytest.raises(UsageError, match="T, <lambda>"):
        FixedPoint(fn, dim=2)(torch.ones(2, dtype=D))


def test_bad_arguments():
    with pytest.raises(UsageError, match="T must be a function"):
        FixedPoint(3)
    with pytest.raises(UsageError, match="dim"):
        FixedPoint(torch.tanh, dim=0)
    with pytest.raises(UsageError, match="last dimension 2"):
        FixedPoint(torch.tanh, dim=2)(torch.ones(3, dtype=D))
    with pytest.raises(UsageError, match="h must be a tensor"):
        FixedPoint(torch.tanh)(3.0)


def test_a_bound_beyond_the_floats_is_infinite():
    h = torch.full((2,), 3e38)
    bound = FixedPoint(lambda h: 0.5 * h, dim=2, contraction=0.5).error_bound(h)
    assert h.double().norm() > torch.finfo(torch.float32).max and bound == torch.inf
