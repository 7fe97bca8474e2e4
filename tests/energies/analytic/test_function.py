import pytest
import torch
from energies.cases import D, draw
from torch import nn

import eqt_theory as eqt
from eqt_theory.core.errors import UsageError


def test_single_state_functions_are_not_mistaken_for_batched_ones() -> None:
    # On a (2, 2) batch this function, called on the whole, returns two numbers: the wrong ones.
    energy = eqt.FunctionEnergy(lambda h: (1 - h[0]) ** 2 + 10 * (h[1] - h[0] ** 2) ** 2)
    h = draw(0, 2, 2)
    assert torch.allclose(energy.value(h), eqt.Rosenbrock(10.0).value(h), rtol=1e-14)
    assert torch.allclose(energy.gradient(h), eqt.Rosenbrock(10.0).gradient(h), rtol=1e-12)


def test_a_total_over_the_batch_cannot_mix_states() -> None:
    energy = eqt.FunctionEnergy(lambda h: h.square().sum())
    h = draw(1, 5, D)
    assert torch.allclose(energy.value(h), h.square().sum(-1))


def test_parameters_for_each_state() -> None:
    scale = draw(2, 5)
    energy = eqt.FunctionEnergy(lambda h: scale * h.square().sum(-1))
    h = draw(3, 5, D)
    assert torch.allclose(energy.value(h), scale * h.square().sum(-1))
    assert torch.allclose(energy.gradient(h), 2 * scale[:, None] * h)


def test_modules_train_through_the_energy() -> None:
    net = nn.Sequential(nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)).double()
    energy = eqt.FunctionEnergy(lambda h: net(h).sum(), eqt.Curvature(-1.0, 1.0))
    energy.hessian(draw(4, 2, D)).square().sum().backward()
    assert all(p.grad is not None for p in list(net.parameters())[:3])
    assert energy.curvature == eqt.Curvature(-1.0, 1.0)


def test_module_fixes_the_precision() -> None:
    class Net(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input).square().sum(-1)

    net = Net(D, 2)
    energy = eqt.FunctionEnergy(net)
    with pytest.raises(UsageError, match="dtype"):
        energy.value(draw(5, D))
    copy = energy.to(dtype=torch.float64)
    assert copy.value(draw(5, D)).dtype == torch.float64
    assert net.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: eqt.FunctionEnergy(3.0), "fn must be a function"),  # pyright: ignore[reportArgumentType]
        (lambda: eqt.FunctionEnergy(torch.sum, curvature=2.0), "curvature must be"),  # pyright: ignore[reportArgumentType]
        (lambda: eqt.FunctionEnergy(lambda h: 2 * h).value(draw(6, 4, D)), r"one number per state.*got \(4, 3\)"),
        (lambda: eqt.FunctionEnergy(lambda h: 2 * h).value(draw(6, D)), r"one number per state.*got \(3,\)"),
        (lambda: eqt.FunctionEnergy(lambda h: 1.0).value(draw(6, 2, D)), "one number per state.*got float"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_bad_input(make, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


ROWS = draw(31, 7, D)
SMOOTH = {
    "logsumexp": lambda h: torch.logsumexp(ROWS @ h, 0),
    "softplus": lambda h: nn.functional.softplus(ROWS @ h).sum(),
    "quartic": lambda h: (h.square().sum() - 1).square(),
    "batched": lambda h: torch.cos(h).sum(-1),
    "constant": lambda h: torch.zeros((), dtype=h.dtype),
    "detached": lambda h: h.detach().square().sum(),
    "a part detached": lambda h: (h.detach() * h).sum(),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_quick_gradient_of_a_batch_is_that_of_torch_func_to_the_bit(name, monkeypatch) -> None:
    energy, h = eqt.FunctionEnergy(SMOOTH[name]), draw(32, 3, 2, D)
    slow = energy.gradient(h)
    with torch.no_grad(), monkeypatch.context() as patch:
        patch.setattr(torch.func, "grad", None)
        quick = energy.gradient(h)
    assert torch.equal(quick, slow) and not quick.requires_grad


def test_where_somebody_differentiates_or_maps_the_gradient_is_followed() -> None:
    energy, h = eqt.FunctionEnergy(SMOOTH["quartic"]), draw(33, 4, D)
    with torch.no_grad():
        curved = torch.func.vjp(energy.gradient, h)[1](torch.ones_like(h))[0]
        mapped = torch.func.vmap(energy.gradient)(h.unsqueeze(1)).squeeze(1)
        assert torch.equal(mapped, energy.gradient(h))
    assert torch.equal(curved, torch.func.vjp(energy.gradient, h)[1](torch.ones_like(h))[0]) and bool(curved.any())


@pytest.mark.parametrize(
    "fn",
    [
        lambda h: h.sum() * float(h.detach().numpy()[0]),
        lambda h: torch.autograd.grad((h.clone().requires_grad_() ** 3).sum(), h)[0].sum(),
        lambda h: h.mul_(2).square().sum(),
    ],
)
def test_what_leaves_torch_on_the_way_is_told_at_every_call(fn) -> None:
    energy = eqt.FunctionEnergy(fn)
    with torch.no_grad():
        for _ in range(2):
            with pytest.raises(UsageError, match="it raised RuntimeError"):
                energy.gradient(draw(34, 3, D))
