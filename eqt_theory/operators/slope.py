"""The slope of a map at one state, by products with its Jacobian alone."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

_ROUNDS = 12

Product = Callable[[Tensor], Tensor]


def products(fn: Callable[[Tensor], Tensor], h: Tensor) -> tuple[Product, Product]:
    """Products with the Jacobian J of a map at h: `v -> J v` and `w -> J^T w`.

    `J v` is taken by two products from the left (the derivative of `w -> J^T w` along v), which every map has that can
    be differentiated twice in a row; kinks and formulas without a second derivative make no difference, as J^T w is
    linear in w.

    Args:
        fn: (..., d) -> (..., d).
        h: where, shape (..., d).

    Returns:
        The two functions, for vectors of the shape of h.
    """
    with torch.enable_grad():
        x = h.detach().clone().requires_grad_(True)
        image = fn(x)

    def back(w: Tensor) -> Tensor:
        if not image.requires_grad:
            return torch.zeros_like(x)
        with torch.enable_grad():
            (found,) = torch.autograd.grad(image, x, w, retain_graph=True, allow_unused=True)
        return torch.zeros_like(x) if found is None else found.detach()

    def forward(v: Tensor) -> Tensor:
        if not image.requires_grad:
            return torch.zeros_like(x)
        with torch.enable_grad():
            w = torch.zeros_like(image, requires_grad=True)
            (pulled,) = torch.autograd.grad(image, x, w, create_graph=True, allow_unused=True)
            if pulled is None or not pulled.requires_grad:
                return torch.zeros_like(x)
            (found,) = torch.autograd.grad(pulled, w, v, retain_graph=True, allow_unused=True)
        return torch.zeros_like(x) if found is None else found.detach()

    return forward, back


def slope_at(fn: Callable[[Tensor], Tensor], h: Tensor, seed: int = 0) -> float:
    """A lower bound on the largest singular value of the Jacobian at h, from a few rounds of power iteration.

    Args:
        fn: the map, (..., d) -> (..., d).
        h: where; one state, of shape (d,) or (1, d).
        seed: of the start.

    Returns:
        `|J v|` for a unit vector v; infinite where a product is not finite.
    """
    forward, back = products(fn, h)
    generator = torch.Generator().manual_seed(seed)
    v = torch.randn(h.shape, generator=generator, dtype=torch.float64).to(h)
    best = 0.0
    for _ in range(_ROUNDS):
        v = v / v.norm()
        image = forward(v)
        best = max(best, float(image.norm()))
        if not math.isfinite(best):
            return math.inf
        v = back(image)
        size = float(v.norm())
        if size == 0 or not math.isfinite(size):
            return best if size == 0 else math.inf
    return best
