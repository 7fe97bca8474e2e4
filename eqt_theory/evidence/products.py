"""Products with a Hessian at one state: the graph of the gradient is built once and gone through for each of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.core.errors import NoDerivative, NoSecondDerivative
from eqt_theory.energies.autograd import differentiating
from eqt_theory.energies.base import Energy
from eqt_theory.energies.differences import differs_along_all


def hessian_products(energy: Energy, h: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The gradient at a state and `v -> H v` there, reverse over reverse, without a graph of the product itself.

    Where autograd does not know the derivative of the gradient, the energy's own `hessian_vector` is asked.

    Args:
        energy: an Energy or Objective.
        h: the state, shape (..., d).

    Returns:
        The gradient, detached, and the product, both of the shape of h.

    Raises:
        NoSecondDerivative: here or by the product, where the energy cannot be differentiated twice.
    """
    x = h.detach().requires_grad_()
    try:
        with differentiating(), torch.enable_grad():
            gradient = energy.gradient(x)
    except NoDerivative:  # as of one in NumPy
        gradient = energy.gradient(h.detach())

    def product(v: Tensor) -> Tensor:
        if gradient.requires_grad:
            try:
                with differentiating():
                    found = torch.autograd.grad(gradient, x, v, retain_graph=True, allow_unused=True)[0]
                return torch.zeros_like(x) if found is None else found
            except NoDerivative:
                pass
        return energy.hessian_vector(h, v).detach()

    require_derivative(energy, h, product)
    return gradient.detach(), product


def require_derivative(energy: Energy, h: Tensor, product: Callable[[Tensor], Tensor]) -> None:
    """Refuse products with a Hessian that is not the derivative of the gradient, where that is somebody's formula.

    Args:
        energy: an Energy or Objective.
        h: the state, shape (..., d).
        product: `v -> H v` there.

    Raises:
        NoSecondDerivative: they differ along every direction along which differences tell.
    """
    if not energy.closed_form or not differs_along_all(energy.gradient, h, product):
        return
    raise NoSecondDerivative(
        f"the Hessian of {type(energy).__name__} must be the derivative of its gradient, but is not: a gradient that "
        "goes through detach or no_grad has no derivative by torch, so give the energy a hessian and a hessian_vector "
        "of its own; one whose derivative is not symmetric is no gradient"
    )
