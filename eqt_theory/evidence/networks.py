"""Networks that are understood exactly: which layers they are made of, and what bounds their activations.

Only what is listed here is: a linear layer without hooks, pruning or parametrisation, and activations whose slope and
bend are known for all reals. Anything else gets no certificate, and the reason names it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor, nn

from eqt_theory.evidence.plain import is_plain

Range = tuple[Fraction, Fraction]
ZERO, ONE = Fraction(0), Fraction(1)
_SETTLED = 40.0  # where nn.Softplus goes over to a straight line, the jump is below the rounding of its value


@dataclass(frozen=True)
class Activation:
    """An activation, entry by entry: bounds on its first and second derivative over all reals.

    Args:
        name: of the module.
        slope: where phi' lies, also as a difference quotient.
        bend: where phi'' lies; None where phi' jumps.
        value: phi itself.
        slope_on: phi' over an interval, outwards, where more is known than `slope`.
    """

    name: str
    slope: Range
    bend: Range | None
    value: Callable[[Tensor], Tensor]
    slope_on: Callable[[float, float], tuple[float, float]] | None = None

    @property
    def steepest(self) -> Fraction:
        """The greatest |phi'|."""
        return max(-self.slope[0], self.slope[1])


@dataclass(frozen=True)
class Network:
    """`W_L phi_L(.. phi_1(W_0 h + b_0) ..) + b_L`: one more linear layer than activations.

    Args:
        weights: W_k, as the floats that they are, float64.
        offsets: b_k.
        activations: between them.
    """

    weights: tuple[Tensor, ...]
    offsets: tuple[Tensor, ...]
    activations: tuple[Activation, ...]


class NotUnderstood(Exception):
    """What keeps a network from being understood, in words."""


def read_network(module: nn.Module) -> Network:
    """The layers of a network.

    Args:
        module: `nn.Linear`, an activation, or an `nn.Sequential` of such, nested or not.

    Returns:
        The network, its parameters copied.

    Raises:
        NotUnderstood: some part is not understood exactly, or a weight is not finite.
    """
    weights: list[Tensor] = []
    offsets: list[Tensor] = []
    activations: list[Activation] = []
    pending: Activation | None = None
    size: int | None = None
    for layer in _flat(module):
        if isinstance(layer, nn.Linear):
            weight, bias = _parameters(layer)
            if size is not None and weight.shape[1] != size:
                raise NotUnderstood(f"{layer} takes {weight.shape[1]} numbers, the layer before it gives {size}")
            if weights or pending is not None:
                if not weights:
                    weights.append(torch.eye(weight.shape[1], dtype=torch.float64))
                    offsets.append(torch.zeros(weight.shape[1], dtype=torch.float64))
                activations.append(pending or IDENTITY)
            weights.append(weight)
            offsets.append(bias)
            pending, size = None, len(weight)
        else:
            found = _activation(layer)
            pending = found if pending is None else _composed(pending, found)
    if not weights:
        raise NotUnderstood("there is no linear layer, so the dimension is not known")
    if pending is not None:
        activations.append(pending)
        weights.append(torch.eye(size or 0, dtype=torch.float64))
        offsets.append(torch.zeros(size or 0, dtype=torch.float64))
    return Network(tuple(weights), tuple(offsets), tuple(activations))


def _parameters(layer: nn.Linear) -> tuple[Tensor, Tensor]:
    """Weight and bias as float64, which holds every smaller format exactly."""
    given = [layer.weight] if layer.bias is None else [layer.weight, layer.bias]
    if not all(x.is_floating_point() and not x.is_meta for x in given):
        raise NotUnderstood(f"{layer}: its weights are no real numbers with values")
    weight, *rest = (x.detach().double().cpu() for x in given)
    bias = rest[0] if rest else weight.new_zeros(len(weight))
    if not bool(torch.isfinite(weight).all() and torch.isfinite(bias).all()):
        raise NotUnderstood("a weight is not finite")
    return weight, bias


def _flat(module: nn.Module) -> list[nn.Module]:
    if is_plain(module, nn.Sequential):
        return [layer for part in module for layer in _flat(part)]
    if not is_plain(module, nn.Linear, *ACTIVATIONS):
        why = "a subclass, hooks, pruning or a parametrisation" if isinstance(module, nn.Linear) else "no known layer"
        raise NotUnderstood(f"{type(module).__name__}: {why}")
    return [] if isinstance(module, nn.Identity) else [module]


def _activation(module: nn.Module) -> Activation:
    found = ACTIVATIONS[type(module)](module)
    if found is None:
        raise NotUnderstood(f"{module}: not with these settings")
    return found


