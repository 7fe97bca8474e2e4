"""A derivative that torch does not know, told apart from memory that there is none of; what torch follows."""

import subprocess
import sys

import pytest
import torch
from torch.autograd import forward_ad
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils.flop_counter import FlopCounterMode

import eqt_theory as eqt
from eqt_theory.core.errors import NoDerivative
from eqt_theory.energies.autograd import differentiated, differentiating, unfollowed


@pytest.mark.parametrize("error", [RuntimeError("no formula"), NotImplementedError("no formula")])
def test_what_torch_does_not_know_is_one_error_in_one_line(error):
    for asked, said in (("f must be smooth", "^f must be smooth: .*no formula$"), ("", f"^{type(error).__name__}: no")):
        with pytest.raises(NoDerivative, match=said), differentiating(asked):
            raise error


def test_a_lack_of_memory_says_nothing_of_a_function():
    with pytest.raises(RuntimeError, match="allocate memory"), differentiating():
        torch.empty(2**52)
    with pytest.raises(torch.OutOfMemoryError), differentiating():
        raise torch.OutOfMemoryError("CUDA out of memory")
    with pytest.raises(ValueError, match="^another$"), differentiating():
        raise ValueError("another")


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")  # torch's own, at the first dual number
def test_what_torch_follows_is_told_apart():
    x = torch.ones(3, dtype=torch.float64)
    assert not unfollowed(x)  # autograd is on
    seen = []

    def look(h):
        seen.append(unfollowed(h, x) or unfollowed(x))
        return h.sum()

    class Own(torch.Tensor):
        pass

    with torch.no_grad():
        assert unfollowed(x) and unfollowed(torch.nn.Parameter(x), x) and unfollowed()
        assert not unfollowed(x, x.as_subclass(Own))
        for transform in (torch.func.grad, torch.func.vmap, torch.func.jacfwd):
            transform(look)(x)
        make_fx(look)(x)
        with FlopCounterMode(display=False):
            look(x)
        with forward_ad.dual_level():
            look(forward_ad.make_dual(x, x))
        torch.compile(look, backend="eager")(x)
    with torch.inference_mode():
        assert not unfollowed(torch.ones(3), x)
    assert len(seen) == 7 and not any(seen)


def test_an_energy_without_a_derivative_is_told():
    def fires(h: torch.Tensor) -> torch.Tensor:
        return torch.heaviside(h - 0.5, torch.zeros((), dtype=h.dtype)).sum() + h.square().sum()

    energy, state = eqt.FunctionEnergy(fires), torch.ones(2, dtype=torch.float64)
    for ask in (energy.gradient, energy.value_and_gradient, energy.hessian):
        with pytest.raises(NoDerivative, match=r"^FunctionEnergy cannot be differentiated \(RuntimeError: derivative"):
            ask(state)
    with pytest.raises(NoDerivative, match="cannot be differentiated"):
        eqt.check_strong_convexity(energy, 1.0, eqt.Ball([0.0, 0.0], 1.0))


def test_an_error_in_the_value_stays_what_it_is():
    class Broken(eqt.Energy):
        def value(self, h: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("the fault of the value")

    with pytest.raises(RuntimeError, match="^the fault of the value$"):
        Broken().gradient(torch.ones(2))


def _twice(h: torch.Tensor) -> torch.Tensor:
    return torch.func.grad(lambda x: (x**3).sum())(h).sum(-1)  # a transform inside


@pytest.mark.parametrize(
    "function",
    [
        lambda h: h.square().sum(-1) * torch.sin(h[..., 0]),
        lambda h: torch.logsumexp(h, -1) + torch.nn.functional.softplus(h).sum(-1),
        lambda h: torch.ones_like(h[..., 0]),
        lambda h: h.detach().sum(-1),
        _twice,
    ],
)
@pytest.mark.parametrize("shape", [(3,), (4, 3), (0, 3)])
def test_the_gradient_is_that_of_torch_func_to_the_bit(function, shape):
    h = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weight = torch.ones(3, dtype=torch.float64, requires_grad=True)

    def weighted(x: torch.Tensor) -> torch.Tensor:
        return function(x * weight)

    with torch.no_grad():
        values, gradient = differentiated(weighted, h)
        expected = torch.func.grad(lambda x: weighted(x).sum())(h)
        assert torch.equal(values, weighted(h)) and torch.equal(gradient, expected)
    assert not values.requires_grad and not gradient.requires_grad and not h.requires_grad


def test_a_function_does_not_leave_torch_unnoticed():
    def leaves(h: torch.Tensor) -> torch.Tensor:
        return h.sum() + float(h.detach().numpy().sum())

    h = torch.ones(2, dtype=torch.float64)
    with torch.no_grad():
        with pytest.raises(RuntimeError):
            differentiated(leaves, h)
        # What was begun has been ended.
        assert unfollowed(h) and torch.equal(differentiated(torch.sum, h)[1], h)


def test_it_does_not_load_the_compiler():
    script = (
        "import sys, torch, eqt_theory as eqt\n"
        "energy = eqt.FunctionEnergy(lambda h: h.square().sum())\n"
        "with torch.no_grad():\n"
        "    assert energy.gradient(torch.ones(2)).tolist() == [2, 2]\n"
        "assert 'torch._dynamo' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
