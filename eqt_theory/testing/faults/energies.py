"""Energies that are wrong on purpose, each in one way: what `check_energy` is checked with.

Most are the softplus energy `sum log(1 + exp(h_i)) + |h|^2/4` with a change; its gradient is `sigmoid(h) + h/2`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from eqt_theory.energies.analytic.function import FunctionEnergy
from eqt_theory.energies.analytic.quadratic import Quadratic
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Curvature


@dataclass(frozen=True)
class EnergyFault:
    """An energy to try `check_energy` on.

    Args:
        name: what is wrong with it, in words joined by underscores.
        says: what it does, in one line.
        make: makes the energy, anew each time, as some remember.
        caught_by: the name of a check that it must fail.
    """

    name: str
    says: str
    make: Callable[[], Energy]
    caught_by: str


class Softplus(Energy):
    """The energy that the faults change; it has none itself."""

    def value(self, h: Tensor) -> Tensor:
        return functional.softplus(h).sum(-1) + h.square().sum(-1) / 4

    def gradient(self, h: Tensor) -> Tensor:
        return torch.sigmoid(h) + h / 2

    def hessian(self, h: Tensor) -> Tensor:
        p = torch.sigmoid(h)
        return torch.diag_embed(p * (1 - p) + 0.5)


class GradientOff(Softplus):
    """Scales its gradient by 1 + 1e-6, far inside what gradcheck lets pass."""

    def gradient(self, h: Tensor) -> Tensor:
        return (torch.sigmoid(h) + h / 2) * (1 + 1e-6)


class GradientOfHalf(Softplus):
    """Forgets the 2 of a derivative in one coordinate."""

    def gradient(self, h: Tensor) -> Tensor:
        gradient = torch.sigmoid(h) + h / 2
        return torch.cat([gradient[..., :-1], gradient[..., -1:] - h[..., -1:] / 4], -1)


class DetachedPart(Energy):
    """Detaches a part of the value, so its derivative by autograd misses a term."""

    def value(self, h: Tensor) -> Tensor:
        return (h * torch.sigmoid(h).detach()).sum(-1)


class HessianOff(Softplus):
    """Scales its Hessian by 1 + 1e-6."""

    def hessian(self, h: Tensor) -> Tensor:
        return super().hessian(h) * (1 + 1e-6)


class HessianSkew(Softplus):
    """Has one entry too many above the diagonal of its Hessian."""

    def hessian(self, h: Tensor) -> Tensor:
        hessian = super().hessian(h).clone()
        hessian[..., 0, -1] = hessian[..., 0, -1] + 1e-5
        return hessian


class HessianVectorOff(Softplus):
    """Multiplies by the square of its Hessian."""

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        hessian = self.hessian(h)
        return (hessian @ (hessian @ v.unsqueeze(-1))).squeeze(-1)


class StaleShortcut(Softplus):
    """Returns half the value from `value_and_gradient`."""

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.value(h) / 2, self.gradient(h)


class NotDifferentiable(Softplus):
    """Computes its gradient on detached states, so training through a step sees nothing."""

    def gradient(self, h: Tensor) -> Tensor:
        return super().gradient(h.detach())


class BatchMean(Softplus):
    """Adds a hundred-thousandth of the batch mean to each state."""

    def value(self, h: Tensor) -> Tensor:
        return super().value(h + 1e-5 * h.reshape(-1, h.shape[-1]).mean(0))


class BatchSum(Energy):
    """Returns one number for the whole batch."""

    def value(self, h: Tensor) -> Tensor:
        return functional.softplus(h).sum()


class LastAxisKept(Energy):
    """Forgets to sum over the state."""

    def value(self, h: Tensor) -> Tensor:
        return functional.softplus(h)


class Noisy(Softplus):
    """Adds noise of size 1e-12 to its value, from the global generator."""

    def value(self, h: Tensor) -> Tensor:
        return super().value(h) + 1e-12 * torch.randn(h.shape[:-1], dtype=h.dtype, device=h.device)


class Drifting(Softplus):
    """Counts its calls and grows with them."""

    def __init__(self) -> None:
        self.calls = 0

    def value(self, h: Tensor) -> Tensor:
        self.calls += 1
        return super().value(h) * (1 + 1e-9 * self.calls)


class ChangesStates(Softplus):
    """Clamps the states in place before it uses them."""

    def gradient(self, h: Tensor) -> Tensor:
        with torch.no_grad():
            h.clamp_(-2.0, 2.0)
        return torch.sigmoid(h) + h / 2


class ChangesItself(Softplus):
    """Keeps a running mean of the states it has seen."""

    def __init__(self) -> None:
        self.mean = torch.zeros((), dtype=torch.float64)

    def gradient(self, h: Tensor) -> Tensor:
        self.mean.lerp_(h.detach().mean(), 0.1)
        return super().gradient(h)


class HiddenFloat32(Softplus):
    """Computes in float32 and returns float64."""

    def value(self, h: Tensor) -> Tensor:
        return super().value(h.float()).to(h.dtype)


class Promotes(Softplus):
    """Returns float64 whatever the states are."""

    def value(self, h: Tensor) -> Tensor:
        return super().value(h.double())


class LogOfPositive(Energy):
    """Takes the logarithm of a number that may be negative."""

    def value(self, h: Tensor) -> Tensor:
        return -(h.sum(-1) + 4).log() + h.square().sum(-1)


class OverflowingExp(Energy):
    """Writes log(1 + exp(x)) as it stands, which overflows."""

    def value(self, h: Tensor) -> Tensor:
        return torch.log1p(torch.exp(400 * h)).sum(-1)


class LongFloat32Sum(Energy):
    """Subtracts two large numbers, which leaves nothing in float32."""

    def value(self, h: Tensor) -> Tensor:
        return (functional.softplus(h).sum(-1) + 1e7) - 1e7


class CurvatureTooHigh(Quadratic):
    """Declares a strong convexity that it does not have in one direction."""

    _per_state: ClassVar = {}

    def __init__(self) -> None:
        super().__init__(torch.diag(torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)))

    @property
    def curvature(self) -> Curvature:  # pyright: ignore[reportIncompatibleVariableOverride]
        return Curvature(0.6, 3.0)


def _declared(mu: float, lipschitz: float) -> Energy:
    def bump(h: Tensor) -> Tensor:
        return h.square().sum(-1) / 2 - 0.3 * torch.exp(-((h - 0.8).square().sum(-1)) / 0.5)

    return FunctionEnergy(bump, curvature=Curvature(mu, lipschitz), dim=3)


def _of(cls: type[Energy], caught_by: str) -> EnergyFault:
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")
    return EnergyFault(words, (cls.__doc__ or "").strip(), cls, caught_by)


RIGHT: Energy = Softplus()
"""The energy without a fault."""

FAULTS: tuple[EnergyFault, ...] = (
    _of(GradientOff, "gradient_is_that_of_the_value"),
    _of(GradientOfHalf, "gradient_is_that_of_the_value"),
    _of(DetachedPart, "gradient_is_that_of_the_value"),
    _of(HiddenFloat32, "gradient_is_that_of_the_value"),
    _of(HessianOff, "hessian_is_that_of_the_gradient"),
    _of(HessianSkew, "hessian_is_symmetric"),
    _of(HessianVectorOff, "hessian_vector_is_the_product"),
    _of(StaleShortcut, "value_and_gradient_agree"),
    _of(NotDifferentiable, "differentiable_again"),
    _of(BatchMean, "no_cross_talk"),
    _of(BatchSum, "shapes"),
    _of(LastAxisKept, "shapes"),
    _of(Promotes, "float32_agrees"),
    _of(LongFloat32Sum, "float32_agrees"),
    _of(Noisy, "deterministic"),
    _of(Drifting, "deterministic"),
    _of(ChangesStates, "pure"),
    _of(ChangesItself, "pure"),
    _of(LogOfPositive, "finite"),
    _of(OverflowingExp, "finite"),
    _of(CurvatureTooHigh, "declared_curvature"),
    EnergyFault(
        "hidden_valley",
        "Declares the curvature of its parabola, but has a dip of width 1/2 around (0.8, 0.8, 0.8).",
        lambda: _declared(0.9, 1.1),
        "declared_curvature",
    ),
    EnergyFault(
        "smooth_by_declaration",
        "Declares a Lipschitz constant of half its true one, at a kink-like bend.",
        lambda: FunctionEnergy(lambda h: (h.square() + 1e-4).sqrt().sum(-1), curvature=Curvature(0.0, 50.0), dim=3),
        "declared_curvature",
    ),
)
"""Every planted fault. `check_energy` catches each of them, by the check named at least."""
