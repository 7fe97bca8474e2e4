import numpy as np
import pytest
import torch

from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import (
    broadcast_batch,
    finite_tensor,
    float_tensor,
    holds_everywhere,
    last_sizes,
    positive_number,
    same_place,
)


def test_lists_and_arrays_become_tensors() -> None:
    assert float_tensor("x", [1, 2]).dtype == torch.float64
    assert float_tensor("x", np.ones(2, dtype=np.float32)).dtype == torch.float32
    tensor = torch.ones(2, requires_grad=True)
    assert float_tensor("x", tensor) is tensor


@pytest.mark.parametrize(
    "value",
    [torch.ones(2, dtype=torch.long), torch.ones(2, dtype=torch.cfloat), np.ones(2, dtype=int), "no", ["a"], None],
)
def test_everything_else_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="x must be"):
        float_tensor("x", value)


def test_unreadable_values_under_vmap_pass() -> None:
    def inside(x: torch.Tensor) -> torch.Tensor:
        assert holds_everywhere(x > 0)
        return x

    torch.func.vmap(inside)(torch.tensor([-1.0, 1.0]))
    assert not holds_everywhere(torch.tensor([-1.0, 1.0]) > 0)


def test_errors_name_the_argument() -> None:
    with pytest.raises(UsageError, match="x must be finite"):
        finite_tensor("x", [1.0, float("nan")])
    with pytest.raises(UsageError, match="x must be a positive"):
        positive_number("x", 0)
    assert positive_number("x", 0, zero=True) == 0
    with pytest.raises(UsageError, match=r"x must have shape \(\.\.\., \*, 3\), got \(3,\)"):
        last_sizes("x", torch.ones(3), [None, 3])
    with pytest.raises(UsageError, match="x must have the dtype of y"):
        same_place("x", torch.ones(1), "y", torch.ones(1).double())
    with pytest.raises(UsageError, match="x: .2,., y: .3,."):
        broadcast_batch({"x": torch.Size([2]), "y": torch.Size([3])})
