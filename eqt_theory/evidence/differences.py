"""A derivative held against differences of what it is the derivative of: autograd gives zeros of what leaves it."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

_STEP = 1e-5
_LOW_STEP = 1e-2
_SMOOTH = 1e-3
_ERRORS = 10
_LEAST = 1e-6
_UNITS = 16


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
    step = (1 + float(h.norm()) if size is None else size) * (_STEP if h.dtype == torch.float64 else _LOW_STEP)
    ahead, behind, far, back = (image(h + s * step * v).detach() for s in (1, -1, 2, -2))
    near, wide = (ahead - behind) / (2 * step), (far - back) / (4 * step)
    scale, error = float(torch.maximum(near.norm(), told.norm())), float((near - wide).norm())
    if not math.isfinite(scale) or error > _SMOOTH * float(near.norm()):
        return None
    # At a kink a derivative lies anywhere between those of the two sides.
    between = float((ahead + behind - 2 * image(h).detach()).norm()) / (2 * step)
    rounding = _UNITS * torch.finfo(h.dtype).eps * float(ahead.norm() + behind.norm()) / (2 * step)
    unsure = _ERRORS * error + between + rounding + _LEAST * scale
    if float((near - told).norm()) > unsure:
        return True
    return None if 2 * unsure >= scale else False
