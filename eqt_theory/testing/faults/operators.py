"""Maps that are wrong on purpose, each in one way: what `check_operator` is checked with.

Most are the layer `tanh(W h) + b` with a change, W of norm 0.9.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from eqt_theory.core.domain import Ball, Box
from eqt_theory.operators.fixed_point import FixedPoint
from eqt_theory.operators.inclusion import Inclusion

DIM = 3
"""Of all of them."""


@dataclass(frozen=True)
class OperatorFault:
    """A map to try `check_operator` on.

    Args:
        name: what is wrong with it, in words joined by underscores.
        says: what it does, in one line.
        make: makes the map, anew each time, as some remember.
        caught_by: the name of a check that it must fail.
    """

    name: str
    says: str
    make: Callable[[], Any]
    caught_by: str


_W = 0.9 * torch.linalg.qr(
    torch.tensor([[1.0, 2.0, 0.5], [-1.0, 1.0, 3.0], [0.3, -2.0, 1.0]], dtype=torch.float64)
)[0]  # fmt: skip
_B = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)


def layer(h: Tensor) -> Tensor:
    """The layer that the faults change; it has none itself."""
    return torch.tanh(_W.to(h) @ h) + _B.to(h)


class Remembers(nn.Module):
    """Mixes a hundredth of the last image into the next."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Tensor | None = None

    def forward(self, h: Tensor) -> Tensor:
        """The next image."""
        image = layer(h) if self.last is None else layer(h) + 0.01 * self.last
        self.last = layer(h).detach()
        return image


class Alternates(nn.Module):
    """Answers every second call with a little less."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, h: Tensor) -> Tensor:
        """The next image."""
        self.calls += 1
        return layer(h) * (1 - 1e-6 * (self.calls % 2))


class RunningMean(nn.Module):
    """Keeps a running mean of what it is shown, and does not use it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(DIM, dtype=torch.float64))

    def forward(self, h: Tensor) -> Tensor:
        """The image."""
        with torch.no_grad():
            self.mean.mul_(0.9).add_(0.1 * h.detach())  # pyright: ignore[reportCallIssue]
        return layer(h)


