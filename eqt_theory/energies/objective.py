"""Objective: an energy plus the proximal term that ties the state to its proposal."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor

from eqt_theory.core.annotated import checked
from eqt_theory.core.errors import UsageError
from eqt_theory.energies.arguments import (
    broadcast_batch,
    float_tensor,
    holds_everywhere,
    last_sizes,
    positive_number,
    same_place,
)
from eqt_theory.energies.base import Energy
from eqt_theory.energies.curvature import Constant, Curvature, add_down
from eqt_theory.energies.norm import norm

if TYPE_CHECKING:
    import sympy


@checked
class Objective(Energy):
    """`Phi(h) = energy(h) + |h - proposal|^2 / (2 gamma)`, whose minimiser is the equilibrium (Eqs. 1 and 7).

    Args:
        energy: the energy; its parameters may carry a batch.
        proposal: f, shape (..., d). It is broadcast to the common batch shape of energy, proposal and gamma.
        gamma: positive damping; one number, or a tensor with one number per state, shape (...).

    Raises:
        UsageError: gamma is not positive and finite, shapes do not fit, an integer tensor was given, or the
            proposal has another dtype or device than the energy's parameters.
    """

    _per_state: ClassVar[Mapping[str, int]] = {"proposal": 1, "gamma": 0}

    def __init__(self, energy: Energy, proposal: Tensor, gamma: float | Tensor = 1.0) -> None:
        if not isinstance(energy, Energy):
            raise UsageError(
                f"energy must be an Energy, got {type(energy).__name__}; wrap a function in FunctionEnergy"
            )
        proposal = last_sizes("proposal", float_tensor("proposal", proposal), [energy.dim])
        reference = energy.reference()
        if reference is not None:
            same_place("proposal", proposal, f"the parameters of {type(energy).__name__}", reference)
        shapes = {"energy": energy.batch_shape, "proposal": proposal.shape[:-1]}
        batch = broadcast_batch(shapes)
        if isinstance(gamma, Tensor) or not isinstance(gamma, (int, float)):
            gamma = float_tensor("gamma", gamma)
            if not holds_everywhere((gamma > 0) & torch.isfinite(gamma)):
                raise UsageError(f"gamma must be positive and finite, got {gamma.tolist()}")
            gamma = gamma.to(proposal)
            # A column of gammas beside a row of states would silently become a table of states.
            if batch and gamma.ndim > len(batch):
                raise UsageError(
                    f"gamma must be one number or one per state, shape {tuple(batch)}, got {tuple(gamma.shape)}"
                )
            batch = broadcast_batch({**shapes, "gamma": gamma.shape})
        else:
            gamma = positive_number("gamma", gamma)
        self.energy: Energy = energy
        self.proposal: Tensor = proposal.expand(*batch, proposal.shape[-1])
        self.gamma: float | Tensor = gamma
        self.dim = proposal.shape[-1]

    @property
    def m(self) -> float | None:
        """`mu + 1/gamma`, the least over the batch, rounded down; None where the energy declares no curvature."""
        curvature = self.energy.curvature
        if curvature is None:
            return None
        if isinstance(curvature.mu, Tensor) and isinstance(self.gamma, Tensor):
            return self._least(curvature.mu)
        gamma = float(self.gamma.max()) if isinstance(self.gamma, Tensor) else self.gamma
        return _plus_reciprocal(curvature.lowest, gamma)

    @property
    def M(self) -> float | None:
        """`L + 1/gamma`, the greatest over the batch, rounded up; None where the energy declares no curvature.

        Infinite where only a lower curvature is declared.
        """
        curvature = self.energy.curvature
        if curvature is None:
            return None
        if isinstance(curvature.lipschitz, Tensor) and isinstance(self.gamma, Tensor):
            return -self._least(-curvature.lipschitz, sign=-1)
        gamma = float(self.gamma.min()) if isinstance(self.gamma, Tensor) else self.gamma
        return -_plus_reciprocal(-curvature.highest, gamma, sign=-1)

    @property
    def state_m(self) -> Tensor | None:
        """`mu + 1/gamma` of each state, a column beside h, shape (..., 1), rounded down; None as for `m`.

        The constants of the whole batch, `m` and `M`, let a state's step depend on the others; these do not.
        """
        curvature = self.curvature
        return None if curvature is None else self._column(curvature.mu, -math.inf)

    @property
    def state_M(self) -> Tensor | None:
        """`L + 1/gamma` of each state, a column beside h, shape (..., 1), rounded up; None as for `M`."""
        curvature = self.curvature
        return None if curvature is None else self._column(curvature.lipschitz, math.inf)

    def _column(self, constant: Constant, outwards: float) -> Tensor:
        """A constant for each state, in the dtype of the states, rounded outwards."""
        like = self.proposal
        exact = torch.as_tensor(constant, dtype=torch.float64, device=like.device)
        near = exact.to(like.dtype)
        inside = near.double() < exact if outwards > 0 else near.double() > exact
        near = torch.where(inside, torch.nextafter(near, torch.full_like(near, outwards)), near)
        return near.expand(self.batch_shape).unsqueeze(-1)

    @property
    def curvature(self) -> Curvature | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Bounds on the Hessian of Phi, per state where the energy or gamma is, on the domain of the energy's."""
        declared = self.energy.curvature
        if declared is None:
            return None
        return Curvature(self._shifted(declared.mu), -self._shifted(-declared.lipschitz, sign=-1), declared.domain)

    def _shifted(self, constant: Constant, sign: int = 1) -> Constant:
        """A number or tensor not above `constant + sign / gamma`."""
        if not isinstance(self.gamma, Tensor):
            return add_down([(Fraction(1), constant), (sign / Fraction(self.gamma), 1.0)])
        # The reciprocal is itself rounded, so it enters as two halves: that keeps add_down's error term in play.
        half = self.gamma.detach().double().reciprocal() / 2
        return add_down([(Fraction(1), constant), (Fraction(sign), half), (Fraction(sign), half)])

    def _least(self, constant: Tensor, sign: int = 1) -> float:
        shifted = self._shifted(constant, sign)
        return Curvature(shifted).lowest

    def value(self, h: Tensor) -> Tensor:
        return self.energy.value(self.checked(h)) + self._proximal(h)

    def gradient(self, h: Tensor) -> Tensor:
        return self.energy.gradient(self.checked(h)) + self._pull(h - self.proposal)

    def residual(self, h: Tensor) -> Tensor:
        """What is zero at the equilibrium: the gradient of Phi, (..., d) -> (..., d)."""
        return self.gradient(h)

    def residual_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        """The size of the terms of the residual, those of the gradient; (..., d) -> (...)."""
        return self.gradient_terms(h, quick)

    @property
    def initial(self) -> Tensor:
        """Where a run starts unless told: the proposal."""
        return self.proposal

    def defined(self, h: Tensor) -> Tensor:
        """Where Phi is finite, bool, (..., d) -> (...)."""
        return torch.isfinite(self.value(h)).expand(h.shape[:-1])

    def value_and_gradient(self, h: Tensor) -> tuple[Tensor, Tensor]:
        value, gradient = self.energy.value_and_gradient(self.checked(h))
        return value + self._proximal(h), gradient + self._pull(h - self.proposal)

    def hessian(self, h: Tensor) -> Tensor:
        hessian = self.energy.hessian(self.checked(h))  # first: it refuses what does not fit
        eye = torch.eye(h.shape[-1], dtype=h.dtype, device=h.device)
        gamma = self.gamma[..., None, None] if isinstance(self.gamma, Tensor) else self.gamma
        return hessian + eye / gamma

    def hessian_vector(self, h: Tensor, v: Tensor) -> Tensor:
        return self.energy.hessian_vector(h, v) + self._pull(v)

    def gradient_terms(self, h: Tensor, quick: bool = False) -> Tensor:
        return self.energy.gradient_terms(self.checked(h), quick) + norm(self._pull(h.abs() + self.proposal.abs()))

    def symbolic(self, h: "Sequence[sympy.Symbol]") -> "sympy.Expr":
        import sympy

        if self.batch_shape:
            return super().symbolic(h)
        gamma = sympy.Rational(float(self.gamma))
        squares = [(x - sympy.Rational(f)) ** 2 for x, f in zip(h, self.proposal.tolist(), strict=True)]
        return self.energy.symbolic(h) + sympy.Add(*squares) / (2 * gamma)

    def _proximal(self, h: Tensor) -> Tensor:
        return (h - self.proposal).square().sum(-1) / (2 * self.gamma)

    def _pull(self, displacement: Tensor) -> Tensor:
        return displacement / (self.gamma.unsqueeze(-1) if isinstance(self.gamma, Tensor) else self.gamma)


def _plus_reciprocal(constant: float, gamma: float, sign: int = 1) -> float:
    """The largest float not above `constant + sign / gamma`."""
    total = add_down([(Fraction(1), constant), (sign / Fraction(gamma), 1.0)])
    assert isinstance(total, float)
    return total
