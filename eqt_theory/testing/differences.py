"""Derivatives by differences of values alone, each with an estimate of its own error (Ridders 1982)."""

from collections.abc import Callable

import torch
from torch import Tensor

_LEVELS = 9
_SHRINK = 1.6
_FIRST = 0.1
_ROUNDING = 32  # units in the last place by which a value may be off


def directional_derivative(fn: Callable[[Tensor], Tensor], h: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """The derivative of a function along directions, by central differences extrapolated to width 0.

    Widths fall geometrically from a tenth of the state's size; the tableau of Richardson extrapolations is searched for
    the entry whose estimated error, rounding included, is least. Near a kink of the function the estimate is large.

    Args:
        fn: (n, d) -> (n, ...), values of n states.
        h: states, shape (n, d), float64.
        v: unit directions, shape (n, d).

    Returns:
        Derivatives, shape (n, ...), and their estimated errors, same shape; inf where nothing is known.
    """
    size = 1 + h.norm(dim=-1, keepdim=True)
    unit = torch.finfo(h.dtype).eps
    row: list[Tensor] = []
    best = error = None
    for level in range(_LEVELS):
        width = _FIRST * size / _SHRINK**level
        ahead, behind = h + width * v, h - width * v
        after, before = fn(ahead).detach(), fn(behind).detach()
        # The states themselves are rounded, so the true width is measured.
        spread = ((ahead - behind) * v).sum(-1)
        spread = spread.reshape(*spread.shape, *(1,) * (after.ndim - 1))
        quotient = (after - before) / spread
        noise = _ROUNDING * unit * (after.abs() + before.abs()) / spread
        new = [quotient]
        factor = _SHRINK**2
        for k, older in enumerate(row):
            new.append((factor * new[k] - older) / (factor - 1))
            factor *= _SHRINK**2
        if best is None or error is None:
            best, error = quotient, torch.full_like(quotient, torch.inf)
        for k in range(1, len(new)):
            guess = torch.maximum((new[k] - new[k - 1]).abs(), (new[k] - row[k - 1]).abs()) + noise
            guess = torch.where(new[k].isfinite() & guess.isfinite(), guess, torch.inf)
            better = guess < error
            best, error = torch.where(better, new[k], best), torch.where(better, guess, error)
        row = new
    assert best is not None and error is not None
    return best, error
