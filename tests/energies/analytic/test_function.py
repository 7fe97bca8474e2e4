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


def _seen(h, x):
    return (h[:2] * x).square().sum() / 2 + torch.cosh(h).sum()


def test_data_of_each_state() -> None:
    x, h = draw(4, 5, 2), draw(5, 5, D)
    energy = eqt.FunctionEnergy(_seen, data=x)
    values = torch.stack([_seen(a, b) for a, b in zip(h, x, strict=True)])
    slopes = torch.func.vmap(torch.func.grad(_seen))(h, x)
    assert energy.batch_shape == (5,)
    assert torch.equal(energy.value(h), values) and torch.allclose(energy.gradient(h), slopes, rtol=1e-14)
    assert torch.allclose(energy.value(torch.stack([h, h])), torch.stack([values, values]))
    bent = torch.diag_embed(torch.cosh(h) + torch.nn.functional.pad(x.square(), (0, D - 2)))
    assert torch.allclose(energy.hessian(h), bent, rtol=1e-12)
    assert torch.allclose(energy.hessian_vector(h, h), (bent @ h[..., None])[..., 0], rtol=1e-12)
    some = torch.tensor([3, 1])
    assert torch.equal(energy.select(some).value(h[some]), values[some])
    assert torch.equal((2 * energy).select(some).value(h[some]), 2 * values[some])
    solution = eqt.solve(eqt.Objective(energy, h), eqt.GradientDescent(0.1))
    assert solution.converged.all()


def test_the_energy_of_one_of_the_states() -> None:
    x, h = draw(4, 5, 2), draw(5, 5, D)
    energy = eqt.FunctionEnergy(_seen, eqt.Curvature(1.0, 40.0), data=x)
    ball = eqt.Ball([0.0] * D, 1.0)
    with pytest.raises(UsageError, match=r"got a batch of shape \(5,\); take one, as by select\(0\)"):
        eqt.check_strong_convexity(energy, 1.0, ball)
    one = energy.select(3)
    assert one.batch_shape == () and torch.equal(one.value(h[3]), energy.value(h)[3])
    assert torch.allclose(one.value(h), torch.stack([_seen(state, x[3]) for state in h]))
    assert torch.allclose(one.gradient(h)[3], energy.gradient(h)[3]) and one.hessian(h[3]).shape == (D, D)
    assert eqt.check_strong_convexity(one, 1.0, ball).verdict is eqt.Verdict.SUPPORTED
    phi = eqt.Objective(energy, h).select(3)
    assert torch.equal(phi.proposal, h[3]) and eqt.solve(phi, eqt.GradientDescent(0.05)).converged
    numbers = eqt.FunctionEnergy(lambda h, c: c * h.square().sum(), data=x[:, 0])
    assert torch.allclose(numbers.select(2).value(h[0]), x[2, 0] * h[0].square().sum())


@pytest.mark.parametrize(("fn", "data"), [(lambda h: h.sum(), torch.ones(5, 2)), (_seen, None)])
def test_arguments_that_are_not_data_are_told(fn, data) -> None:
    with pytest.raises(UsageError, match="raised TypeError.* Its second argument is data="):
        eqt.FunctionEnergy(fn, data=data).value(torch.zeros(5, D))


def test_data_where_vmap_refuses() -> None:
    x, h = draw(6, 4, 2), draw(7, 4, D)
    energy = eqt.FunctionEnergy(lambda h, x: _seen(h, x) if float(x[0]) > 0 else h.square().sum(), data=x)
    wanted = [_seen(a, b) if b[0] > 0 else a.square().sum() for a, b in zip(h, x, strict=True)]
    assert torch.allclose(energy.value(h), torch.stack(wanted))


@pytest.mark.parametrize("data", [3, [1.0], torch.tensor(1.0), torch.zeros(0, 2)])
def test_data_is_a_tensor_with_rows(data) -> None:
    with pytest.raises(UsageError, match="data must be"):
        eqt.FunctionEnergy(_seen, data=data)


def test_tensors_for_other_states_are_told() -> None:
    x = draw(8, 5, 2)
    energy = eqt.FunctionEnergy(lambda h: (h[..., :2] * x).square().sum(-1))
    with pytest.raises(UsageError, match="data=x"):
        energy.value(draw(9, 3, D))
    told = eqt.FunctionEnergy(lambda h, x: (h[:2] * x).square().sum(), data=x)
    assert eqt.diagnose(eqt.Objective(told, draw(10, 5, D)), 0.1, 4).found.all()
