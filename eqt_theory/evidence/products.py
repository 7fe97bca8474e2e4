"""Products with a Hessian at one state: the graph of the gradient is built once and gone through for each of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.core.errors import NoDerivative
from eqt_theory.energies.autograd import differentiating
from eqt_theory.energies.base import Energy


def hessian_products(energy: Energy, h: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The gradient at a state and `v -> H v` there, reverse over reverse, without a graph of the product itself.

    Where autograd does not know the derivative of the gradient, the energy's own `hessian_vector` is asked.

    Args:
        energy: an Energy or Objective.
        h: the state, shape (..., d).

    Returns:
        The gradient, detached, and the product, both of the shape of h.

    Raises:
        NoSecondDerivative: by the product, where the energy cannot be differentiated twice.
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
                    return torch.autograd.grad(gradient, x, v, retain_graph=True, materialize_grads=True)[0]
            except NoDerivative:
                pass
        return energy.hessian_vector(h, v).detach()

    return gradient.detach(), product
