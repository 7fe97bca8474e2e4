"""TokenPrediction: mean cross-entropy of tokens, given the state; the shape of the reverse and masked terms."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn

from eqt_theory.core.annotated import shown
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import broadcast_batch, holds_everywhere, last_sizes
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.argmax_energy import indicator, picked
from eqt_theory.energies.latent.heads import LinearHead
from eqt_theory.energies.latent.softmax import softmax_upper_curvature
from eqt_theory.energies.linear import exact
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy

TokenHead = Callable[..., Tensor]


class TokenPrediction(Energy):
    """`-(1/n) sum_i log q(x_i | h, context)` over the n counted positions of a token sequence.

    A subclass says which positions count and what the head is told of the context. Under a linear head, whose logits
    depend on the state alone, value and derivatives are closed forms and curvature is declared: the energy is convex,
    and its upper curvature is at most the greatest log-sum-exp bound over the positions.

    Args:
        head: a LinearHead or nn.Linear, weight (V, d) or one for each position, (T, V, d); or a module or function to
            logits (..., T, V), as the subclass says.
        tokens: integer tensor of shape (..., T), values from 0 to V - 1.
        position: t, the number of tokens seen so far, from 1 to T: one number or one per state; T if None.

    Raises:
        UsageError: tokens or position are not integers in range, or the head's weight does not fit them.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"tokens": 1, "seen": 1}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(self, head: TokenHead, tokens: Tensor, position: int | Tensor | None) -> None:
        self.head: TokenHead = LinearHead(head.weight, head.bias) if isinstance(head, nn.Linear) else head
        if not callable(self.head):
            raise UsageError(f"head must be a LinearHead, a module or a function, got {type(head).__name__}")
        self.tokens: Tensor = last_sizes("tokens", _integers("tokens", tokens), [None])
        length = self.tokens.shape[-1]
        t = _integers("position", torch.tensor(length) if position is None else position).to(self.tokens.device)
        if length == 0 or not holds_everywhere((t >= 1) & (t <= length)):
            raise UsageError(f"position must be from 1 to the number of tokens, {length}, got {t.tolist()}")
        broadcast_batch({"tokens": self.tokens.shape[:-1], "position": t.shape})
        self.position: Tensor = t.unsqueeze(-1)
        self.seen: Tensor = torch.arange(length, device=self.tokens.device) < self.position
        if isinstance(self.head, LinearHead):
            weight = self.head.weight
            self.dim = weight.shape[-1]
            if weight.ndim == 3 and weight.shape[0] != length:
                raise UsageError(f"head must have one weight for each of {length} tokens, got {tuple(weight.shape)}")
            self._check_range(weight.shape[-2])

    @property
    def closed_form(self) -> bool:
        return isinstance(self.head, LinearHead)

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Declared under a linear head, for whichever positions count; None otherwise."""
        if not isinstance(self.head, LinearHead):
            return None
        weight = self.head.weight
        return self._remembered(lambda: Curvature(0.0, softmax_upper_curvature(weight)), weight)

    @abstractmethod
    def counted_positions(self, h: Tensor) -> Tensor:
        """Which positions count, boolean (..., T), at least one per state."""

    @abstractmethod
    def head_logits(self, h: Tensor, counted: Tensor) -> Tensor:
        """Logits of a head that is not linear, (..., T, V)."""

    def value(self, h: Tensor) -> Tensor:
        return self._loss(self.checked(h), self.counted_positions(h))

    def gradient(self, h: Tensor) -> Tensor:
        return self._slope(self.checked(h), self.counted_positions(h))

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        counted = self.counted_positions(self.checked(h))
        if self.closed_form:
            return self._loss(h, counted), self._slope(h, counted)

        def total(x: Tensor) -> tuple[Tensor, Tensor]:
            value = self._loss(x, counted)
            return value.sum(), value

        gradient, value = torch.func.grad(total, has_aux=True)(h)
        return value, gradient

    def hessian(self, h: Tensor) -> Tensor:
        if not isinstance(self.head, LinearHead):
            return super().hessian(h)
        counted = self.counted_positions(self.checked(h))
        p = self._log_probabilities(h, counted).exp()
        share = self._shares(counted, h).unsqueeze(-1)
        means = torch.einsum("...tv,tvd->...td", p, self._weights(self.head))
        rows = self._over_rows(share * p)
        second = self.head.rows.mT @ (rows.unsqueeze(-1) * self.head.rows)
        return second - means.mT @ (share * means)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """Under a linear head the norm of |rows|^T ((2 + 3 r) p + indicator), r the largest |rows| |h| + |bias|."""
        if not isinstance(self.head, LinearHead):
            return super().gradient_terms(h, quick)
        # As in LogSumExp; each of the V classes and T positions adds roundings.
        counted = self.counted_positions(self.checked(h))
        log_p, rows = self._log_probabilities(h, counted), self.head.rows.abs()
        reach = h.abs() @ rows.mT
        reach = reach if self.head.bias is None else reach + self.head.bias.abs().flatten()
        sizes = (2 + 3 * reach.amax(-1)[..., None, None]) * log_p.exp() + indicator(log_p, self.tokens)
        pulled = self._over_rows(self._shares(counted, h).unsqueeze(-1) * sizes) @ rows
        more = 2 * log_p.shape[-1] + log_p.shape[-2]
        return (1 + more / (h.shape[-1] + 8)) * norm(pulled + torch.finfo(h.dtype).tiny)

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if not isinstance(self.head, LinearHead) or self.batch_shape:
            return super().symbolic(h)
        counted = self.counted_positions(self.tokens).nonzero().flatten().tolist()
        loss: Any = 0
        for i in counted:
            z: Any = sympy.Matrix(exact(self._weights(self.head)[i])) * sympy.Matrix(list(h))
            if self.head.bias is not None:
                z = z + sympy.Matrix(exact(self.head.bias.expand(len(self.tokens), -1)[i]))
            loss += sympy.log(sympy.Add(*(sympy.exp(t) for t in z.flat()))) - z[int(self.tokens[i])]
        return loss / len(counted)

    def _loss(self, h: Tensor, counted: Tensor) -> Tensor:
        log_p = self._log_probabilities(h, counted)
        surprise = -picked(log_p, self.tokens.expand(log_p.shape[:-1]))
        return (self._shares(counted, h) * surprise).sum(-1)

    def _slope(self, h: Tensor, counted: Tensor) -> Tensor:
        if not isinstance(self.head, LinearHead):
            return torch.func.grad(lambda x: self._loss(x, counted).sum())(h)
        log_p = self._log_probabilities(h, counted)
        residual = log_p.exp() - indicator(log_p, self.tokens)
        return self._over_rows(self._shares(counted, h).unsqueeze(-1) * residual) @ self.head.rows

    def _log_probabilities(self, h: Tensor, counted: Tensor) -> Tensor:
        length = self.tokens.shape[-1]
        if isinstance(self.head, LinearHead):
            z = self.head(h)
            if self.head.weight.ndim == 2:
                z = z.unsqueeze(-2).expand(*z.shape[:-1], length, z.shape[-1])
        else:
            z = self.head_logits(h, counted)
            if z.shape[:-1] != (*h.shape[:-1], length):
                raise UsageError(
                    f"head must return logits of shape (..., {length}, V) for h of shape (..., d), "
                    f"got {tuple(z.shape)} for {tuple(h.shape)}"
                )
            self._check_range(z.shape[-1])
        return torch.log_softmax(z, -1)

    def _over_rows(self, weights: Tensor) -> Tensor:
        """Weights of positions and classes, (..., T, V), as weights of the head's rows."""
        assert isinstance(self.head, LinearHead)
        return weights.sum(-2) if self.head.weight.ndim == 2 else weights.flatten(-2)

    def _weights(self, head: LinearHead) -> Tensor:
        return head.weight.expand(self.tokens.shape[-1], *head.weight.shape[-2:])

    @staticmethod
    def _shares(counted: Tensor, h: Tensor) -> Tensor:
        return counted.to(h.dtype) / counted.sum(-1, keepdim=True).to(h.dtype)

    def _check_range(self, classes: int) -> None:
        if not holds_everywhere((self.tokens >= 0) & (self.tokens < classes)):
            low, high = int(self.tokens.min()), int(self.tokens.max())
            raise UsageError(f"tokens must be classes from 0 to {classes - 1}, got values from {low} to {high}")


def _integers(name: str, value: object) -> Tensor:
    try:
        tensor = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"{name} must be a tensor of integers, got {shown(value)}") from error
    if (
        tensor.layout is not torch.strided
        or tensor.is_meta
        or tensor.is_floating_point()
        or tensor.is_complex()
        or tensor.dtype == torch.bool
    ):
        raise UsageError(f"{name} must be a tensor of integers, got dtype {tensor.dtype}")
    return tensor.long()
