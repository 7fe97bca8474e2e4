"""The confidence term of the paper: entropy of the prediction plus surprise at its most likely class."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.energies.curvature import Curvature
from eqt_theory.energies.latent.argmax_energy import ArgmaxEnergy, indicator, picked
from eqt_theory.energies.linear import squared_singular_range

if TYPE_CHECKING:
    import sympy


@checked
class Confidence(ArgmaxEnergy):
    """`H[p] - log p_i`, p the softmax of the head's logits and i its argmax or a frozen class (Eq. 14).

    With `q_j = p_j (log p_j + H)` the gradient in the logits is `p - q - e_i` and the Hessian
    `-diag(q) + q p^T + p q^T`, the same for every piece. A frozen piece under a linear head declares curvature:
    the bounds of `logit_curvature` times the squared largest singular value of the centred weight.

    Args:
        head: a LinearHead or nn.Linear, which gives closed forms; or a module or function to logits.
        piece: None for the active piece (`Piece.ACTIVE`); a class, or one per state, to freeze it (`Piece.FROZEN`).
    """

    def logit_value(self, log_p: Tensor, chosen: Tensor) -> Tensor:
        return _entropy(log_p) - picked(log_p, chosen)

    def logit_gradient(self, log_p: Tensor, chosen: Tensor) -> Tensor:
        return log_p.exp() - _excess(log_p) - indicator(log_p, chosen)

    def weighted_hessian(self, log_p: Tensor, weight: Tensor) -> Tensor:
        q, p = _excess(log_p), log_p.exp()
        across = (q @ weight).unsqueeze(-1) * (p @ weight).unsqueeze(-2)
        return across + across.mT - weight.mT @ (q.unsqueeze(-1) * weight)

    def frozen_curvature(self, weight: Tensor) -> Curvature:
        w = weight.detach().double()
        lower, upper = logit_curvature(w.shape[0])
        # The Hessian in the logits annihilates the vector of ones, so a common row can be taken off.
        _, square = squared_singular_range(w - w.mean(0, keepdim=True))
        square = square * (1 + 1e-12) + 1e-13 * float(w.abs().max()) ** 2 * w.shape[1]
        return Curvature(lower * square, upper * square)

    def symbolic_piece(self, p: "Sequence[sympy.Expr]", chosen: int) -> "sympy.Expr":
        import sympy

        return -sympy.Add(*(x * sympy.log(x) for x in p)) - sympy.log(p[chosen])


def logit_curvature(classes: int) -> tuple[float, float]:
    """Rigorous bounds on the eigenvalues of the confidence Hessian in V logits, for every distribution.

    Let v be a unit vector, `c = p . v`, a the largest probability and `r = (1 - a) ln(a (V - 1)/(1 - a))`. Grouping
    the entropy around a gives `log a + H <= r`, so `q_j <= p_j r`. Then `-v^T hess v = sum q_j (v_j - c)^2` is at
    most r times the variance of v under p, whose greatest value is at most `min(a, 2 a (1 - a))` (Gershgorin). Above,
    `-q_j <= t(1-t) ln((1-t)/t)` at t = p_j, at most s = 0.22389 (maximised over t), the top eigenvalue of
    `q p^T + p q^T` is `q.p + |q||p|`, and `|p|^2 <= a`, `|q+| <= r |p|`, `|q-|^2 <= s sum q- = s sum q+ <= s r`.
    For V = 2 the Hessian is positive semidefinite. The bounds are not tight.

    Args:
        classes: V, at least 1.

    Returns:
        A lower bound, not positive, and an upper bound, rounded outwards.
    """
    if classes == 1:
        return 0.0, 0.0
    s = 0.22389
    lower = 0.0 if classes == 2 else -_maximum(classes, lambda a, r: torch.minimum(a, 2 * a * (1 - a)) * r)
    return lower, s + _maximum(classes, lambda a, r: a * r + (a * (a * r**2 + s * r)).sqrt())


def _maximum(classes: int, f: Callable[[Tensor, Tensor], Tensor]) -> float:
    """An upper bound on the maximum of f(a, r(a)) over a in [1/V, 1], for f non-decreasing in r.

    On each cell of a grid, a at both ends (and 1/2, where `min(a, 2a(1-a))` turns) is combined with a bound on r over
    the cell, from the monotone parts of r; the other dependence on a is monotone on the cell or turns at 1/2.

    Args:
        classes: V, at least 2.
        f: the function, entry by entry.

    Returns:
        The bound, rounded upwards.
    """
    edges = torch.linspace(1 / classes, 1.0, 20_001, dtype=torch.float64)
    edges = torch.cat([edges, torch.tensor([0.5], dtype=torch.float64)]).unique(sorted=True)
    low, high = edges[:-1], edges[1:]
    # r = x ln(V - 1) + x ln(1 - x) - x ln(x) at x = 1 - a: bound each summand from above on the cell.
    most, least = 1 - low, 1 - high
    inside = torch.minimum(most, torch.full_like(most, torch.e**-1))
    peak = torch.maximum(inside, least)
    entropy = -torch.special.xlogy(peak, peak)
    rest = least * torch.log(torch.clamp(high, max=1.0))
    r = (most * torch.log(torch.tensor(float(classes - 1), dtype=torch.float64)) + entropy + rest).clamp(min=0)
    return float(torch.maximum(f(low, r), f(high, r)).max()) * (1 + 1e-12)


def _entropy(log_p: Tensor) -> Tensor:
    # p log p from log p: no logarithm of a probability that rounds to zero.
    return -(log_p.exp() * log_p).sum(-1)


def _excess(log_p: Tensor) -> Tensor:
    """`q_j = p_j (log p_j + H)`, (..., V)."""
    return log_p.exp() * (log_p + _entropy(log_p).unsqueeze(-1))
