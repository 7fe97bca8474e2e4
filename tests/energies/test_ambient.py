"""What the caller has set in torch is put aside, and put back."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from eqt_theory.energies.ambient import in_standard_torch, ordinary, standard_torch
from eqt_theory.energies.analytic.function import FunctionEnergy
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.objective import Objective

SETTINGS: dict[str, tuple[Callable[[], object], Callable[[], object], Callable[[], object]]] = {
    "device": (
        lambda: torch.set_default_device("meta"),
        lambda: torch.set_default_device(None),
        lambda: torch.zeros(1).device.type,
    ),
    "dtype": (
        lambda: torch.set_default_dtype(torch.float16),
        lambda: torch.set_default_dtype(torch.float32),
        lambda: torch.zeros(1).dtype,
    ),
    "deterministic": (
        lambda: torch.use_deterministic_algorithms(True, warn_only=True),
        lambda: torch.use_deterministic_algorithms(False),
        lambda: (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        ),
    ),
    "float32 products": (
        lambda: torch.set_float32_matmul_precision("medium"),
        lambda: torch.set_float32_matmul_precision("highest"),
        torch.get_float32_matmul_precision,
    ),
}
MODES: dict[str, tuple[Callable[[], AbstractContextManager[object]], Callable[[], object]]] = {
    "no_grad": (torch.no_grad, torch.is_grad_enabled),
    "inference": (torch.inference_mode, torch.is_inference_mode_enabled),
    "autocast": (lambda: torch.autocast("cpu", dtype=torch.bfloat16), lambda: torch.is_autocast_enabled("cpu")),
    "device": (lambda: torch.device("meta"), lambda: torch.zeros(1).device.type),
    "numpy": (lambda: np.errstate(all="raise"), np.geterr),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_put_aside_and_put_back(name: str):
    set_, reset, look = SETTINGS[name]
    with standard_torch(torch.float32):
        usual = look()
    set_()
    try:
        changed = look()
        with standard_torch(torch.float32):
            inside = look()
        after = look()
    finally:
        reset()
    assert inside == usual != changed
    assert after == changed


@pytest.mark.parametrize("name", MODES)
def test_a_mode_is_put_aside_and_put_back(name: str):
    mode, look = MODES[name]
    with standard_torch():
        usual = look()
    with mode():
        changed = look()
        with standard_torch():
            inside = look()
        after = look()
    assert inside == usual != changed
    assert after == changed


def test_what_was_set_comes_back_after_an_error():
    with torch.no_grad():
        with pytest.raises(KeyError), standard_torch():
            raise KeyError
        assert not torch.is_grad_enabled()
        with standard_torch(autograd=None):
            assert not torch.is_grad_enabled()


@in_standard_torch
def _third_derivative(energy: object, h: Tensor) -> tuple[Tensor, torch.dtype]:
    assert isinstance(energy, Objective)
    slope = torch.func.grad(lambda x: energy.hessian_vector(x, torch.ones_like(x)).sum())(h)
    return slope, torch.get_default_dtype()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_entry_point_works_on_what_inference_mode_made(dtype: torch.dtype):
    def made() -> tuple[Objective, Tensor]:
        net = nn.Linear(2, 1, dtype=dtype)
        nn.init.ones_(net.weight)
        nn.init.zeros_(net.bias)
        w = torch.tensor([1.0, 2.0], dtype=dtype)
        energy = Quadratic(torch.diag(w)) + FunctionEnergy(net_cubed(net), dim=2)
        return Objective(energy, torch.zeros(2, dtype=dtype)), torch.ones(2, dtype=dtype)

    class net_cubed(nn.Module):  # noqa: N801
        def __init__(self, net: nn.Module) -> None:
            super().__init__()
            self.net = net

        def forward(self, h: Tensor) -> Tensor:
            return self.net(h).sum() ** 3

    usual, precision = _third_derivative(*made())
    with torch.inference_mode():
        objective, h = made()
        assert ordinary(objective) is not objective
        found, inside = _third_derivative(objective, h)
    assert torch.equal(found, usual)
    assert precision == inside == dtype
    assert ordinary(h.clone()) is not None
    plain, _ = made()
    assert ordinary(plain) is plain
