"""The linear recurrence `h_t = a_t h_{t-1} + b_t`, coordinate by coordinate, in a logarithmic number of steps."""

import torch
from torch import Tensor


def linear_scan(factors: Tensor, inputs: Tensor, start: Tensor) -> Tensor:
    """All states of the recurrence, by doubling (Hillis and Steele 1986): after step i each knows 2^i predecessors.

    Args:
        factors: a_1, ..., a_n, shape (..., n, d).
        inputs: b_1, ..., b_n, shape (..., n, d).
        start: h_0, shape (..., d).

    Returns:
        h_1, ..., h_n, shape (..., n, d), exact but for rounding.
    """
    first = inputs[..., :1, :] + factors[..., :1, :] * start.unsqueeze(-2)
    state = torch.cat([first, inputs[..., 1:, :]], -2)
    factor = torch.cat([torch.zeros_like(first), factors[..., 1:, :].expand_as(state[..., 1:, :])], -2)
    reach, n = 1, state.shape[-2]
    while reach < n:
        # h_t = factor_t h_{t-reach} + state_t; put in what h_{t-reach} is.
        state = torch.cat(
            [state[..., :reach, :], state[..., reach:, :] + factor[..., reach:, :] * state[..., :-reach, :]], -2
        )
        factor = torch.cat(
            [torch.zeros_like(factor[..., :reach, :]), factor[..., reach:, :] * factor[..., :-reach, :]], -2
        )
        reach *= 2
    return state
