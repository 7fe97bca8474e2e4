"""First derivatives of a user's map, with torch's errors as one that says what is asked of the map."""

from collections.abc import Callable

import torch
from torch import Tensor

from eqt_theory.energies.autograd import differentiating

_ASKED = "T must be differentiable for products with its Jacobian"


def jacobian(fn: Callable[[Tensor], Tensor], h: Tensor) -> Tensor:
    """The Jacobian of a map at one state.

    Args:
        fn: the map, (d,) -> (n,).
        h: where, shape (d,).

    Returns:
        J, shape (n, d), detached.
    """
    with differentiating(_ASKED), torch.enable_grad():
        found = torch.autograd.functional.jacobian(fn, h)
    assert isinstance(found, Tensor)
    return found.detach()


def pushed_forward(fn: Callable[[Tensor], Tensor], h: Tensor, v: Tensor, *, graph: bool = False) -> Tensor:
    """`J v` at one state, by two products from the left, which every differentiable map has.

    Args:
        fn: the map, (d,) -> (n,).
        h: where, shape (d,).
        v: shape (d,).
        graph: whether the product is to be differentiated.

    Returns:
        The product, shape (n,).
    """
    with differentiating(_ASKED):
        found = torch.autograd.functional.jvp(fn, h, v, create_graph=graph)[1]
    assert isinstance(found, Tensor)
    return found


def pulled_back(fn: Callable[[Tensor], Tensor], h: Tensor, w: Tensor) -> Tensor:
    """`J^T w` at one state.

    Args:
        fn: the map, (d,) -> (n,).
        h: where, shape (d,).
        w: shape (n,).

    Returns:
        The product, shape (d,).
    """
    with differentiating(_ASKED):
        found = torch.autograd.functional.vjp(fn, h, w)[1]
    assert isinstance(found, Tensor)
    return found
