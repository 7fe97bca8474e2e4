"""One instance of every energy, and states at which to look at it. Data for the tests of this room."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import eqt_theory as eqt

D = 3
DEVICES = ["cpu", *([pytest.param("cuda", marks=pytest.mark.gpu)] if torch.cuda.is_available() else [])]


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def spd(seed: int, *shape: int) -> Tensor:
    root = draw(seed, *shape, shape[-1])
    return root @ root.mT + 0.5 * torch.eye(shape[-1], dtype=torch.float64)


HEAD = eqt.LinearHead(draw(1, 5, D), draw(2, 5))
WINDOW_HEAD = eqt.LinearHead(draw(3, 6, 5, D), draw(4, 6, 5))
TOKENS = torch.tensor([0, 4, 2, 2, 1, 3])
MASK = torch.tensor([True, False, False, True, False, True])
TABLE_TOKENS = torch.tensor([[0, 4, 2, 2, 1, 3], [1, 1, 0, 3, 4, 2]])
TABLE_MASK = torch.tensor([[True, False, False, True, False, True], [False, True, False, False, False, False]])


RIDGE = (torch.tensor([[1.5], [-1.0]], dtype=torch.float64), torch.tensor([0.5, 3.0], dtype=torch.float64))


class Tanh(nn.Module):
    def __init__(self, seed: int, outputs: int = D) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.4 * draw(seed, outputs, D))

    def forward(self, h: Tensor) -> Tensor:
        return torch.tanh(h @ self.weight.mT)


def network(seed: int) -> nn.Module:
    """Two hidden layers and one output."""
    generator = torch.Generator().manual_seed(seed)
    net = nn.Sequential(nn.Linear(D, 5), nn.Tanh(), nn.Linear(5, 4), nn.GELU(), nn.Linear(4, 1)).double()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(0.6 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return net.requires_grad_(False)


def _weight_energy() -> eqt.Energy:
    x, y = draw(80, 4, 2), draw(81, 4, 1)
    net = nn.Linear(2, 1, dtype=torch.float64)
    with torch.no_grad():
        net.weight.copy_(draw(82, 1, 2))
    return eqt.WeightEnergy(net, lambda f: (torch.tanh(f(x.to(f_dtype(f)))) - y.to(f_dtype(f))).square().mean())


def f_dtype(f: Callable[..., Tensor]) -> torch.dtype:
    """The precision in which a function of a float64-incompatible module computes: found by trying."""
    try:
        return f(torch.zeros(1, 2, dtype=torch.float64)).dtype
    except RuntimeError:
        return torch.float32


SHARED: dict[str, Callable[[], eqt.Energy]] = {
    "quadratic": lambda: eqt.Quadratic(spd(5, D), draw(6, D)),
    "diagonal": lambda: eqt.Quadratic.diagonal(torch.tensor([-1.0, 2.0, 10.0], dtype=torch.float64)),
    "spectrum": lambda: eqt.Quadratic.with_spectrum(torch.tensor([0.1, 1.0, 10.0], dtype=torch.float64), seed=0),
    "logsumexp": lambda: eqt.LogSumExp(draw(7, 6, D), draw(8, 6), ridge=0.1),
    "logistic": lambda: eqt.Logistic(draw(9, 7, D), draw(10, 7).sign(), ridge=0.2),
    "softplus": lambda: eqt.SoftplusSum(draw(11, 4, D), draw(12, 4), sharpness=3.0, ridge=0.1),
    "pseudo-huber": lambda: eqt.PseudoHuber(draw(13, 4, D), draw(14, 4), delta=0.7, ridge=0.1),
    "pseudo-huber-plain": lambda: eqt.PseudoHuber(delta=2.0),
    "piecewise": lambda: eqt.PiecewiseCurvature.switching(0.5, 8.0, D, seed=0),
    "heavy-ball-cycle": lambda: eqt.heavy_ball_cycle(),
    "double-well": lambda: eqt.DoubleWell(depth=1.5, width=0.8, domain=eqt.Box([-3.0] * D, [3.0] * D)),
    "rosenbrock": lambda: eqt.Rosenbrock(10.0),
    "nesterov-worst": lambda: eqt.nesterov_worst(D, 10.0, 0.1),
    "hopfield": lambda: eqt.Hopfield(draw(60, 4, D), beta=1.5),
    "self-attention": lambda: eqt.SelfAttention(draw(66, 2, 1, 1), D, beta=0.8, ridge=0.3, radius=6.0),
    "input-convex": lambda: eqt.InputConvexNetwork(D, [6, 4], seed=3, ridge=0.1),
    "network": lambda: eqt.NetworkEnergy(network(3), ridge=0.5),
    "difference": lambda: SHARED["pseudo-huber-plain"]() - 0.5 * SHARED["logistic"](),
    "confidence-frozen": lambda: eqt.Confidence(HEAD, piece=2),
    "confidence-active": lambda: eqt.Confidence(HEAD),
    "confidence-mlp": lambda: eqt.Confidence(eqt.MLPHead(D, 8, 4, seed=0), piece=1),
    "predictive-frozen": lambda: eqt.PredictiveError(HEAD, piece=3),
    "predictive-active": lambda: eqt.PredictiveError(HEAD),
    "reverse-linear": lambda: eqt.ReversePrediction(HEAD, TOKENS, window=4),
    "reverse-window": lambda: eqt.ReversePrediction(WINDOW_HEAD, TOKENS, window=4, position=5),
    "reverse-transformer": lambda: eqt.ReversePrediction(
        eqt.ReverseTransformer(5, D, 6, width=8, seed=1), TOKENS, window=4
    ),
    "masked-linear": lambda: eqt.MaskedPrediction(HEAD, TOKENS, MASK),
    "masked-window": lambda: eqt.MaskedPrediction(WINDOW_HEAD, TOKENS, MASK),
    "masked-mlp": lambda: eqt.MaskedPrediction(eqt.MaskedMLP(5, D, 6, width=8), TOKENS, MASK),
    "memory": lambda: eqt.EpisodicMemory(draw(20, 5, D), 0.7, torch.tensor([True, True, False, True, False])),
    "cosine-memory": lambda: eqt.CosineMemory(draw(21, 4, D), torch.tensor([True, False, True, True])),
    "coupled-chain": lambda: eqt.CoupledChain(draw(22, D, 1).tanh(), draw(23, 1), 4.0),
    "coupled-pair": lambda: eqt.CoupledChain(torch.tensor([[1.0] * D], dtype=torch.float64), draw(24, D), 0.5),
    "position-ridge": lambda: eqt.PositionRidge(*RIDGE, draw(27, D, 2)),
    "coupled-ridge": lambda: SHARED["coupled-chain"]() + SHARED["position-ridge"](),
    "fixed-point": lambda: eqt.FixedPointResidual(Tanh(30)),
    "denoiser": lambda: eqt.DenoiserResidual(Tanh(31), draw(32, D), 0.3),
    "consistency": lambda: eqt.Consistency(Tanh(33), lambda y: torch.tanh(y) + 0.1 * y, dim=D),
    "weights": _weight_energy,
    "function": lambda: eqt.FunctionEnergy(lambda h: (h**4).sum() + h[0] * h[1], dim=D),
    "sum": lambda: 0.5 * SHARED["logistic"]() + eqt.DoubleWell(0.1),
    "paper": lambda: eqt.paper_energy(
        *(SHARED[n]() for n in ("reverse-linear", "masked-linear")), memory=SHARED["memory"]()
    ),
    "objective": lambda: eqt.Objective(SHARED["memory"](), draw(40, D), 0.5),
}
"""Energies whose parameters all states share."""

N = 4
BATCHED: dict[str, Callable[[], eqt.Energy]] = {
    "quadratic": lambda: eqt.Quadratic(spd(50, N, D), draw(51, N, D)),
    "quadratic-shared-b": lambda: eqt.Quadratic(spd(50, N, D), draw(51, D)),
    "hopfield": lambda: eqt.Hopfield(draw(61, N, 5, D), beta=0.8),
    "self-attention": lambda: eqt.SelfAttention(0.5 * draw(67, N, 2, D, D), 1, beta=0.8, radius=6.0),
    "logsumexp": lambda: eqt.LogSumExp(draw(52, N, 6, D), draw(53, 6), ridge=0.1),
    "softplus": lambda: eqt.SoftplusSum(draw(54, 5, D), draw(55, N, 5)),
    "pseudo-huber": lambda: eqt.PseudoHuber(None, draw(56, N, D)),
    "confidence": lambda: eqt.Confidence(HEAD, torch.tensor([0, 1, 2, 4])),
    "reverse": lambda: eqt.ReversePrediction(HEAD, TOKENS, window=3, position=torch.tensor([1, 2, 4, 6])),
    "reverse-transformer": lambda: eqt.ReversePrediction(
        eqt.ReverseTransformer(5, D, 6, width=8, seed=1), TABLE_TOKENS.repeat(2, 1), 3, torch.tensor([1, 2, 4, 6])
    ),
    "masked": lambda: eqt.MaskedPrediction(WINDOW_HEAD, TABLE_TOKENS.repeat(2, 1), TABLE_MASK.repeat(2, 1)),
    "masked-mlp": lambda: eqt.MaskedPrediction(
        eqt.MaskedMLP(5, D, 6, width=8), TABLE_TOKENS.repeat(2, 1), TABLE_MASK.repeat(2, 1)
    ),
    "memory": lambda: eqt.EpisodicMemory(draw(57, N, 3, D), 0.7),
    "cosine-memory": lambda: eqt.CosineMemory(
        draw(58, 3, D), torch.tensor([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 1]]) > 0
    ),
    "coupled-chain": lambda: eqt.CoupledChain(draw(61, N, D, 1).tanh(), draw(62, 1), 2.0),
    "coupled-anchors": lambda: eqt.CoupledChain(draw(63, N, 1, D).tanh(), draw(64, N, D), 2.0),
    "position-ridge": lambda: eqt.PositionRidge(*RIDGE, draw(65, N, D, 2)),
    "denoiser": lambda: eqt.DenoiserResidual(Tanh(31), draw(59, N, D), 0.3),
    "sum": lambda: 0.3 * BATCHED["quadratic"]() + BATCHED["memory"]() + eqt.DoubleWell(),
    "objective": lambda: eqt.Objective(BATCHED["logsumexp"](), draw(60, D), torch.tensor([0.5, 1.0, 2.0, 4.0])),
}
"""Energies that carry parameters for each of N states."""

TWINS = [
    "hopfield", "self-attention", "quadratic", "logsumexp", "logistic", "softplus", "pseudo-huber",
    "pseudo-huber-plain", "piecewise", "heavy-ball-cycle", "double-well", "rosenbrock", "nesterov-worst",
    "confidence-frozen", "predictive-frozen", "coupled-chain", "coupled-pair", "position-ridge", "coupled-ridge",
    "reverse-linear", "reverse-window", "masked-linear", "masked-window", "memory", "cosine-memory", "sum", "paper",
    "difference", "objective",
]  # fmt: skip
"""Names in SHARED that have a symbolic twin."""


def states(name: str, *shape: int, seed: int = 70) -> Tensor:
    """States at which the energy is smooth."""
    del name
    return draw(seed, *shape, D)
