"""The refinement steps of a whole sequence, fused: one step costs a few passes over its states, no product of weights.

All constants are those of gamma Phi, so that lambda and gamma enter as their product, the weight w.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from eqt_theory.energies.curvature import round_up
from eqt_theory.models.coupled_config import CoupledConfig, Coupling
from eqt_theory.solvers.chebyshev import next_weight


@dataclass(frozen=True)
class Ridge:
    """The ridge terms of a position, gamma times `sum_j v_j softplus(w_j . h + u_j)`.

    Args:
        rows: W, shape (k, d).
        weights: gamma v, shape (k,).
        offsets: u, shape (..., n, k).
        curvature: gamma times an upper bound on the Hessian of one position's terms, for the step size.
    """

    rows: Tensor
    weights: Tensor
    offsets: Tensor
    curvature: float

    def gradient(self, h: Tensor) -> Tensor:
        """(..., n, d) -> (..., n, d)."""
        return (self.weights * torch.sigmoid(h @ self.rows.mT + self.offsets)) @ self.rows


def shifted(h: Tensor, first: Tensor) -> Tensor:
    """Each position's predecessor, (..., n, d); the first one's is `first`, (d,)."""
    return torch.cat([first.expand(*h.shape[:-2], 1, h.shape[-1]), h[..., :-1, :]], -2)


class Game:
    """The causal steps, `h_t <- h_t - alpha d/dh_t (own term)`; linear ones in one pass, others with their ridge terms.

    Args:
        f: proposals, (..., n, d).
        couplings: a, (..., n, d).
        anchor: h_0, (d,).
        weight: w = lambda gamma.
        ridge: the ridge terms, if there are any.
        frozen: whether the predecessors are the proposals throughout.
    """

    def __init__(
        self, f: Tensor, couplings: Tensor, anchor: Tensor, weight: float, ridge: Ridge | None, frozen: bool
    ) -> None:
        self.f, self.a, self.anchor, self.weight, self.ridge, self.frozen = f, couplings, anchor, weight, ridge, frozen
        self.share = weight / (1 + weight)
        self.pulled, self.drawn = f / (1 + weight), self.share * couplings
        self.step_size = 1 / (1 + weight)
        if ridge is not None:
            self.step_size = 2 / (2 * (1 + weight) + ridge.curvature)

    def __call__(self, h: Tensor) -> Tensor:
        """The states after one step."""
        before = shifted(self.f if self.frozen else h, self.anchor)
        target = torch.addcmul(self.pulled, self.drawn, before)
        if self.ridge is None:
            return target
        slope = (1 + self.weight) * (h - target) + self.ridge.gradient(h)
        return h.sub(slope, alpha=self.step_size)

    def states(self) -> Iterator[Tensor]:
        """h_1, h_2, ... without end."""
        h = self.f
        while True:
            h = self(h)
            yield h

    def run(self, steps: int) -> Tensor:
        """The states after so many steps from the proposals."""
        if self.ridge is None and not self.frozen and not torch.is_grad_enabled() and steps:
            return self._without_graph(steps)
        h = self.f
        for _ in range(steps):
            h = self(h)
        return h

    def _without_graph(self, steps: int) -> Tensor:
        """In two buffers; the first position is at rest after one step, and stays."""
        now = self(self.f)
        later = now.clone() if steps > 1 else now
        drawn, pulled = self.drawn[..., 1:, :], self.pulled[..., 1:, :]
        for _ in range(steps - 1):
            torch.addcmul(pulled, drawn, now[..., :-1, :], out=later[..., 1:, :])
            now, later = later, now
        return now


def chebyshev_end(weight: float) -> float:
    """Not below 1 + 4 lambda gamma, its product rounded to `weight`: Chebyshev's bound is for what lies below."""
    return round_up(1 + 4 * Fraction(weight) * (1 + Fraction(1, 2**52)))


class Joint:
    """Chebyshev's iteration on gamma Phi of the whole sequence, its gradient three products entry by entry.

    Args:
        f: proposals, (..., n, d).
        couplings: a, (..., n, d).
        anchor: h_0, (d,).
        weight: w = lambda gamma.
    """

    def __init__(self, f: Tensor, couplings: Tensor, anchor: Tensor, weight: float) -> None:
        self.f = f
        self.off = weight * couplings[..., 1:, :]
        reach = torch.cat([couplings[..., 1:, :].square(), torch.zeros_like(couplings[..., :1, :])], -2)
        self.diagonal = 1 + weight * (1 + reach)
        first = f[..., :1, :] + weight * couplings[..., :1, :] * anchor
        self.right = torch.cat([first, f[..., 1:, :]], -2)
        self.low, self.high = 1.0, chebyshev_end(weight)

    def gradient(self, h: Tensor) -> Tensor:
        """Gamma times grad Phi, (..., n, d)."""
        g = torch.addcmul(-self.right, self.diagonal, h)
        none = torch.zeros_like(h[..., :1, :])
        ahead = torch.cat([self.off * h[..., 1:, :], none], -2)
        behind = torch.cat([none, self.off * h[..., :-1, :]], -2)
        return g - ahead - behind

    def states(self) -> Iterator[Tensor]:
        """h_1, h_2, ... without end."""
        h, moved, weight = self.f, None, 0.0
        while True:
            weight = next_weight(weight, self.low, self.high)
            push = self.gradient(h) * (-2 * weight / (self.low + self.high))
            moved = push if moved is None else push.add(moved, alpha=weight - 1)
            h = h + moved
            yield h

    def run(self, steps: int) -> Tensor:
        """The states after so many steps from the proposals."""
        h, states = self.f, self.states()
        for _ in range(steps):
            h = next(states)
        return h


Steps = Game | Joint


def make_steps(config: CoupledConfig, f: Tensor, couplings: Tensor, anchor: Tensor, ridge: Ridge | None) -> Steps:
    """The steps that a config names.

    Args:
        config: coupling, strength and damping.
        f: proposals, shape (B, n, d).
        couplings: shape (B, n, d).
        anchor: shape (d,).
        ridge: the ridge terms, with causal ridge.

    Returns:
        The steps; `run(K)` gives the states after K of them.
    """
    weight = config.strength * config.gamma
    if config.coupling is Coupling.JOINT:
        return Joint(f, couplings, anchor, weight)
    return Game(f, couplings, anchor, weight, ridge, config.coupling is Coupling.FROZEN)
