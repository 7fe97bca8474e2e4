"""Self-attention as an energy: every token looks at all tokens, itself among them, and descent mixes them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import Count, Positive, Weight, checked
from eqt_theory.core.domain import Ball
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import float_tensor, last_sizes, positive_number
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.linear import exact, squared_singular_range
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy

SPREAD = 2.915
"""Above (1 + 1/sqrt 2)^2."""


@checked
class SelfAttention(Energy):
    """`ridge |x|^2/2 - sum_heads sum_C log sum_B exp(beta x_C . W x_B)/beta` of tokens x_1 .. x_n, all in one state.

    W = Q^T K of a head; the energy of attention of an energy transformer (Hoover et al. 2023), without normalisation
    and with a token's look at itself. The scores are quadratic in the state, so the curvature is bounded on balls only:
    for |x| <= R it lies between `ridge - sum_heads (2 sqrt n |W| + 2.915 beta |W|^2 R^2)` and
    `ridge + sum_heads 2 sqrt n |W|`. The first part is that of `sum_CB p_CB v_C . W v_B`, where p, the attention, has
    rows that sum to 1 and so a norm of at most sqrt n. The second is the variance of the scores' slopes under p,
    `v_C . W x_B + x_C . W v_B`: tokens lie within sqrt 2 R of each other, so that the variance of the one is at most
    |W|^2 R^2/2 |v_C|^2 (Popoviciu 1935), and that of the other at most |W|^2 |x_C|^2 sum_B p_CB |v_B|^2.

    Args:
        weights: W of each head, shape (..., heads, width, width).
        tokens: n; the state is the tokens in a row, d = n width.
        beta: inverse temperature, positive.
        ridge: weight of |x|^2/2, not negative.
        radius: R of the ball around 0 on which curvature is declared, positive.

    Raises:
        UsageError: a shape or dtype does not fit, or a number is out of range.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"weights": 3}
    _derived: ClassVar[Sequence[str]] = ("_curvature",)

    def __init__(
        self, weights: Tensor, tokens: Count, beta: Positive = 1.0, ridge: Weight = 1.0, radius: Positive = 1.0
    ) -> None:
        self.weights: Tensor = last_sizes("weights", float_tensor("weights", weights), [None, None, None])
        heads, width, other = self.weights.shape[-3:]
        if width != other or 0 in (heads, width):
            raise UsageError(f"weights must have shape (..., heads, width, width), got {tuple(self.weights.shape)}")
        self.beta, self.radius = positive_number("beta", beta), positive_number("radius", radius)
        self.ridge = positive_number("ridge", ridge, zero=True)
        self.tokens, self.width, self.dim = int(tokens), width, int(tokens) * width

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        def bounds() -> Curvature:
            up = 1 + 1e-13  # more than all that follows rounds
            turned, spread = 0.0, 0.0
            for w in self.weights.unbind(-3):
                square = squared_singular_range(w)[1]
                turned += 2 * (self.tokens * square) ** 0.5 * up
                spread += SPREAD * self.beta * square * self.radius * self.radius * up
            slack = 1e-15 * (self.ridge + turned + spread)
            low = self.ridge - turned - spread - slack
            return Curvature(low, self.ridge + turned + slack, Ball([0.0] * self.tokens * self.width, self.radius))

        return self._remembered(bounds, self.weights)

    def value(self, h: Tensor) -> Tensor:
        x = self._tokens(h)
        read = torch.logsumexp(self.beta * self._scores(x), -1).sum((-2, -1)) / self.beta
        return self.ridge * h.square().sum(-1) / 2 - read

    def gradient(self, h: Tensor) -> Tensor:
        x = self._tokens(h)
        pulled = self._pulled(x, self.weights, torch.softmax(self.beta * self._scores(x), -1))
        return self.ridge * h - pulled.flatten(-2)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The norm of ridge |x| + (2 + 3 r) times the pull of |x| by |W|, r the largest beta |x| |W| |x|."""
        x = self._tokens(h)
        p = torch.softmax(self.beta * self._scores(x), -1)
        size, weights = x.abs(), self.weights.abs()
        reach = self.beta * (size.unsqueeze(-3) @ weights @ size.unsqueeze(-3).mT).amax((-3, -2, -1))
        pulled = (2 + 3 * reach).unsqueeze(-1) * self._pulled(size, weights, p).flatten(-2)
        terms = norm(self.ridge * h.abs() + pulled + torch.finfo(h.dtype).tiny)
        count = self.weights.shape[-3] * (self.tokens + self.width)
        return (1 + 2 * count / (h.shape[-1] + 8)) * terms

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        beta, width = sympy.Rational(self.beta), self.width
        rows = [sympy.Matrix(list(h[k : k + width])) for k in range(0, len(h), width)]
        total = sympy.Rational(self.ridge) / 2 * sympy.Add(*(x**2 for x in h))
        for w in map(sympy.Matrix, exact(self.weights)):
            for one in rows:
                scores = [(one.T * w * other)[0] for other in rows]
                total -= sympy.log(sympy.Add(*(sympy.exp(beta * s) for s in scores))) / beta
        return total

    def _tokens(self, h: Tensor) -> Tensor:
        return self.checked(h).unflatten(-1, (self.tokens, self.width))

    def _scores(self, x: Tensor) -> Tensor:
        """`x_C . W x_B` of every head, shape (..., heads, n, n)."""
        rows = x.unsqueeze(-3)
        return rows @ self.weights @ rows.mT

    @staticmethod
    def _pulled(x: Tensor, weights: Tensor, p: Tensor) -> Tensor:
        """What the heads pull each token towards, shape (..., n, width)."""
        rows = x.unsqueeze(-3)
        return (p @ (rows @ weights.mT) + p.mT @ (rows @ weights)).sum(-3)