class _Backwards(torch.autograd.Function):
    """W h whose derivative is told as W in place of its transpose."""

    @staticmethod
    def forward(ctx: Any, h: Tensor) -> Tensor:
        return _W @ h

    @staticmethod
    def backward(ctx: Any, *incoming: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _W @ incoming[0]


def _in_place(h: Tensor) -> Tensor:
    return h.mul_(0.5)


def _counting() -> Any:
    def counts(h: Tensor, calls: Tensor = torch.zeros(1)) -> Tensor:  # noqa: B008  that it stays is the fault
        with torch.no_grad():
            calls += 1
        return layer(h)

    return counts


def _noisy(h: Tensor) -> Tensor:
    return layer(h) + 1e-9 * torch.randn_like(h)


def _wants_no_grad(h: Tensor) -> Tensor:
    return layer(h) if torch.is_grad_enabled() else 0.999 * layer(h)


def _spiked(h: Tensor) -> Tensor:
    return 0.5 * h + 0.4 * torch.exp(-9 * (h - 0.8).square().sum()) * torch.ones_like(h)


def _skewed(h: Tensor) -> Tensor:
    return 0.5 * h + (_W - _W.T) @ h


def _shrink(v: Tensor, step: float) -> Tensor:
    return torch.sign(v) * torch.relu(v.abs() - step)


def _soft(v: Tensor, step: float) -> Tensor:
    return torch.sign(v) * torch.relu(v.abs() - 0.3)


def _halved(v: Tensor, step: float) -> Tensor:
    return v / (1 + step)


def _bowl(h: Tensor) -> Tensor:
    return 2 * h - 1


def _resolved(v: Tensor, step: float) -> Tensor:
    return (v + step) / (1 + 2 * step)


FAULTS: tuple[OperatorFault, ...] = (
    OperatorFault("drops_a_coordinate", "Returns two of three coordinates.", lambda: lambda h: h[:2],
                  "image_is_a_state"),
    OperatorFault("answers_in_float32", "Returns float32.", lambda: lambda h: layer(h).float(), "image_is_a_state"),
    OperatorFault("a_number", "Returns one number.", lambda: lambda h: layer(h).sum(), "image_is_a_state"),
    OperatorFault("a_pole", "Has a pole inside of the domain.", lambda: lambda h: torch.log(2.5 - h.norm()) * h,
                  "image_is_finite"),
    OperatorFault("noisy", "Adds noise of size 1e-9.", lambda: _noisy, "same_image_each_time"),
    OperatorFault("dropout", "Drops entries at random.", lambda: lambda h: nn.functional.dropout(layer(h)),
                  "same_image_each_time"),
    OperatorFault("alternates", Alternates.__doc__ or "", Alternates, "batch_is_its_states"),
    OperatorFault("remembers", Remembers.__doc__ or "", Remembers, "no_memory"),
    OperatorFault("in_place", "Writes its image over the state.", lambda: _in_place, "state_is_left_alone"),
    OperatorFault("running_mean", RunningMean.__doc__ or "", RunningMean, "state_is_left_alone"),
    OperatorFault("counts_in_a_default", "Counts its calls in a default, and does not use the count.", _counting,
                  "state_is_left_alone"),
    OperatorFault("grad_mode", "Depends on whether autograd records.", lambda: _wants_no_grad,
                  "surroundings_change_nothing"),
    OperatorFault("default_dtype", "Multiplies by a number of the default dtype.",
                  lambda: lambda h: layer(h) * float(torch.tensor(0.1)), "surroundings_change_nothing"),
    OperatorFault("detached", "Detaches a hundredth of its image.", lambda: lambda h: 0.99 * layer(h)
                  + 0.01 * layer(h).detach(), "derivative_is_that_of_the_image"),
    OperatorFault("leaves_autograd", "Goes through NumPy.", lambda: lambda h: torch.as_tensor(
        torch.tanh(h).detach().numpy()), "derivative_is_that_of_the_image"),
    OperatorFault("transposed", _Backwards.__doc__ or "", lambda: lambda h: _Backwards.apply(h),
                  "transpose_is_that_of_the_derivative"),
    OperatorFault("too_proud", "Declares a contraction of 0.8 where it is 0.9.",
                  lambda: FixedPoint(layer, DIM, contraction=0.8), "declared_contraction"),
    OperatorFault("rotation", "Declares a contraction, and turns.", lambda: FixedPoint(
        lambda h: _W @ h / 0.9, DIM, contraction=0.999999), "declared_contraction"),
    OperatorFault("spiked", "Contracts by 0.5, except around one point.", lambda: FixedPoint(
        _spiked, DIM, contraction=0.6, domain=Ball([0.0] * DIM, 2.0)), "declared_contraction"),
    OperatorFault("less_monotone", "Declares twice its modulus of monotonicity.",
                  lambda: Inclusion(_skewed, Box([-1.0] * DIM, [1.0] * DIM), mu=1.0), "declared_monotonicity"),
    OperatorFault("steeper", "Declares half its Lipschitz constant.",
                  lambda: Inclusion(_bowl, Box([-1.0] * DIM, [1.0] * DIM), lipschitz=1.0), "declared_lipschitz"),
    OperatorFault("expanding_prox", "Its prox doubles distances.",
                  lambda: Inclusion(_bowl, lambda v, step: 2 * v, DIM), "resolvents_are_firmly_nonexpansive"),
    OperatorFault("reflecting_prox", "Its prox is nonexpansive, and no resolvent.",
                  lambda: Inclusion(_bowl, lambda v, step: -v, DIM), "resolvents_are_firmly_nonexpansive"),
    OperatorFault("one_step_prox", "Its prox is that of one step, whatever the step.",
                  lambda: Inclusion(_bowl, _soft, DIM), "resolvents_of_steps_belong_together"),
    OperatorFault("other_resolvent", "Its resolvent is that of another operator.",
                  lambda: Inclusion(_bowl, _shrink, DIM, resolvent=_halved), "resolvent_inverts"),
    OperatorFault("rounds", "Answers in the precision of float32.",
                  lambda: lambda h: layer(h).detach().float().to(h) + 0 * h, "derivative_is_that_of_the_image"),
    OperatorFault("float64_inside", "Returns float64 whatever it is given.",
                  lambda: lambda h: layer(h.double()), "float32_agrees"),
)  # fmt: skip
"""Every planted fault. `check_operator` catches each of them, by the check named at least."""

RIGHT: dict[str, Callable[[], Any]] = {
    "layer": lambda: layer,
    "declared": lambda: FixedPoint(layer, DIM, contraction=0.9 * (1 + 1e-12)),
    "identity": lambda: lambda h: h,
    "matrix": lambda: _W,
    "kinked": lambda: lambda h: torch.relu(h - 0.3),
    "module": lambda: nn.Sequential(nn.Linear(DIM, 5), nn.Tanh(), nn.Linear(5, DIM)).double(),
    "inclusion": lambda: Inclusion(_bowl, _shrink, DIM, resolvent=_resolved, mu=2.0, lipschitz=2.0),
    "on_a_box": lambda: Inclusion(_skewed, Box([-1.0] * DIM, [1.0] * DIM), mu=0.5 * (1 - 1e-12)),
    "on_a_ball": lambda: FixedPoint(torch.log1p, DIM, domain=Ball([1.0] * DIM, 0.5)),
    "with_inputs": lambda: FixedPoint(lambda h, x: layer(h) + x, DIM, inputs=_B),
}
"""Maps that are right, and so is what they declare."""
