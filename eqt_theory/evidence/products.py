"""Products with a Hessian at one state: the graph of the gradient is built once and gone through for each of them."""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.energies.base import Energy


def hessian_products(energy: Energy, h: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """The gradient at a state and `v -> H v` there, reverse over reverse, without a graph of the product itself.

    Args:
        energy: an Energy or Objective.
        h: the state, shape (..., d).

    Returns:
        The gradient, detached, and the product, both of the shape of h. What torch says of an energy that it cannot
        differentiate twice is raised by the product, or here.
    """
    with torch.enable_grad():
        x = h.detach().requires_grad_()
        gradient = energy.gradient(x)

    def product(v: Tensor) -> Tensor:
        if not gradient.requires_grad:  # the same at every state
            return torch.zeros_like(h)
        return torch.autograd.grad(gradient, x, v, retain_graph=True, materialize_grads=True)[0]

    return gradient.detach(), product