def _composed(first: Activation, then: Activation) -> Activation:
    """`then(first(t))`, bounded by products of slopes."""
    ends = [a * b for a in first.slope for b in then.slope]
    return Activation(
        f"{then.name} of {first.name}", (min(ends), max(ends)), None, lambda t: then.value(first.value(t))
    )


# Activations ----------------------------------------------------------------------------------------------------------


def _bump(slope: Callable[[float], float]) -> Callable[[float, float], tuple[float, float]]:
    """The range of a slope that is even and falls away from 0, on an interval; a few roundings outwards."""

    def on(low: float, high: float) -> tuple[float, float]:
        nearest, farthest = max(low, -high, 0.0), max(-low, high)
        least, most = slope(farthest), slope(nearest)
        return max(0.0, least - 1e-14), most + 1e-14

    return on


def _rising(slope: Callable[[float], float]) -> Callable[[float, float], tuple[float, float]]:
    return lambda low, high: (max(0.0, slope(low) - 1e-14), slope(high) + 1e-14)


def _tanh(t: float) -> float:
    return 1 - math.tanh(t) ** 2


def _sigmoid(t: float) -> float:
    return float(torch.sigmoid(torch.tensor(t, dtype=torch.float64)))


def _step(low_slope: float) -> Callable[[float, float], tuple[float, float]]:
    """Slope `low_slope` below 0 and 1 above."""
    least, most = min(low_slope, 1.0), max(low_slope, 1.0)
    return lambda low, high: (1.0, 1.0) if low > 0 else (low_slope, low_slope) if high < 0 else (least, most)


def _leaky(module: Any) -> Activation | None:
    slope = float(module.negative_slope)
    if not math.isfinite(slope):
        return None
    s = Fraction(slope)
    return Activation("LeakyReLU", (min(s, ONE), max(s, ONE)), None, module, _step(slope))


def _elu(module: Any) -> Activation | None:
    alpha = float(module.alpha)
    return Activation("ELU", (ZERO, max(Fraction(alpha), ONE)), None, module) if 0 <= alpha < math.inf else None


def _softplus(module: Any) -> Activation | None:
    s = float(module.beta)
    if not (0 < s < math.inf and float(module.threshold) >= _SETTLED):
        return None
    return Activation("Softplus", (ZERO, ONE), (ZERO, Fraction(s) / 4), module, _rising(lambda t: _sigmoid(s * t)))


def _gelu(module: Any) -> Activation | None:
    return GELU if module.approximate == "none" else None


def _dropout(module: Any) -> Activation | None:
    return IDENTITY if not module.training or module.p == 0 else None


IDENTITY = Activation("Identity", (ONE, ONE), (ZERO, ZERO), lambda t: t, lambda low, high: (1.0, 1.0))
TANH = Activation("Tanh", (ZERO, ONE), (Fraction(-77, 100), Fraction(77, 100)), torch.tanh, _bump(_tanh))
SIGMOID = Activation(
    "Sigmoid",
    (ZERO, Fraction(1, 4)),
    (Fraction(-9623, 10**5), Fraction(9623, 10**5)),
    torch.sigmoid,
    _bump(lambda t: _sigmoid(t) * _sigmoid(-t)),
)
GELU = Activation(
    "GELU", (Fraction(-12891, 10**5), Fraction(112891, 10**5)), (Fraction(-108, 1000), Fraction(798, 1000)), nn.GELU()
)
SILU = Activation("SiLU", (Fraction(-1, 10), Fraction(11, 10)), (Fraction(-1, 10), Fraction(1, 2)), nn.SiLU())
RELU = Activation("ReLU", (ZERO, ONE), None, torch.relu, _step(0.0))

ACTIVATIONS: dict[type[nn.Module], Callable[[Any], Activation | None]] = {
    nn.Dropout: _dropout,
    nn.ELU: _elu,
    nn.GELU: _gelu,
    nn.Hardtanh: lambda module: Activation("Hardtanh", (ZERO, ONE), None, module),
    nn.Identity: lambda module: IDENTITY,
    nn.LeakyReLU: _leaky,
    nn.LogSigmoid: lambda module: Activation("LogSigmoid", (ZERO, ONE), (Fraction(-1, 4), ZERO), module),
    nn.ReLU: lambda module: RELU,
    nn.ReLU6: lambda module: Activation("ReLU6", (ZERO, ONE), None, module),
    nn.SiLU: lambda module: SILU,
    nn.Sigmoid: lambda module: SIGMOID,
    nn.Softplus: _softplus,
    nn.Softsign: lambda module: Activation("Softsign", (ZERO, ONE), (Fraction(-2), Fraction(2)), module),
    nn.Tanh: lambda module: TANH,
}
"""Exact type of module -> its activation; None with settings for which nothing is known."""
