"""The reverse prediction term of the paper: how well the state explains the tokens that led to it."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.latent.token_prediction import TokenHead, TokenPrediction


@checked
class ReversePrediction(TokenPrediction):
    """`-(1/W) sum_{i=t-W+1..t} log q(x_i | h, x_<i)` (Eq. 12).

    Where t < W, positions before the first token do not exist: the sum runs over the t that do, divided by t.

    Args:
        head: a LinearHead or nn.Linear, which ignores x_<i; or a `ReverseTransformer`, or any module or function
            (h of shape (..., d), tokens (..., T)) -> logits (..., T, V), causal in the tokens.
        tokens: integer tensor of shape (..., T), values from 0 to V - 1.
        window: W, at least 1.
        position: t, from 1 to T: one number, or an integer tensor with one per state; T if None.

    Raises:
        UsageError: tokens, window or position are out of range, or the head does not fit the tokens.
    """

    _per_state: ClassVar[Mapping[str, int]] = {**TokenPrediction._per_state, "counted": 1, "position": 1}

    def __init__(self, head: TokenHead, tokens: Tensor, window: int = 32, position: int | Tensor | None = None) -> None:
        super().__init__(head, tokens, position)
        if isinstance(window, bool) or not isinstance(window, int) or window < 1:
            raise UsageError(f"window must be a positive integer, got {window!r}")
        length = self.tokens.shape[-1]
        self.counted: Tensor = self.seen & (torch.arange(length, device=self.seen.device) >= self.position - window)

    def counted_positions(self, h: Tensor) -> Tensor:
        return self.counted

    def head_logits(self, h: Tensor, counted: Tensor) -> Tensor:
        return self.head(h, self.tokens.expand(*h.shape[:-1], self.tokens.shape[-1]))
