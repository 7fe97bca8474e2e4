import pytest
import torch
from torch import nn

from eqt_theory import UsageError
from eqt_theory.operators.calls import Call

D = torch.float64


def rows(n, d=3):
    return torch.arange(n * d, dtype=D).reshape(n, d) / 10


@pytest.mark.parametrize("n", [0, 1, 3, 9])
def test_one_by_one_and_under_vmap_agree(n):
    call = Call(lambda h, x, s: torch.sin(h) + x.sum() * s, "T")
    h, x = rows(n), rows(n, 2)
    wanted = torch.sin(h) + x.sum(-1, keepdim=True) * 2.0
    assert torch.allclose(call.many(h, x, 2.0), wanted)


@pytest.mark.parametrize("n", [3, 9])
def test_a_function_that_works_in_place_changes_nothing(n):
    h = rows(n)
    given = h.clone()
    assert torch.equal(Call(lambda x: x.mul_(0.5), "T").many(h), given / 2)
    assert torch.equal(h, given)


def test_control_flow_goes_one_by_one():
    h = rows(9) - 1
    found = Call(lambda x: x if x[0] > 0 else -x, "T").many(h)
    assert torch.equal(found, torch.where(h[:, :1] > 0, h, -h))


@pytest.mark.parametrize("n", [2, 9])
def test_a_batch_is_not_mixed(n):
    h = rows(n)
    assert torch.allclose(Call(lambda x: x - x.mean(), "T").many(h), h - h.mean(-1, keepdim=True))


@pytest.mark.parametrize("fn", [lambda h: h[:1], lambda h: 3.0, lambda h: h.float(), lambda h: 1 / 0])
@pytest.mark.parametrize("n", [2, 9])
def test_what_is_no_state_is_told(fn, n):
    with pytest.raises(UsageError, match="G, <lambda>,"):
        Call(fn, "G").many(rows(n))


def test_the_reference_is_a_parameter_or_buffer():
    assert Call(torch.tanh, "T").reference is None
    assert Call(nn.ReLU(), "T").reference is None
    assert Call(nn.Linear(2, 2), "T").reference.dtype is torch.float32
