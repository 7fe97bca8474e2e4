"""A derivative held against differences of what it is the derivative of: autograd gives zeros of what leaves it."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

_STEP = 1e-5
_LOW_STEP = 1e-2
_SMOOTH = 1e-3
_ERRORS = 10
_LEAST, _LOW_LEAST = 1e-6, 1e-3
"""Of the derivative, what a sum whose terms cancel may lose by rounding; in low precision the latter."""
_UNITS = 16
_SHORTEST = 1e-10
_SCALES, _LOW_SCALES = (1e-3, 1e3), (0.1,)


def differs_along_all(image: Callable[[Tensor], Tensor], h: Tensor, told: Callable[[Tensor], Tensor]) -> bool:
    """Whether a derivative at a state is not that of the images, along all directions along which differences tell.

    Args:
        image: of a state.
        h: the state.
        told: the derivative along a direction, of the shape of the image.

    Returns:
        Whether that is so.
    """
    generator = torch.Generator().manual_seed(0)
    length, wrong = float(h.norm()), False
    scales = _SCALES if h.dtype == torch.float64 else _LOW_SCALES
    # Near 0, and in a narrow well, a function has details that longer steps do not see; rounding drowns shorter ones.
    for size in (1 + length, max(length, _SHORTEST), *(scale * (1 + length) for scale in scales)):
        v = torch.randn(h.shape, generator=generator, dtype=torch.float64).to(h)
        v /= v.norm()
        along = told(v)
        try:
            differs = derivative_differs(image, h, v, along, size)
        except (ValueError, ArithmeticError, AssertionError):  # a state where nothing can be evaluated
            differs = None
        if differs is False:
            return False
        wrong |= differs is True
    return wrong


def derivative_differs(
    image: Callable[[Tensor], Tensor], h: Tensor, v: Tensor, told: Tensor, size: float | None = None
) -> bool | None:
    """Whether a derivative is not that of the images.

    Args:
        image: of a state.
        h: the state.
        v: a direction of length 1, of the shape of h.
        told: the derivative along it, of the shape of the image.
        size: that steps are a small part of; 1 + |h| if None.

    Returns:
        Whether that is so; None where nothing is told: it is not smooth there, not finite, or lost in rounding.
    """
    length, least = (_STEP, _LEAST) if h.dtype == torch.float64 else (_LOW_STEP, _LOW_LEAST)
    step = length * (1 + float(h.norm()) if size is None else size)
    ahead, behind, far, back = (image(h + s * step * v).detach() for s in (1, -1, 2, -2))
    near, wide = (ahead - behind) / (2 * step), (far - back) / (4 * step)
    scale, error = float(torch.maximum(near.norm(), told.norm())), float((near - wide).norm())
    if not math.isfinite(scale):
        return None
    apart = float((near - told).norm())
    if error > _SMOOTH * float(near.norm()):  # too coarse to tell them apart; not, that they agree
        return False if apart <= _SMOOTH * scale else None
    # At a kink a derivative lies anywhere between those of the two sides.
    between = float((ahead + behind - 2 * image(h).detach()).norm()) / (2 * step)
    rounding = _UNITS * torch.finfo(h.dtype).eps * float(ahead.norm() + behind.norm()) / (2 * step)
    unsure = _ERRORS * error + between + rounding + least * scale
    if apart > unsure:
        return True
    return None if 2 * unsure >= scale else False
