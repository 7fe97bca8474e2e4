"""A function that draws numbers is told, however small its states are."""

import pytest
import torch

from eqt_theory.evidence.steady import steady


@pytest.mark.parametrize("d", [1, 2, 3, 300])
def test_dropout_is_told_each_time(d: int):
    torch.manual_seed(0)
    h = torch.full((d,), 0.3, dtype=torch.float64)
    found = [steady(lambda x: torch.nn.functional.dropout(x, 0.5, training=True), [h]) for _ in range(200)]
    assert not any(found)


def test_what_remembers_is_told():
    calls = []

    def remembers(x: torch.Tensor) -> torch.Tensor:
        calls.append(x)
        return x * len(calls)

    assert not steady(remembers, [torch.ones(300)])


@pytest.mark.parametrize("value", [torch.sin, torch.log, lambda x: x / 0])
def test_a_function_is_a_function(value):
    """Where it is nan or infinite, too."""
    assert steady(value, [torch.tensor([-1.0, 2.0]), torch.tensor([0.0, 3.0])])


def test_rounding_alone_is_not_noise_where_it_is_allowed():
    values = iter(torch.tensor([1.0, 1 + 2.0**-20, 1.0, 1 + 2.0**-20]))
    assert steady(lambda _: next(values), [torch.ones(300)], units=256)
    assert not steady(lambda _: next(values), [torch.ones(300)])
