import copy
import pickle

import pytest
import torch

from eqt_theory import Ball, Box, FixedPoint, Inclusion, UsageError

D = torch.float64


@pytest.mark.parametrize("name", ["gradient", "value", "energy", "m", "hessian", "proposal", "gamma"])
def test_what_only_energies_have_is_refused_in_words(name):
    for problem in (FixedPoint(torch.tanh, 2), Inclusion(torch.tanh, Ball([0.0, 0.0], 1.0))):
        with pytest.raises(UsageError, match=f"has no {name}"):
            getattr(problem, name)
        assert not hasattr(problem, name)


def test_anything_else_that_is_missing_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'") as caught:
        FixedPoint(torch.tanh).nonsense  # noqa: B018
    assert not isinstance(caught.value, UsageError)


def test_problems_can_be_copied_and_pickled():
    problem = FixedPoint(torch.tanh, 2)
    for twin in (copy.copy(problem), copy.deepcopy(problem), pickle.loads(pickle.dumps(problem))):
        assert torch.equal(twin(torch.ones(2, dtype=D)), problem(torch.ones(2, dtype=D)))


def test_where_a_run_starts():
    assert torch.equal(FixedPoint(torch.tanh, 3).initial, torch.zeros(3, dtype=D))
    assert FixedPoint(torch.nn.Linear(2, 2), 2).initial.dtype is torch.float32
    with pytest.raises(UsageError, match="start must be given"):
        FixedPoint(torch.tanh).initial  # noqa: B018


def test_a_domain_and_what_is_defined():
    problem = FixedPoint(torch.log, domain=Box([0.5], [2.0]))
    h = torch.tensor([[1.0], [-1.0], [3.0]], dtype=D)
    assert problem.dim == 1
    assert problem.within(h).tolist() == [True, False, False]
    assert problem.defined(h).tolist() == [True, False, True]


def test_states_that_do_not_fit():
    problem = FixedPoint(lambda h, x: h + x, 2, inputs=torch.ones(3, 2, dtype=D))
    for h, word in [
        (torch.ones(2, dtype=D), "batch dimensions"),
        (torch.ones(3, 1, dtype=D), "last dimension 2"),
        (torch.ones(3, 2), "dtype"),
        (torch.ones(3, 2, dtype=torch.int64), "floating-point"),
        ("x", "tensor"),
    ]:
        with pytest.raises(UsageError, match=word):
            problem.checked(h)
