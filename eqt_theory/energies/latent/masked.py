"""The masked prediction term of the paper, with a fixed or a resampled mask: how well the state fills in tokens."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from eqt_theory.core.annotated import Count, Seed, checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import FloatType, broadcast_batch, holds_everywhere, last_sizes
from eqt_theory.energies.latent.heads import seeded_linear
from eqt_theory.energies.latent.reverse_transformer import seeded_embedding
from eqt_theory.energies.latent.token_prediction import TokenHead, TokenPrediction


@checked
class MaskedPrediction(TokenPrediction):
    """`-(1/|M|) sum_{i in M} log p(x_i | h, x without M)` for one fixed mask M (Eq. 13).

    Args:
        head: a LinearHead or nn.Linear, which ignores the visible tokens; or a `MaskedMLP`, or any module or function
            (h of shape (..., d), tokens (..., T), visible (..., T)) -> logits (..., T, V).
        tokens: integer tensor of shape (..., T), values from 0 to V - 1.
        mask: boolean tensor of shape (..., T), true where a token is hidden; not empty among the tokens seen.
        position: t, the number of tokens seen, from 1 to T: one number or one per state; T if None. Later tokens are
            neither counted nor visible.

    Raises:
        UsageError: the mask is empty for some state, or has a wrong shape or type; tokens or position are out of range.
    """

    _per_state: ClassVar[Mapping[str, int]] = {**TokenPrediction._per_state, "mask": 1, "position": 1}

    def __init__(self, head: TokenHead, tokens: Tensor, mask: Tensor, position: int | Tensor | None = None) -> None:
        super().__init__(head, tokens, position)
        if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
            kind = mask.dtype if isinstance(mask, Tensor) else type(mask).__name__
            raise UsageError(f"mask must be a boolean tensor of shape (..., T), got {kind}")
        last_sizes("mask", mask, [self.tokens.shape[-1]])
        broadcast_batch({"tokens": self.tokens.shape[:-1], "mask": mask.shape[:-1], "position": self.seen.shape[:-1]})
        self.mask: Tensor = mask.to(self.tokens.device) & self.seen
        if not holds_everywhere(self.mask.any(-1)):
            raise UsageError("mask must hide at least one of the tokens seen, for every state, got an empty mask")

    def counted_positions(self, h: Tensor) -> Tensor:
        return self.mask

    def head_logits(self, h: Tensor, counted: Tensor) -> Tensor:
        return _call(self, h, counted)


@checked
class ResampledMaskedPrediction(TokenPrediction):
    """Masked prediction with a new random mask for each state at each evaluation (Eq. 13).

    Every position is hidden with the given probability, and empty masks are drawn again. The energy is then random:
    value and gradient agree only within one call of `value_and_gradient`, and a solver converges only up to the noise.

    Args:
        head: as for `MaskedPrediction`.
        tokens: integer tensor of shape (..., T).
        seed: of the masks; or a CPU generator to draw from.
        fraction: probability that a position is hidden, above 0 and at most 1.
        position: as for `MaskedPrediction`.

    Raises:
        UsageError: the fraction is out of range, or tokens or position are.
    """

    _per_state: ClassVar[Mapping[str, int]] = {**TokenPrediction._per_state, "position": 1}

    def __init__(
        self,
        head: TokenHead,
        tokens: Tensor,
        seed: Seed | torch.Generator,
        fraction: float = 0.15,
        position: int | Tensor | None = None,
    ) -> None:
        super().__init__(head, tokens, position)
        if not 0 < fraction <= 1:
            raise UsageError(f"fraction must be above 0 and at most 1, got {fraction!r}")
        self.fraction = float(fraction)
        self.generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)

    def counted_positions(self, h: Tensor) -> Tensor:
        seen = self.seen.expand(*h.shape[:-1], self.seen.shape[-1])
        mask = self._draw(seen)
        while True:
            empty = ~mask.any(-1, keepdim=True)
            if not bool(empty.any()):
                return mask
            mask = torch.where(empty, self._draw(seen), mask)

    def fixed(self, batch_shape: torch.Size | tuple[int, ...] = ()) -> MaskedPrediction:
        """The energy of one draw of the masks, which stays fixed.

        Args:
            batch_shape: batch dimensions of the masks; one mask for all states if empty.

        Returns:
            A MaskedPrediction on the same head and tokens.
        """
        mask = self.counted_positions(torch.empty(*batch_shape or self.batch_shape, 1))
        return MaskedPrediction(self.head, self.tokens, mask, self.position.squeeze(-1))

    def head_logits(self, h: Tensor, counted: Tensor) -> Tensor:
        return _call(self, h, counted)

    def _draw(self, seen: Tensor) -> Tensor:
        hidden = torch.rand(seen.shape, generator=self.generator) < self.fraction
        return hidden.to(seen.device) & seen


@checked
class MaskedMLP(nn.Module):
    """`p(x_i | h, visible tokens)`: a two-layer GELU network on the state, the mean visible token and the place i.

    Args:
        vocabulary: V.
        dim: d, of the states.
        length: the most tokens it can read.
        width: hidden width.
        seed: of the weights.
        dtype: precision.
    """

    def __init__(
        self,
        vocabulary: Count,
        dim: Count,
        length: Count,
        width: Count = 32,
        seed: Seed = 0,
        dtype: FloatType = torch.float64,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.state = seeded_linear(dim, width, generator, dtype)
        self.context = seeded_embedding(vocabulary, width, generator, dtype)
        self.places = seeded_embedding(length, width, generator, dtype)
        self.out = seeded_linear(width, vocabulary, generator, dtype)

    def forward(self, h: Tensor, tokens: Tensor, visible: Tensor) -> Tensor:
        """Logits of every token given the state and the visible tokens.

        Args:
            h: states, shape (..., d).
            tokens: integers, shape (..., T) with the same batch dimensions.
            visible: boolean, shape (..., T).

        Returns:
            Logits, shape (..., T, V).

        Raises:
            UsageError: there are more tokens than it can read.
        """
        size = tokens.shape[-1]
        if size > self.places.num_embeddings:
            raise UsageError(f"tokens must be at most {self.places.num_embeddings} for this MaskedMLP, got {size}")
        share = visible.to(h.dtype) / visible.sum(-1, keepdim=True).clamp(min=1).to(h.dtype)
        context = (share.unsqueeze(-2) @ self.context(tokens)).squeeze(-2)
        hidden = (self.state(h) + context).unsqueeze(-2) + self.places.weight[:size]
        return self.out(functional.gelu(hidden))


def _call(energy: TokenPrediction, h: Tensor, mask: Tensor) -> Tensor:
    shape = (*h.shape[:-1], energy.tokens.shape[-1])
    return energy.head(h, energy.tokens.expand(shape), (energy.seen & ~mask).expand(shape))
