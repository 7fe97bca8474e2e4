"""Whether a function says the same of a state when it is asked about again; noise, dropout and memory do not."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

_BITS = 24
"""Dropout draws a bit for each number of a state: all asks together draw that many at least, seldom all the same."""


def steady(value: Callable[[Tensor], Tensor], states: Sequence[Tensor], units: float = 0) -> bool:
    """Whether the values at some states stay the same, nan and infinity for such.

    Args:
        value: of one state.
        states: of shape (d,) each, at least one.
        units: in the last place, by which sums in another order may differ, as on a GPU.

    Returns:
        Whether they do, each asked for again after the others, and small states more than once.
    """

    def asked(order: Sequence[Tensor]) -> list[Tensor]:
        return [value(h).detach().nan_to_num() for h in order]

    first = asked(states)
    for _ in range(max(1, math.ceil(_BITS / sum(h.numel() for h in states)))):
        again = asked(states[::-1])[::-1]
        for a, b in zip(first, again, strict=True):
            if bool(((a - b).abs() > units * torch.finfo(a.dtype).eps * a.abs()).any()):
                return False
    return True
