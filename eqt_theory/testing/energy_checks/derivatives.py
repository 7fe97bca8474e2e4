"""Are gradient and Hessian those of the value?"""

import torch

from eqt_theory.core.finding import Finding, ReplayLine, inconclusive
from eqt_theory.core.verdict import Method
from eqt_theory.testing.differences import directional_derivative
from eqt_theory.testing.energy_bench import EnergyBench

_SHARE = 0.25
"""At so many of the states at least, a difference must be sharp enough to judge by."""
_SHARP = 1e-7
"""A difference judges where its estimated error, relative to the derivative, is below this."""
_FLOOR = 1e-9
"""What is allowed besides the estimated error, relative to the derivative."""


def gradient_is_that_of_the_value(bench: EnergyBench) -> Finding:
    """The gradient agrees with extrapolated differences of the value, to about 1e-8 relative."""
    h = bench.states()
    v = bench.directions(h)
    slope, error = directional_derivative(bench.energy.value, h, v)
    gradient = bench.energy.gradient(h).detach()
    scale = torch.maximum(gradient.norm(dim=-1), slope.abs())
    return _judged(bench, (gradient * v).sum(-1), slope, error, scale, h, "the gradient is that of the value")


def value_and_gradient_agree(bench: EnergyBench) -> Finding:
    """`value_and_gradient` returns what `value` and `gradient` return."""
    h = bench.states()
    value, gradient = (x.detach() for x in bench.energy.value_and_gradient(h))
    both = torch.cat([value.unsqueeze(-1), gradient], -1)
    own = torch.cat([bench.energy.value(h).detach().unsqueeze(-1), bench.energy.gradient(h).detach()], -1)
    allowed = 1e-11 * (1 + own.abs() + own[..., 1:].norm(dim=-1, keepdim=True))
    return bench.compared(both, own, allowed, h, "value_and_gradient gives both")


def hessian_is_that_of_the_gradient(bench: EnergyBench) -> Finding:
    """The Hessian agrees with extrapolated differences of the gradient, to about 1e-8 relative."""
    h = bench.states()
    v = bench.directions(h, stream=2)
    product, error = directional_derivative(bench.energy.gradient, h, v)
    hessian = bench.energy.hessian(h).detach()
    scale = torch.maximum(hessian.norm(dim=(-2, -1)), product.norm(dim=-1)).unsqueeze(-1)
    mine = (hessian @ v.unsqueeze(-1)).squeeze(-1)
    return _judged(bench, mine, product, error, scale, h, "the Hessian is that of the gradient")


def hessian_is_symmetric(bench: EnergyBench) -> Finding:
    """The Hessian equals its transpose, to 1e-9 of its size."""
    h = bench.states()
    hessian = bench.energy.hessian(h).detach()
    slope = bench.energy.gradient(h).detach().norm(dim=-1)
    size = hessian.norm(dim=(-2, -1)) + 1e-3 * slope / (1 + h.norm(dim=-1))
    allowed = (1e-9 * size)[..., None, None] + 1e-300
    return bench.compared(hessian, hessian.mT, allowed, h, "the Hessian is symmetric")


def hessian_vector_is_the_product(bench: EnergyBench) -> Finding:
    """`hessian_vector(h, v)` is the Hessian times v."""
    h = bench.states()
    v = bench.directions(h, stream=3)
    hessian = bench.energy.hessian(h).detach()
    allowed = (1e-9 * hessian.norm(dim=(-2, -1)) + 1e-12).unsqueeze(-1)
    product = bench.energy.hessian_vector(h, v).detach()
    return bench.compared(product, (hessian @ v.unsqueeze(-1)).squeeze(-1), allowed, h, "hessian_vector is H v")


def differentiable_again(bench: EnergyBench) -> Finding:
    """Autograd differentiates the value twice, as training through solver steps does, with the declared derivatives."""
    h = bench.states(min(bench.samples, 16)).requires_grad_()
    v = bench.directions(h.detach(), stream=4)
    try:
        (first,) = torch.autograd.grad(bench.energy.value(h).sum(), h, create_graph=True)
        (second,) = torch.autograd.grad(bench.energy.gradient(h), h, v, materialize_grads=True)
    except RuntimeError as error:
        line = ReplayLine("autograd differentiates value and gradient", False, str(error).split("\n")[0])
        return bench.verdict([line], {"h": h[0].tolist()}, "differentiable twice", len(h))
    h = h.detach()
    gradient, hessian = bench.energy.gradient(h).detach(), bench.energy.hessian(h).detach()
    wanted = torch.cat([gradient, (hessian.mT @ v.unsqueeze(-1)).squeeze(-1)], -1)
    size = gradient.norm(dim=-1) + hessian.norm(dim=(-2, -1))
    allowed = (1e-9 * size + 1e-12).unsqueeze(-1)
    both = torch.cat([first.detach(), second], -1)
    return bench.compared(both, wanted, allowed, h, "autograd finds the declared derivatives")


def _judged(
    bench: EnergyBench,
    mine: torch.Tensor,
    other: torch.Tensor,
    error: torch.Tensor,
    scale: torch.Tensor,
    h: torch.Tensor,
    text: str,
) -> Finding:
    """Compare where the difference is sharp; near kinks and overflow it is not, and says nothing."""
    floor = 1e-13 * (1 + bench.energy.value(h).detach().abs()).reshape(len(h), *(1,) * (mine.ndim - 1))
    sharp = error <= (_SHARP + bench.accuracy) * scale + 1e3 * floor
    if float(sharp.reshape(len(h), -1).all(-1).double().mean()) < _SHARE:
        reason = "differences are too rough to judge by: the energy may be noisy, or kinked or steep nearly everywhere"
        return inconclusive(Method.SAMPLING, f"{text}: {reason}")
    allowed = torch.where(sharp, 4 * error + _FLOOR * scale + 10 * floor, torch.inf)
    return bench.compared(mine, other, allowed, h, text)
